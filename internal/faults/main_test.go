package faults

import (
	"flag"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// They wait nearly all of the time, so all clients may run beside each other.
	flag.Parse()
	_ = flag.Set("test.parallel", strconv.Itoa(2*len(subjects)))
	logging.Disable() // it logs each connection that fails, as most here do
	zerolog.SetGlobalLevel(zerolog.Disabled)
	// What toxiproxy had read for a client that left keeps its goroutines.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"))
}
