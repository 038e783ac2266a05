package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// distance is what each answer takes on its way without a fault.
const distance = 60 * time.Millisecond

// A network stands between one client and its server.
type network struct {
	t        testing.TB
	addr     string // host:port where the client finds the server; stays the same
	upstream string
	proxy    *toxiproxy.Proxy
}

func newNetwork(t testing.TB, upstream string) *network {
	n := &network{t: t, addr: "127.0.0.1:0", upstream: upstream}
	n.start()
	t.Cleanup(func() { n.proxy.Stop() })
	return n
}

func (n *network) start() {
	n.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "faults", n.addr, n.upstream)
	n.add("distance", "latency", "downstream", fmt.Sprintf(`{"latency": %d}`, distance.Milliseconds()))
	require.NoError(n.t, n.proxy.Start())
	n.addr = n.proxy.Listen
}

func (n *network) add(name, kind, stream, attributes string) {
	_, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": %q, "type": %q, "stream": %q, "attributes": %s}`, name, kind, stream, attributes)))
	require.NoError(n.t, err)
}

// remove takes a toxic away; toxiproxy closes the connections that it starved.
func (n *network) remove(name string) {
	require.NoError(n.t, n.proxy.Toxics.RemoveToxic(n.t.Context(), name))
}

// restart cuts all connections and is a sound network from then on, at the same
// address.
func (n *network) restart() {
	n.proxy.Stop()
	n.start()
}
