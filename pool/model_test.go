package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// fate is what the model knows of one task.
type fate struct {
	task     *Task[int]
	release  chan error // lets it end
	cancel   context.CancelFunc
	started  bool
	expected error // once it is known that it ends so
	over     bool
}

// TestAPoolDoesWhatItsModelSays runs random submits, ends, cancels and shutdowns,
// and holds the pool against a plain list after each.
func TestAPoolDoesWhatItsModelSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		workers := rapid.IntRange(1, 3).Draw(rt, "workers")
		queue := rapid.SampledFrom([]int{0, -1}).Draw(rt, "queue")
		ops := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 60).Draw(rt, "ops")
		synctest.Test(t, func(t *testing.T) {
			lim := newLimiter(t, workers, queue)
			p, err := New(lim, Config{})
			require.NoError(t, err)
			m := &model{t: t, p: p, workers: workers}
			for _, op := range ops {
				m.step(op)
				m.check()
			}
			for _, f := range m.all {
				m.end(f, nil)
			}
			for len(m.live()) > 0 {
				for _, f := range m.live() {
					m.end(f, nil)
				}
				m.check()
			}
			_, err = p.Shutdown(t.Context())
			require.NoError(t, err)
			synctest.Wait()
			idle(t, p, lim)
		})
	})
}

type model struct {
	t       *testing.T
	p       *Pool
	workers int
	all     []*fate
	closed  bool
}

func (m *model) step(op int) {
	live := m.live()
	pick := func() *fate { return live[op%len(live)] }
	switch {
	case op < 45:
		m.submit()
	case op < 70 && len(live) > 0:
		m.end(pick(), errors.New("its own"))
	case op < 80 && len(live) > 0:
		f := pick()
		f.task.Cancel(nil)
		m.cancelled(f, ErrCancelled)
	case op < 90 && len(live) > 0:
		f := pick()
		f.cancel()
		m.cancelled(f, context.Canceled)
	case op == 90:
		m.p.Close()
		m.closed = true
		for _, f := range live {
			if !f.started {
				f.expected, f.over = ErrClosed, true
			}
		}
	case op == 91:
		ctx, cancel := context.WithTimeout(m.t.Context(), time.Second)
		defer cancel()
		running, waiting := m.count()
		lost, err := m.p.Shutdown(ctx)
		m.closed = true
		if len(live) == 0 {
			require.NoError(m.t, err)
		} else {
			require.ErrorIs(m.t, err, context.DeadlineExceeded)
			require.Equal(m.t, Report{Waiting: waiting, Running: running}, lost)
		}
		for _, f := range live {
			f.expected, f.over = ErrClosed, true
		}
	}
}

func (m *model) submit() {
	f := &fate{release: make(chan error, 1)}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(m.t.Context())
	task, err := Submit(ctx, m.p, func(ctx context.Context) (int, error) {
		select {
		case err := <-f.release:
			return 7, err
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	})
	if m.closed {
		require.ErrorIs(m.t, err, ErrClosed)
		f.cancel()
		return
	}
	require.NoError(m.t, err)
	f.task = task
	m.all = append(m.all, f)
}

// end lets f end if it runs.
func (m *model) end(f *fate, with error) {
	if f.started && !f.over {
		f.release <- with
		f.expected, f.over = with, true
	}
}

func (m *model) cancelled(f *fate, cause error) { f.expected, f.over = cause, true }

func (m *model) live() (fates []*fate) {
	for _, f := range m.all {
		if !f.over {
			fates = append(fates, f)
		}
	}
	return fates
}

func (m *model) count() (running, waiting int) {
	for _, f := range m.live() {
		if f.started {
			running++
		} else {
			waiting++
		}
	}
	return running, waiting
}

// check starts what must have started and compares.
func (m *model) check() {
	synctest.Wait()
	running, _ := m.count()
	for _, f := range m.live() {
		if !f.started && running < m.workers {
			f.started = true
			running++
		}
	}
	running, waiting := m.count()
	s := stand(m.p)
	require.Equal(m.t, standing{running: running, waiting: waiting, ended: len(m.all) - running - waiting}, s)
	for _, f := range m.all {
		select {
		case <-f.task.Done():
			require.True(m.t, f.over, "ended too early")
			v, err := f.task.Wait(m.t.Context())
			require.Equal(m.t, f.expected, err)
			if err == nil {
				require.Equal(m.t, 7, v)
			}
			f.cancel()
		default:
			require.False(m.t, f.over, "not ended")
		}
	}
}
