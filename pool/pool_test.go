package pool

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestAllFaultsOfAConfigAreTold(t *testing.T) {
	_, err := New(nil, Config{
		Limit: -1, Queue: -1, Rate: math.NaN(), Burst: -1, Stuck: -1,
		Retry: Retry{Attempts: -1, Backoff: -1, MaxBackoff: -1, Share: 2, Floor: math.Inf(1), Window: 1},
	})
	require.Equal(t, strings.Split(`pool: config: Limit is -1, must be at least 1, or 0 for as many as the guard admits
pool: config: Queue is -1, must be at least 1, or 0 for 1024
pool: config: Rate is NaN, must be tasks per second, or 0 for any
pool: config: Burst is -1, must be at least 1, or 0 for 1
pool: config: Stuck is -1ns, must not be negative; 0 means that none is reported
pool: config: Retry.Attempts is -1, must be 1 to 1000, or 0 for 1
pool: config: Retry.Backoff is -1ns, must not be negative; 0 means 100ms
pool: config: Retry.MaxBackoff is -1ns, must be at least Backoff -1ns, or 0 for 10s
pool: config: Retry.Share is 2, must be within 0 and 1; 0 means 0.1
pool: config: Retry.Floor is +Inf, must be retries per second; 0 means 1
pool: config: Retry.Window is 1ns, must be at least 10ns, or 0 for 10s`, "\n"), strings.Split(err.Error(), "\n"))
	for _, bad := range []float64{-1, math.Inf(1), math.Inf(-1)} {
		_, err = New(nil, Config{Rate: bad})
		require.ErrorContains(t, err, "Rate is")
	}
	_, err = New(nil, Config{Burst: 2})
	require.ErrorContains(t, err, "Burst is 2 without a Rate")
	p, err := New(nil, Config{})
	require.NoError(t, err)
	require.Equal(t, runtime.GOMAXPROCS(0), p.Stats().Limit, "a pool without a guard is one for the CPUs")
	for _, n := range []int{0, -1} {
		require.ErrorContains(t, p.SetLimit(n), "must be at least 1")
	}
}

func TestNilFunctionsAreRefusedAtOnce(t *testing.T) {
	p, _ := newPool(t, 1)
	require.ErrorContains(t, p.Go(t.Context(), nil), "function is nil")
	require.ErrorContains(t, p.Group(t.Context(), nil), "function is nil")
	require.ErrorContains(t, p.Every(t.Context(), time.Second, nil), "function is nil")
	_, err := Submit[int](t.Context(), p, nil)
	require.ErrorContains(t, err, "function is nil")
	require.ErrorContains(t, p.Group(t.Context(), func(_ context.Context, g *Group) error { g.Go(nil); return nil }), "function is nil")
}

func TestAClosedPoolRefusesEverything(t *testing.T) {
	p, _ := newPool(t, 1)
	p.Close()
	require.ErrorIs(t, p.Go(t.Context(), nothing), ErrClosed)
	require.ErrorIs(t, p.Every(t.Context(), time.Second, nothing), ErrClosed)
	_, err := Submit(t.Context(), p, sleep(0))
	require.ErrorIs(t, err, ErrClosed)
	_, err = Map(t.Context(), p, counting(new(int)), sleepFor)
	require.ErrorIs(t, err, ErrClosed)
	r, err := p.Shutdown(t.Context())
	require.NoError(t, err)
	require.True(t, r.Clean())
	require.Equal(t, "pool: nothing was lost", r.String())
}

// conc v0.3.0 blocks here for as long as the first task runs, and then runs the
// second although its context is long dead.
func TestADeadContextRunsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 1, Queue: 1})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { time.Sleep(time.Hour); return nil }))
		synctest.Wait()
		ran := false
		mine := func(context.Context) error { ran = true; return nil }
		require.NoError(t, p.Go(ctx, mine))
		require.ErrorIs(t, p.Go(ctx, mine), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, p.Go(ctx, mine), context.DeadlineExceeded)
		_, _ = p.Shutdown(t.Context())
		require.False(t, ran)
		require.Equal(t, uint64(1), p.Stats().Cancelled)
		idle(t, p, nil)
	})
}

