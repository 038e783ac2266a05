package pool

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/adaptive"
)

// TestI12EveryAcceptedTaskHasOneResult plays random scripts of all that can happen to
// tasks, in pools with a limit and with a guard, and after each step holds the pool
// to what must be true of it:
//
//   - as many tasks run as may and want to, never more, whoever lends his place;
//   - tasks of one priority start in the order in which they were accepted;
//   - what was accepted waits, runs, lends, rests or has its result, and that is
//     what the script says: a value, an error, a panic, a Goexit, a cause;
//   - after a shutdown nothing is left.
func TestI12EveryAcceptedTaskHasOneResult(t *testing.T) {
	scripts := 3
	if os.Getenv("FLYBALL_LONG") != "" {
		scripts = 200 // of 100 each
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() != f.DefValue {
		scripts = 1 // of as many as were asked for
	}
	for range scripts {
		rapid.Check(t, func(rt *rapid.T) {
			limit := rapid.IntRange(1, 3).Draw(rt, "limit")
			guarded := rapid.Bool().Draw(rt, "guarded")
			ops := rapid.SliceOfN(rapid.IntRange(0, 999), 1, 80).Draw(rt, "ops")
			synctest.Test(t, func(t *testing.T) { play(t, limit, guarded, ops) })
		})
	}
}

// actor is a task that does what the script tells it.
type actor struct {
	task     *Task[int]
	number   int
	priority int
	top      bool // not submitted by another one
	cancel   context.CancelCauseFunc
	tell     chan string
	child    *actor // it waits for; nil if none
	started  bool
	cause    error // why it was cancelled, first; nil if it was not
	told     string
}

type script struct {
	t      *testing.T
	p      *Pool
	lim    *adaptive.Limiter
	limit  int
	closed bool

	ran int // at the last check

	mu     sync.Mutex
	actors []*actor
}

func play(t *testing.T, limit int, guarded bool, ops []int) {
	s := &script{t: t, limit: limit}
	var err error
	if guarded {
		s.lim = newLimiter(t, limit, 0)
		s.p, err = New(s.lim, Config{})
	} else {
		s.p, err = New(nil, Config{Limit: limit})
	}
	require.NoError(t, err)
	for _, op := range ops {
		s.step(op)
		s.check()
	}
	go func() { _, _ = s.p.Shutdown(context.Background()) }()
	for s.p.Stats().Ended() < uint64(len(s.actors)) {
		for _, a := range s.all() {
			s.order(a, "value")
		}
		s.settle()
	}
	for _, a := range s.actors {
		s.result(a)
		a.cancel(nil)
	}
	s.settle()
	idle(t, s.p, s.lim)
}

func (s *script) step(op int) {
	live := []*actor{}
	for _, a := range s.all() {
		if !a.over() {
			live = append(live, a)
		}
	}
	what, which := op/10, op%10
	if what >= 40 && len(live) == 0 {
		what = 0
	}
	switch {
	case what < 40:
		s.submit(s.t.Context(), which%3-1, true)
	case what < 50:
		s.order(live[which%len(live)], "value")
	case what < 60:
		s.order(live[which%len(live)], "error")
	case what < 64:
		s.order(live[which%len(live)], "panic")
	case what < 68:
		s.order(live[which%len(live)], "goexit")
	case what < 80:
		s.order(live[which%len(live)], "child")
	case what < 85:
		a := live[which%len(live)]
		a.cancelled(errBoom)
		a.task.Cancel(errBoom)
	case what < 90:
		a := live[which%len(live)]
		a.cancelled(context.DeadlineExceeded)
		a.cancel(context.DeadlineExceeded)
	case what < 95:
		s.limit = 1 + which%4
		if s.lim != nil {
			require.NoError(s.t, s.lim.SetLimit(s.limit))
		} else {
			require.NoError(s.t, s.p.SetLimit(s.limit))
		}
	case what < 98:
		s.endWaiting(errBoom)
		s.p.CancelQueued(errBoom)
	case which == 0:
		s.endWaiting(ErrClosed)
		s.closed = true
		s.p.Close()
	case which == 1:
		for _, a := range live {
			a.cancelled(ErrClosed)
		}
		s.closed = true
		dead, cancel := context.WithCancel(s.t.Context())
		cancel()
		_, _ = s.p.Shutdown(dead)
	}
}

func (s *script) endWaiting(cause error) {
	for _, a := range s.all() {
		if !a.started && !a.over() {
			a.cancelled(cause)
		}
	}
}

func (a *actor) cancelled(cause error) {
	if a.cause == nil {
		a.cause = cause
	}
	for c := a.child; c != nil; c = c.child { // whose context is below
		if a.started && c.cause == nil && cause != nil {
			c.cause = cause
		}
	}
}

func (a *actor) over() bool { return a.task == nil || a.task.job.over.Load() }

func (s *script) all() []*actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*actor(nil), s.actors...)
}

