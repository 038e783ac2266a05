package adaptive

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is the admission half of a Limiter written down plainly: numbers, a slice
// as the queue, and one thing at a time.
type model struct {
	min, max, queue int

	law        float64 // limit of the law, which never moves by itself here
	pin, hold  int
	suspended  bool
	closed     bool
	cause      error
	causeCount RejectReason
	errs       [RejectReasons]*RejectedError

	now      Instant
	inFlight int
	waiting  []*modelCall // in the order in which they joined
	joined   int
	stats    Stats
	log      []string
}

// modelCall is one call in the model, and the permit of the same call in the
// Limiter once that has admitted it.
type modelCall struct {
	name            string
	call            Call
	turn            int
	habit           habit // what its function does when it is called
	admitted, ended bool
}

type habit int

const (
	keeps  habit = iota // keeps the permit for later
	ends                // ends it at once
	tries               // keeps it and tries for another one
	habits = 3
)

func (m *model) limit() int {
	n := int(math.Round(m.law))
	switch {
	case m.hold > 0 && m.pin > 0:
		n = min(m.hold, m.max, m.pin)
	case m.hold > 0:
		n = min(m.hold, m.max)
	case m.pin > 0:
		n = m.pin
	}
	return n
}

func (m *model) barred() bool { return m.closed || m.suspended }
func (m *model) free(weight int) bool {
	return !m.barred() && m.first(m.limit()) == nil && m.inFlight+weight <= m.limit()
}

// goesFirst compares waiters by their turn, and those of one turn by priority.
func goesFirst(a, b *modelCall) int {
	return cmp.Or(cmp.Compare(a.turn, b.turn), -cmp.Compare(a.call.Priority, b.call.Priority))
}

// first is whose turn it is of those that are not heavier than limit.
func (m *model) first(limit int) *modelCall {
	var able []*modelCall
	for _, c := range m.waiting {
		if c.call.Weight <= limit {
			able = append(able, c)
		}
	}
	if len(able) == 0 {
		return nil
	}
	return slices.MinFunc(able, goesFirst)
}

func (m *model) leave(c *modelCall) {
	i := slices.Index(m.waiting, c)
	m.waiting = slices.Delete(m.waiting, i, i+1)
}

func (m *model) note(format string, args ...any) { m.log = append(m.log, fmt.Sprintf(format, args...)) }

func (m *model) reject() error {
	m.stats.Rejected[m.causeCount]++
	return m.cause
}

// try returns the call if it is admitted.
func (m *model) try(name string) *modelCall {
	if m.free(1) {
		m.inFlight++
		return &modelCall{name: name, call: Call{Weight: 1}, admitted: true}
	}
	m.stats.Blocked++
	if m.barred() {
		m.reject()
	} else {
		m.stats.Rejected[RejectLimit]++
	}
	return nil
}

func (m *model) acquire(c *modelCall) {
	reject := func(c *modelCall, r RejectReason) {
		m.stats.Rejected[r]++
		m.answer(c, m.errs[r])
	}
	if c.call.Deadline != 0 && m.now >= c.call.Deadline {
		reject(c, RejectDeadline)
		return
	}
	if m.free(c.call.Weight) {
		m.inFlight += c.call.Weight
		m.answer(c, nil)
		return
	}
	m.stats.Blocked++
	c.turn = m.joined - 256*c.call.Priority
	switch {
	case m.barred():
		m.answer(c, m.reject())
		return
	case m.queue < 0:
		reject(c, RejectLimit)
		return
	case len(m.waiting) >= m.queue:
		last := slices.MaxFunc(m.waiting, goesFirst)
		if last.turn <= c.turn {
			reject(c, RejectQueueFull)
			return
		}
		m.leave(last)
		m.waiting = append(m.waiting, c)
		m.joined++
		reject(last, RejectQueueFull)
	default:
		m.waiting = append(m.waiting, c)
		m.joined++
	}
	m.grant()
}

// answer is what the function of c does.
func (m *model) answer(c *modelCall, err error) {
	m.note("%s: %v", c.name, err)
	if err != nil {
		return
	}
	c.admitted = true
	switch c.habit {
	case ends:
		m.end(c, Failure, true)
	case tries:
		m.note("%s tries: %v", c.name, m.try(c.name+"'") != nil)
	}
}

