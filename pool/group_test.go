package pool

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAGroupEndsWithItsLastTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		var ended atomic.Int64
		start := time.Now()
		err := p.Group(t.Context(), func(_ context.Context, g *Group) error {
			for range 6 {
				g.Go(func(context.Context) error {
					time.Sleep(time.Second)
					if ended.Add(1) == 6 { // the last adds one more
						g.Go(func(context.Context) error { time.Sleep(time.Minute); return nil })
					}
					return nil
				})
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, int64(6), ended.Load())
		require.Equal(t, time.Minute+3*time.Second, time.Since(start))
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestTheFirstErrorCancelsTheSiblings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 3)
		second := errors.New("while cleaning up")
		start := time.Now()
		err := p.Group(t.Context(), func(ctx context.Context, g *Group) error {
			g.Go(func(context.Context) error { time.Sleep(time.Second); return errBoom })
			g.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			g.Go(func(ctx context.Context) error {
				<-ctx.Done()
				require.ErrorIs(t, context.Cause(ctx), errBoom)
				time.Sleep(time.Second) // the group waits for this
				return second
			})
			for range 50 {
				g.Go(func(context.Context) error { t.Error("ran"); return nil })
			}
			<-ctx.Done()
			return ctx.Err()
		})
		require.Equal(t, []error{errBoom, second}, err.(interface{ Unwrap() []error }).Unwrap())
		require.Equal(t, 2*time.Second, time.Since(start))
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAGroupTellsOnceThatItsCallerLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Group(ctx, func(_ context.Context, g *Group) error {
			for range 5 {
				g.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			}
			return nil
		})
		require.Equal(t, context.DeadlineExceeded, err)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAPanicInATaskIsAnErrorAndInTheGroupGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 2)
		err := p.Group(t.Context(), func(_ context.Context, g *Group) error {
			g.Go(func(context.Context) error { panic(errBoom) })
			return nil
		})
		var e *PanicError
		require.ErrorAs(t, err, &e)

		ended := false
		require.PanicsWithValue(t, "mine", func() {
			_ = p.Group(t.Context(), func(_ context.Context, g *Group) error {
				g.Go(func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(time.Second)
					ended = true
					return nil
				})
				synctest.Wait() // it runs
				panic("mine")
			})
		})
		require.True(t, ended, "no task outlives the group")
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestAGroupThatHasEndedTakesNoTask(t *testing.T) {
	p, _ := newPool(t, 1)
	var late *Group
	require.NoError(t, p.Group(t.Context(), func(_ context.Context, g *Group) error { late = g; return nil }))
	require.Panics(t, func() { late.Go(func(context.Context) error { return nil }) })
}

func TestAGroupOnAClosedPoolFails(t *testing.T) {
	p, _ := newPool(t, 1)
	p.Close()
	err := p.Group(t.Context(), func(ctx context.Context, g *Group) error {
		g.Go(func(context.Context) error { t.Error("ran"); return nil })
		require.Error(t, ctx.Err())
		return nil
	})
	require.Equal(t, ErrClosed, err)
}

func TestMapKeepsTheOrderOfItsInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, lim := newPool(t, 4)
		in := []int{9, 3, 7, 1, 5, 8, 2}
		out, err := Map(t.Context(), p, slices.Values(in), func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return n * n, nil
		})
		require.NoError(t, err)
		require.Equal(t, []int{81, 9, 49, 1, 25, 64, 4}, out)
		synctest.Wait()
		idle(t, p, lim)
	})
}

func TestMapTakesAnEndlessInputUntilAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 2, 0)
		p, err := New(lim, Config{Queue: 3})
		require.NoError(t, err)
		taken := 0
		endless := func(yield func(int) bool) {
			for ; yield(taken); taken++ {
			}
		}
		_, err = Map(t.Context(), p, endless, func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Second + time.Duration(n)*time.Millisecond) // no two end at one instant
			if n == 20 {
				return 0, errBoom
			}
			return n, nil
		})
		require.Equal(t, errBoom, err)
		require.LessOrEqual(t, taken, 20+2+3+1)
		synctest.Wait()
		idle(t, p, lim)
	})
}
