package load

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Ceiling measures how many calls a second this machine can make to a handler on
// it that does nothing, spoken to as r speaks. Both share the processors, so a
// target elsewhere could be called more often; no rate near it is to be trusted.
func Ceiling(ctx context.Context, r Request, d time.Duration) (float64, error) {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{Protocols: &protocols, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	defer serving.Wait()
	defer server.Close()

	const workers = 32
	r.URL = &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/"}
	r.Dial, r.Conns = []string{listener.Addr().String()}, workers
	r.Asks = slices.Clone(r.Asks)
	for i := range r.Asks {
		r.Asks[i].URL = r.URL
	}
	target, closeAll := r.Target()
	defer closeAll()
	if err := target(ctx); err != nil { // connects
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var calls atomic.Int64
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	for range workers {
		working.Go(func() {
			for ctx.Err() == nil {
				if target(ctx) == nil {
					calls.Add(1)
				}
			}
		})
	}
	// The best part counts: others want the processors too, and now and then have them.
	const parts, enough = 3, 100
	best := 0.0
	begun, before := time.Now(), int64(0)
	for i := 0; i < parts || i < 10*parts && before < enough; i++ {
		if err := rest(ctx, d/parts); err != nil {
			return 0, err
		}
		now, n := time.Now(), calls.Load()
		best = max(best, float64(n-before)/now.Sub(begun).Seconds())
		begun, before = now, n
	}
	if best == 0 {
		return 0, errors.New("no call to a handler on this machine ended")
	}
	return best, nil
}