func (m *model) end(c *modelCall, o Outcome, meant bool) {
	switch {
	case c.ended && meant:
		m.stats.LateEnds++
	case !c.ended:
		c.ended = true
		m.inFlight -= c.call.Weight
		m.stats.Ended[o]++
		m.grant()
	}
}

func (m *model) grant() {
	for !m.barred() {
		c := m.first(m.limit())
		if c == nil || m.inFlight+c.call.Weight > m.limit() {
			return
		}
		m.leave(c)
		if c.call.Deadline != 0 && c.call.Deadline < m.now {
			m.stats.Rejected[RejectDeadline]++
			m.answer(c, m.errs[RejectDeadline])
			continue
		}
		m.inFlight += c.call.Weight
		m.answer(c, nil)
	}
}

func (m *model) stop(c *modelCall) bool {
	if !slices.Contains(m.waiting, c) {
		return false
	}
	m.leave(c)
	m.grant()
	return true
}

func (m *model) bar(cause error, count RejectReason) {
	m.cause, m.causeCount = cause, count
	out := slices.SortedStableFunc(slices.Values(m.waiting), goesFirst)
	m.waiting = nil
	for _, c := range out {
		m.answer(c, m.reject())
	}
}

// settledOnce counts what a Settler hears about one call.
type settledOnce struct{ n int }

func (s *settledOnce) Settle(End) { s.n++ }

// pair is a call in both worlds.
type pair struct {
	model  *modelCall
	permit Permit
	heard  *settledOnce
	stop   func() bool
}

// checks runs at least n cases unless the command line asks for another number.
func checks(t *testing.T, n string) {
	f := flag.Lookup("rapid.checks")
	if old := f.Value.String(); old == f.DefValue {
		require.NoError(t, flag.Set(f.Name, n))
		t.Cleanup(func() { _ = flag.Set(f.Name, old) })
	}
}

