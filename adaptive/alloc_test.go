package adaptive

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// allocatesNothing runs a test that fails if f does. Windows close and laws decide meanwhile.
func allocatesNothing(t *testing.T, name string, f func()) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		for range 2000 { // fill the ring of decisions and the slots
			f()
		}
		require.Zero(t, testing.AllocsPerRun(1000, f))
	})
}

func TestAdmissionAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	for _, law := range []string{"fixed:8", "vegas"} {
		t.Run(law, func(t *testing.T) {
			l, err := New(Config{Law: law, Queue: -1})
			require.NoError(t, err)
			allocatesNothing(t, "TryAcquire and Done", func() {
				p, _ := l.TryAcquire()
				p.Done(Success)
			})
			allocatesNothing(t, "Acquire and Done", func() {
				p, _ := l.Acquire(ctx)
				p.Done(Success)
			})
			allocatesNothing(t, "Acquire, defer Release and Done", func() {
				p, err := l.Acquire(ctx)
				if err != nil {
					return
				}
				defer p.Release()
				p.DoneResult(Result{Outcome: Refused})
			})
			allocatesNothing(t, "Release", func() {
				p, _ := l.TryAcquire()
				p.Release()
			})
			h := &counter{}
			allocatesNothing(t, "Via", func() {
				p, _ := l.TryAcquire()
				p.Via(h).Done(Success)
			})
			tap := l.NewTap(h)
			allocatesNothing(t, "Tap that tells", func() {
				p, _ := l.TryAcquire()
				p.Tap(tap).Done(Success)
			})
			tap.Spare(math.MaxInt64)
			allocatesNothing(t, "Tap that counts", func() {
				p, _ := l.TryAcquire()
				p.Tap(tap).Done(Success)
			})
			nothing := func(context.Context) error { return nil }
			allocatesNothing(t, "Do", func() { _ = Do(ctx, l, nothing) })
			one := func(context.Context) (int, error) { return 1, nil }
			allocatesNothing(t, "DoValue", func() { _, _ = DoValue(ctx, l, one) })
			wrapped := Wrap(l, func(_ context.Context, s string) (int, error) { return len(s), nil })
			allocatesNothing(t, "Wrap", func() { _, _ = wrapped(ctx, "x") })
			end := func(p Permit, _ error) { p.Done(Success) }
			allocatesNothing(t, "AcquireFunc that is admitted", func() { l.AcquireFunc(end) })
		})
	}
}

type counter struct{ n int }

func (c *counter) Settle(End) { c.n++ }

func TestRejectingAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	for _, law := range []string{"fixed:1", "vegas"} {
		t.Run(law, func(t *testing.T) {
			l, err := New(Config{Law: law, Max: 1, Queue: -1})
			require.NoError(t, err)
			take(t, l, 1)
			allocatesNothing(t, "TryAcquire", func() { l.TryAcquire() })
			allocatesNothing(t, "Acquire", func() { _, _ = l.Acquire(ctx) })
			l.Suspend(l.Rejection(RejectBreakerOpen))
			allocatesNothing(t, "Acquire while suspended", func() { _, _ = l.Acquire(ctx) })
			l.Close()
			allocatesNothing(t, "Acquire when closed", func() { _, _ = l.Acquire(ctx) })
		})
	}
}

func TestHundredsOfPermitsAtOnceAllocateNothing(t *testing.T) {
	l := fixedAt(t, 500, -1)
	permits := make([]Permit, 500)
	all := func() {
		for i := range permits {
			permits[i], _ = l.TryAcquire()
		}
		for _, p := range permits {
			p.Done(Success)
		}
	}
	all() // the table of slots grows once
	require.Zero(t, testing.AllocsPerRun(100, all))
}