func TestGoTellsOnErrorOfEveryError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 1, 0)
		var errs []error
		p, err := NewWith(lim, Config{}, Parts{OnError: func(err error) { errs = append(errs, err) }})
		require.NoError(t, err)
		require.NoError(t, p.Go(t.Context(), nothing))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { return errBoom }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { panic("at the disco") }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { panic(nil) }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { runtime.Goexit(); return nil }))
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Len(t, errs, 4)
		require.ErrorIs(t, errs[0], errBoom)
		require.ErrorContains(t, errs[1], "at the disco")
		require.ErrorContains(t, errs[2], "panic called with nil argument")
		require.ErrorIs(t, errs[3], ErrGoexit)
		s := p.Stats()
		require.Equal(t, []uint64{1, 1, 3}, []uint64{s.Done, s.Failed, s.Panicked})
		idle(t, p, lim)
	})
}

// A panic that nobody would hear of ends the program, as in a go statement.
func TestAPanicOfGoWithoutOnErrorEndsTheProgram(t *testing.T) {
	if os.Getenv("FLYBALL_PANIC") != "" {
		p, _ := New(nil, Config{})
		_ = p.Go(context.Background(), func(context.Context) error { panic("nobody listens") })
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run", t.Name()) // this very test, as a program
	cmd.Env = append(os.Environ(), "FLYBALL_PANIC=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "pool: task panicked: nobody listens")
	require.Contains(t, string(out), "TestAPanicOfGoWithoutOnError", "the stack is there")
}

func TestAnErrorThatNobodyTookIsReported(t *testing.T) {
	heard := make(chan error, 10)
	p, err := NewWith(nil, Config{}, Parts{OnError: func(err error) { heard <- err }})
	require.NoError(t, err)
	fail := func(context.Context) (int, error) { return 0, errBoom }
	taken, err := Submit(t.Context(), p, fail)
	require.NoError(t, err)
	kept, err := Submit(t.Context(), p, fail)
	require.NoError(t, err)
	_, err = Submit(t.Context(), p, fail) // and forgotten
	require.NoError(t, err)
	require.NoError(t, p.drain(t.Context()))
	_, err = taken.Wait(t.Context())
	require.ErrorIs(t, err, errBoom)
	for len(heard) == 0 {
		runtime.GC()
		runtime.Gosched()
	}
	require.ErrorIs(t, <-heard, errBoom)
	r, err := p.Shutdown(t.Context())
	require.NoError(t, err)
	require.Equal(t, []error{errBoom}, r.Unheard, "of the task that is still kept")
	require.Contains(t, r.String(), "1 errors that nobody has asked for, such as: boom")
	runtime.KeepAlive(kept)
	require.Empty(t, heard)
}

func TestSetLimitTakesEffectWithinOneTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 3, Queue: 10_000})
		require.NoError(t, err)
		for range 5000 {
			_, err := Submit(t.Context(), p, sleep(time.Second))
			require.NoError(t, err)
		}
		synctest.Wait()
		for _, n := range []int{10, 2, 50, 1, 7} {
			require.NoError(t, p.SetLimit(n))
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, n, p.Stats().Running)
		}
		p.Close()
		_, _ = p.Shutdown(t.Context())
		idle(t, p, nil)
	})
}

func TestTasksAreListedAndStuckOnesReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stuck []TaskInfo
		p, err := NewWith(nil, Config{Limit: 2, Stuck: time.Minute}, Parts{OnStuck: func(i TaskInfo) { stuck = append(stuck, i) }})
		require.NoError(t, err)
		hang := p.With(Kind{Name: "hang"})
		for i := range 3 {
			_, err := Submit(t.Context(), hang, sleep(time.Duration(i)*50*time.Second+time.Second))
			require.NoError(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, []TaskInfo{
			{Name: "hang", State: "running", Age: 300 * time.Millisecond, Running: 300 * time.Millisecond, Attempt: 1},
			{Name: "hang", State: "running", Age: 200 * time.Millisecond, Running: 200 * time.Millisecond, Attempt: 1},
			{Name: "hang", State: "waiting", Age: 100 * time.Millisecond, Attempt: 1},
		}, p.Tasks())
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, stuck, 1, "once")
		require.Equal(t, time.Minute, stuck[0].Running)
		synctest.Wait()
		require.Empty(t, p.Tasks())
		idle(t, p, nil)
	})
}

func TestStatsHaveQuantiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(nil, Config{Limit: 1, Queue: 200})
		require.NoError(t, err)
		for range 100 {
			require.NoError(t, p.Go(t.Context(), func(context.Context) error { time.Sleep(time.Second); return nil }))
		}
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		s := p.Stats()
		require.InEpsilon(t, 50*time.Second, s.Wait.P50, 0.05)
		require.InEpsilon(t, 90*time.Second, s.Wait.P90, 0.05)
		require.Equal(t, 99*time.Second, s.Wait.Max)
		require.InEpsilon(t, time.Second, s.Run.P50, 0.05)
		require.Equal(t, time.Second, s.Run.Max)
	})
}

func TestEveryRunsAtItsTimesAndNeverTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		p, err := NewWith(nil, Config{Limit: 2}, Parts{OnError: func(err error) { errs = append(errs, err) }})
		require.NoError(t, err)
		start := time.Now()
		var at []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, p.Every(ctx, 10*time.Second, func(context.Context) error {
			at = append(at, time.Since(start)/time.Second)
			if len(at) == 2 {
				time.Sleep(25 * time.Second)
				panic("once")
			}
			return nil
		}))
		time.Sleep(61 * time.Second)
		synctest.Wait()
		require.Equal(t, []time.Duration{0, 10, 40, 50, 60}, at)
		require.Len(t, errs, 1)
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, at, 5)
		require.ErrorContains(t, p.Every(t.Context(), 0, nothing), "must be positive")

		other := 0
		require.NoError(t, p.Every(t.Context(), time.Hour, func(context.Context) error { other++; return nil }))
		time.Sleep(90 * time.Minute)
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, 2, other)
		idle(t, p, nil)
	})
}

func TestAnAttemptIsCountedUnderItsOutcome(t *testing.T) {
	lim, err := adaptive.New(adaptive.Config{})
	require.NoError(t, err)
	p, err := New(lim, Config{})
	require.NoError(t, err)
	for _, err := range []error{nil, errBoom, adaptive.Refuse(errBoom, 0), adaptive.Ignore(errBoom), context.DeadlineExceeded} {
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { return err }))
	}
	_, _ = p.Shutdown(t.Context())
	ended := lim.Stats().Ended
	for _, o := range []adaptive.Outcome{adaptive.Success, adaptive.Failure, adaptive.Refused, adaptive.Ignored} {
		require.Equal(t, uint64(1), ended[o], o)
	}
}

// Many submitters with contexts of their own, cancelled at any time.
func TestManyContextsAtOnce(t *testing.T) {
	p, lim := newPool(t, 3)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				task, err := Submit(ctx, p, func(ctx context.Context) (int, error) {
					if n%3 == 0 {
						<-ctx.Done()
					}
					return n, ctx.Err()
				})
				if (n+i)%2 == 0 {
					runtime.Gosched()
				}
				cancel()
				if err == nil {
					v, err := task.Wait(t.Context())
					if err == nil && v != n || err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("result %d %v", v, err)
					}
				}
			}
		})
	}
	wg.Wait()
	_, err := p.Shutdown(t.Context())
	require.NoError(t, err)
	idle(t, p, lim)
}