func TestLimiterDoesWhatTheModelDoes(t *testing.T) {
	checks(t, "2000")
	rapid.Check(t, func(t *rapid.T) {
		now := Instant(0)
		m := &model{queue: rapid.SampledFrom([]int{-1, 1, 2, 3, 100}).Draw(t, "queue")}
		m.min = rapid.IntRange(1, 4).Draw(t, "min")
		m.max = rapid.IntRange(m.min, 8).Draw(t, "max")
		m.law = float64(rapid.IntRange(m.min, m.max).Draw(t, "initial"))
		l, err := NewWith(Config{Law: "fixed", Min: m.min, Max: m.max, Initial: int(m.law), Queue: m.queue},
			Parts{Clock: Clock{Now: func() Instant { return now }}})
		require.NoError(t, err)
		m.errs = l.rejection

		// Outcomes that a law learns from move the limit while it is restored, so
		// they are left out unless it cannot move.
		outcomes := []Outcome{Ignored, Failure, Abandoned, 77}
		if m.min == m.max {
			outcomes = append(outcomes, Success, Refused)
		}
		down := errors.New("down")
		var log []string
		var all []*pair
		tryBoth := func(name string) {
			p, ok := l.TryAcquire()
			c := m.try(name)
			if ok != (c != nil) {
				t.Fatalf("%s: TryAcquire = %v, model %v", name, ok, c != nil)
			}
			if ok {
				if p.Start() != now {
					t.Fatalf("%s: Start = %v at %v", name, p.Start(), now)
				}
				h := &settledOnce{}
				all = append(all, &pair{c, p.Via(h), h, nil})
			}
		}
		pick := func() *pair {
			if len(all) == 0 {
				return nil
			}
			return rapid.SampledFrom(all).Draw(t, "call")
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += Instant(rapid.IntRange(0, 3).Draw(t, "dt"))
			m.now = now
			name := fmt.Sprint("call ", i)
			switch op := rapid.IntRange(0, 15).Draw(t, "op"); op {
			case 0, 1:
				tryBoth(name)
			case 2, 3, 4, 5:
				kind := Call{Weight: 1}
				if rapid.Bool().Draw(t, "special") {
					kind.Weight = rapid.IntRange(1, min(3, m.max)).Draw(t, "weight")
					kind.Priority = rapid.IntRange(-3, 3).Draw(t, "priority")
					if rapid.Bool().Draw(t, "hurry") {
						kind.Deadline = now + Instant(rapid.IntRange(0, 8).Draw(t, "left"))
					}
				}
				c := &pair{model: &modelCall{name: name, call: kind, habit: habit(rapid.IntRange(0, habits-1).Draw(t, "habit"))}}
				all = append(all, c)
				c.stop = l.With(kind).AcquireFunc(func(p Permit, err error) {
					log = append(log, fmt.Sprintf("%s: %v", name, err))
					if err != nil {
						return
					}
					c.heard = &settledOnce{}
					c.permit = p.Via(c.heard)
					switch c.model.habit {
					case ends:
						c.permit.Done(Failure)
					case tries:
						_, ok := l.TryAcquire()
						log = append(log, fmt.Sprintf("%s tries: %v", name, ok))
					}
				})
				m.acquire(c.model)
			case 6:
				if c := pick(); c != nil && c.stop != nil {
					if got, want := c.stop(), m.stop(c.model); got != want {
						t.Fatalf("%s: stop = %v, model %v", c.model.name, got, want)
					}
				}
			case 7, 8, 9, 10: // of calls that ended too: copies
				if c := pick(); c != nil && c.model.admitted {
					o := rapid.SampledFrom(outcomes).Draw(t, "outcome")
					c.permit.Done(o)
					if o == 77 {
						o = Ignored
					}
					m.end(c.model, o, true)
				}
			case 11:
				if c := pick(); c != nil && c.model.admitted {
					c.permit.Release()
					m.end(c.model, Abandoned, false)
				}
			case 12:
				n := rapid.IntRange(1, 9).Draw(t, "limit")
				if err := l.SetLimit(n); m.closed {
					require.ErrorIs(t, err, ErrRejected)
					break
				} else {
					require.NoError(t, err)
				}
				m.pin = n
				m.grant()
			case 13:
				l.Resume()
				if m.pin > 0 {
					m.law, m.pin = float64(min(max(m.pin, m.min), m.max)), 0
				}
				m.grant()
			case 14:
				switch rapid.IntRange(0, 3).Draw(t, "guard in front") {
				case 0:
					cause, count := error(down), RejectBreakerOpen
					if rapid.Bool().Draw(t, "own") {
						cause, count = l.Rejection(RejectRetryAfter), RejectRetryAfter
					}
					l.Suspend(cause)
					m.suspended = true
					if !m.closed {
						m.bar(cause, count)
					}
				case 1:
					n := rapid.IntRange(0, 9).Draw(t, "hold")
					l.Hold(n)
					m.hold, m.suspended = max(n, 1), false
					m.grant()
				default:
					n := rapid.IntRange(0, 40).Draw(t, "recover")
					l.Recover(n)
					m.hold, m.suspended = 0, false
					target := float64(min(max(n, m.min), m.max))
					m.law = max(target/4, min(target, float64(2*m.inFlight)), float64(m.min))
					m.grant()
				}
			case 15:
				if rapid.IntRange(0, 9).Draw(t, "close") == 0 {
					l.Close()
					if !m.closed {
						m.closed = true
						m.bar(l.Rejection(RejectClosed), RejectClosed)
					}
				}
			}
			if !slices.Equal(m.log, log) {
				t.Fatalf("answers\n%q, model\n%q", log, m.log)
			}
			m.stats.Limit, m.stats.InFlight, m.stats.Waiting, m.stats.TimedOneIn = m.limit(), m.inFlight, len(m.waiting), 1
			s := l.Stats()
			s.OddRTTs = 0 // the model knows no time
			if s != m.stats {
				t.Fatalf("stats\n%+v, model\n%+v", s, m.stats)
			}
		}
		for _, c := range all {
			if c.heard != nil && (c.heard.n == 1) != c.model.ended {
				t.Fatalf("%s: settled %d times, ended %v", c.model.name, c.heard.n, c.model.ended)
			}
		}
	})
}