// order tells a what to do if it can do anything: if it runs and waits for nobody.
func (s *script) order(a *actor, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.started && !a.over() && a.told == "" {
		a.told = what
		a.tell <- what
	}
}

func (s *script) submit(ctx context.Context, priority int, top bool) *actor {
	a := &actor{priority: priority, top: top, tell: make(chan string, 1)}
	ctx, a.cancel = context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	a.number = len(s.actors)
	task, err := Submit(ctx, s.p.With(Kind{Priority: priority}), func(ctx context.Context) (int, error) { return s.act(ctx, a) })
	if err != nil {
		if !s.closed && ctx.Err() == nil {
			s.t.Errorf("not accepted: %v", err)
		}
		a.cancel(nil)
		return nil
	}
	a.task = task
	s.actors = append(s.actors, a)
	return a
}

func (s *script) act(ctx context.Context, a *actor) (int, error) {
	s.mu.Lock()
	a.started = true
	s.mu.Unlock()
	for {
		var what string
		select {
		case what = <-a.tell:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		switch what {
		case "error":
			return 0, fmt.Errorf("of %d", a.number)
		case "panic":
			panic(a.number)
		case "goexit":
			runtime.Goexit()
		case "child":
			child := s.submit(ctx, 0, false)
			s.mu.Lock()
			a.child = child
			s.mu.Unlock()
			if child != nil {
				_, _ = child.task.Wait(ctx)
			}
			s.mu.Lock()
			a.child, a.told = nil, ""
			s.mu.Unlock()
		default:
			return a.number, nil
		}
	}
}

// settle lets everything happen that needs no order.
func (s *script) settle() {
	time.Sleep(3 * nudgeEvery)
	synctest.Wait()
}

func (s *script) check() {
	t := s.t
	s.settle()
	st := s.p.Stats()
	require.LessOrEqual(t, st.Running, max(s.limit, s.ran), "a surplus drains, and nothing starts meanwhile: %+v", st)
	s.ran = st.Running
	if st.Waiting > 0 {
		require.GreaterOrEqual(t, st.Running, s.limit, "somebody waits although there is room: %+v", st)
	}
	require.Equal(t, len(s.actors), st.Waiting+st.Running+st.Lending+st.Resting+int(st.Ended()))
	youngest := map[int]int{} // that has started, by priority
	for _, a := range s.actors {
		if a.top && a.started {
			youngest[a.priority] = max(youngest[a.priority], a.number)
		}
	}
	for _, a := range s.actors {
		if a.top && !a.started && !a.over() {
			require.Greater(t, a.number, youngest[a.priority]-1, "was passed over")
		}
	}
	for _, a := range s.actors {
		if a.over() {
			s.result(a)
		}
	}
}

// result holds a's result to what it was told.
func (s *script) result(a *actor) {
	v, err := a.task.Wait(s.t.Context())
	var panicked *PanicError
	switch {
	case a.cause != nil && errors.Is(err, a.cause):
		require.Zero(s.t, v)
	case a.told == "value":
		require.NoError(s.t, err)
		require.Equal(s.t, a.number, v)
	case a.told == "error":
		require.EqualError(s.t, err, fmt.Sprintf("of %d", a.number))
	case a.told == "panic":
		require.ErrorAs(s.t, err, &panicked)
		require.Equal(s.t, a.number, panicked.Value)
	case a.told == "goexit":
		require.Equal(s.t, ErrGoexit, err)
	case !a.top: // its parent has ended, and with it its context
		require.Error(s.t, err)
	default:
		s.t.Fatalf("task %d ended with %v, %v though it was told nothing", a.number, v, err)
	}
}
