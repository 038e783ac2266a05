package adaptivehttp_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/internal/clienttest"
)

// infancy is after how long a body that is still open has its context watched, or twice that.
const infancy = 10 * time.Millisecond

// answering is a client whose every answer has a body.
func answering(g adaptive.Guard) *http.Client {
	return &http.Client{Transport: adaptivehttp.NewTransport(g, tripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: plain{strings.NewReader("data")}}, nil
	}))}
}

// watched is a context that counts who waits for its end.
type watched struct {
	context.Context
	now, ever atomic.Int32
	as        func() // runs while a watch begins
}

func (w *watched) Done() <-chan struct{} { return make(chan struct{}) }

func (w *watched) AfterFunc(func()) (stop func() bool) {
	w.now.Add(1)
	w.ever.Add(1)
	if w.as != nil {
		w.as()
	}
	return sync.OnceValue(func() bool { return w.now.Add(-1) >= 0 })
}

var ends = map[string]func(io.ReadCloser) error{
	"EOF":   func(b io.ReadCloser) error { _, err := io.ReadAll(b); return err },
	"Close": io.ReadCloser.Close,
}

func TestContextOfAnInfantIsNotWatched(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := clienttest.NewWitness(t, adaptive.Config{})
				client, ctx := answering(w), &watched{Context: context.Background()}
				for range 100 {
					resp := get(t, ctx, client, "http://downstream")
					time.Sleep(infancy - time.Nanosecond)
					require.NoError(t, end(resp.Body))
					w.Now(t, adaptive.Success)
				}
				require.Zero(t, ctx.ever.Load())
			})
		})
	}
}

func TestLongLivedContextKeepsNoBodies(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := clienttest.NewWitness(t, adaptive.Config{})
				ctx := &watched{Context: context.Background()}
				resp := get(t, ctx, answering(w), "http://downstream")
				time.Sleep(2 * infancy)
				synctest.Wait()
				require.EqualValues(t, 1, ctx.now.Load())
				w.Held(t)
				require.NoError(t, end(resp.Body))
				require.Zero(t, ctx.now.Load())
				w.Now(t, adaptive.Success)
			})
		})
	}
}

func TestBodyThatEndsAsItsWatchBeginsIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := clienttest.NewWitness(t, adaptive.Config{})
		opened := make(chan io.Closer, 1)
		ctx := &watched{Context: context.Background(), as: func() { _ = (<-opened).Close() }}
		opened <- get(t, ctx, answering(w), "http://downstream").Body
		time.Sleep(2 * infancy)
		synctest.Wait()
		require.EqualValues(t, 1, ctx.ever.Load())
		require.Zero(t, ctx.now.Load())
		w.Now(t, adaptive.Success)
	})
}

func TestEndOfTheContextOfAnUnreadBodyIsSeenSoon(t *testing.T) {
	for _, age := range []time.Duration{0, 1, infancy - 1, infancy, infancy + 1, 2 * infancy, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			w := clienttest.NewWitness(t, adaptive.Config{})
			client := answering(w)
			for range 3 { // at different instants between two ticks
				ctx, cancel := context.WithCancel(t.Context())
				resp := get(t, ctx, client, "http://downstream")
				time.Sleep(age)
				w.Held(t)
				cancel()
				if age < 2*infancy {
					time.Sleep(2*infancy - age)
				}
				synctest.Wait()
				w.Now(t, adaptive.Ignored)
				require.NoError(t, resp.Body.Close())
				require.Zero(t, w.Stats().LateEnds)
				time.Sleep(infancy / 3)
			}
		})
	}
}

func TestBodiesThatEndAsTheyGrowUpEndOnceAndAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bodies = 200
		w := clienttest.NewWitness(t, adaptive.Config{Law: "fixed:200"})
		client, shared := answering(w), &watched{Context: context.Background()}
		var users sync.WaitGroup
		for i := range bodies {
			users.Go(func() {
				ctx, cancel := context.Context(shared), func() {}
				if i%2 == 0 {
					ctx, cancel = context.WithCancel(t.Context())
				}
				time.Sleep(time.Duration(rand.IntN(3)) * infancy / 2)
				resp := get(t, ctx, client, "http://downstream")
				time.Sleep(time.Duration(rand.IntN(6)) * infancy / 2) // many at the instant of a tick
				cancel()
				_ = resp.Body.Close()
				_, _ = resp.Body.Read(make([]byte, 1))
			})
		}
		users.Wait()
		synctest.Wait()
		for range bodies {
			w.End(t)
		}
		w.Idle(t)
		require.Zero(t, shared.now.Load())
	})
}
