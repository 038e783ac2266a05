//go:build !race

package fleet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
)

const (
	calls    = "FLYBALL_FLEET_URL" // makes this program a client of that URL
	law      = "FLYBALL_FLEET_LAW" // under this law
	patience = 2 * time.Second
	rate     = 200 // calls a second that a client has to make: twice its share of the server
)

// TestMain makes this program a client if it was started as one.
func TestMain(m *testing.M) {
	url := os.Getenv(calls)
	if url == "" {
		os.Exit(m.Run())
	}
	if err := client(url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// client calls until its standard input ends, as it does with who started it.
func client(url string) error {
	lim, err := adaptive.New(adaptive.Config{Law: os.Getenv(law), Queue: -1})
	if err != nil {
		return err
	}
	c := http.Client{Transport: adaptivehttp.NewTransport(lim, &http.Transport{MaxIdleConnsPerHost: 256})}
	ended, end := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	var running sync.WaitGroup
	for ended.Err() == nil {
		<-tick.C
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ended, patience)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				panic(err) // of whoever started this
			}
			if resp, err := c.Do(req); err == nil { // otherwise it was rejected or is late, as the limiter knows
				_ = resp.Body.Close()
			}
		})
	}
	running.Wait()
	_, err = fmt.Println(lim.Explain())
	return err
}
