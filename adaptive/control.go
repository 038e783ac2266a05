package adaptive

import (
	"math"
	"sync"
	"time"
)

// phase is where the window that is being collected stands.
type phase uint8

const (
	opening    phase = iota // waits for calls in flight to drain
	open                    // calls are admitted into it
	collecting              // its cohort is complete; waits for those calls to end
)

// control collects windows and has the law decide. It is a state machine of its
// own: it moves only in tick and when somebody pins or frees the limit, under mu,
// and the law runs with mu free, guarded by deciding. Lock order: mu before
// Limiter.queueMu before Limiter.keptMu.
type control struct {
	mu       sync.Mutex
	deciding bool   // the law is at work on the last window
	turn     uint64 // counts what makes a decision under way stale

	law       Controller
	ramp      *ramp   // takes the law's place while the limit is restored
	limit     float64 // the law's, within min and max
	pin       int     // set by SetLimit; 0 means none
	hold      int     // set by Hold; 0 means none
	suspended bool    // by Suspend
	frozen    bool    // pinned, held or suspended: no window is collected

	phase   phase
	next    Collect // how the window is collected
	opened  Instant
	resumed bool
	drained bool
	closed  Instant // when the last one closed
	over    Instant // when the window closes, or its cohort does, whatever it has
	blocked uint64  // arrivals blocked before the window opened
	cohort  int     // calls admitted into the window, once that is over
	started uint64  // admissions before the window opened, as ended + in flight
	tally   tally
	shift   uint // one call in 2^shift is timed
	pace    pace // … as it goes now

	decisions ring
	watch     watch
}

// tick closes the window if it is over and has the law decide.
func (l *Limiter) tick(now Instant) {
	c := &l.control
	if !c.mu.TryLock() {
		return // somebody is at it, and will see what we saw or wait for the next call
	}
	w, due := l.poll(now)
	if !due {
		c.mu.Unlock()
		l.grant() // the end of a cohort may have raised the limit
		return
	}
	c.deciding = true
	l.samples.rest()
	turn := c.turn
	law := c.law
	if c.ramp != nil {
		law = c.ramp
	}
	c.mu.Unlock()

	decided := false
	defer func() {
		if !decided { // the law panicked: keep the limit, and let the panic go on
			c.mu.Lock()
			c.deciding = false
			l.reopen(now)
			c.mu.Unlock()
		}
	}()
	d := law.Update(w)
	decided = true

	c.mu.Lock()
	c.deciding = false
	stale := turn != c.turn
	if !stale {
		d = l.apply(now, d, &w)
	} else if !c.frozen {
		l.reopen(now)
	}
	c.mu.Unlock()
	if stale {
		return
	}
	l.grant()
	l.tell(d)
}

// poll moves the window on and reports whether it is over. mu is held.
func (l *Limiter) poll(now Instant) (w Window, due bool) {
	c := &l.control
	l.read(false) // in any case: some counts would wrap round
	if c.deciding || c.frozen {
		return w, false
	}
	if c.phase == opening {
		if now < c.opened.Add(c.next.Settle) {
			return w, false
		}
		drained := l.drained(c.next)
		if !drained && (c.next.DrainWithin == 0 || now < c.opened.Add(c.next.DrainWithin)) {
			return w, false
		}
		c.drained = drained
		l.beginWindow(now)
		return w, false
	}
	if c.phase == open && c.next.Cohort > 0 && l.enough(now) {
		l.endCohort()
	}
	switch {
	case c.next.Within > 0 && now >= c.opened.Add(c.next.Within):
	case c.phase == collecting:
		if c.tally.calls() < c.cohort {
			return w, false
		}
	case c.next.Cohort > 0:
		if !l.full(now) || c.next.Samples == 0 {
			return w, false
		}
	case !l.full(now):
		return w, false
	}
	return l.closeWindow(now), true
}

// full reports whether the window has the samples it wants, or enough time-outs
// to close it early; if not, it says when to look again.
func (l *Limiter) full(now Instant) bool {
	c, s := &l.control, l.samples
	n := c.tally.timed
	if c.next.TimeOuts > 0 {
		if t := c.tally.count[TimedOut]; t >= c.next.TimeOuts && 2*t > c.samples() {
			return true
		}
	}
	switch missing := c.next.Samples - n; {
	case c.next.Samples == 0:
		return c.next.Within == 0
	case missing <= 0:
		return true
	case s.exact:
		s.left.Store(int64(missing))
	default:
		// Half of the way at a time, at the pace so far.
		wait := lookEvery
		if n > 0 {
			// The pace may be about to change: a window that was idle for an hour may
			// fill in a second.
			pace := now.Sub(c.opened) / 2 / time.Duration(n)
			wait = min(max(wait, pace*time.Duration(missing)), lookAtLeastEvery)
		}
		s.until.Store(int64(min(now.Add(wait), c.over)))
	}
	return false
}

// samples is how many calls that tell of load the window has.
func (c *control) samples() int {
	n := &c.tally.count
	return n[Success] + n[Refused] + n[TimedOut]
}

// openWindow starts to collect a window as next says, once calls have drained.
func (l *Limiter) openWindow(now Instant, next Collect) {
	c, s := &l.control, l.samples
	c.next, c.phase, c.drained, c.opened = next, opening, true, now
	switch {
	case next.Settle > 0:
		s.expect(0, now.Add(next.Settle), 0)
	case !l.drained(next):
		s.expect(0, 0, 0) // look at every call that ends
	default:
		l.beginWindow(now)
	}
}

func (l *Limiter) drained(next Collect) bool {
	return next.Drain == 0 || l.tighten().inFlight() <= next.Drain
}

// reopen collects again what was being collected, from now on, without
// the probe that it may have been.
func (l *Limiter) reopen(now Instant) {
	c := &l.control
	next := c.next
	if next.Cohort > 0 {
		next.Samples = max(next.Samples, 10)
	}
	next.Settle, next.Cohort, next.Drain = time.Duration(l.samples.typical.Load()), 0, 0
	l.openWindow(now, next)
}

func (l *Limiter) beginWindow(now Instant) {
	c, s := &l.control, l.samples
	c.phase, c.opened = open, now
	l.read(c.next.Cohort > 0) // what ended until now is not of this window
	c.tally.begin()
	c.blocked = l.blockedEver()
	s.lowUpTo.Store(uint32(max(0, c.next.Low)))
	if c.next.Cohort > 0 {
		c.started = l.admissions()
	}
	k := c.shift
	if c.next.Cohort > 0 {
		k = 0 // an untimed end does not tell which window it is of
	}
	first := s.newWindow(k)
	if c.next.Cohort == 0 {
		first -= 1 << 30 // whenever they were admitted
	}
	s.counts.Store(uint64(first)<<32 | math.MaxInt32)
	length := c.next.Within
	if c.next.Cohort > 0 && (length == 0 || c.next.Cohort < length) {
		length = c.next.Cohort
	}
	until := now.Add(length) // the first event, if nothing says how long
	if length == 0 && c.next.Samples > 0 {
		until = never
	}
	c.over = until
	if !s.exact && c.next.Samples > 0 {
		until = min(until, c.closed.Add(lookEvery)) // at once, if the last is long ago
	}
	s.expect(c.next.Samples, until, c.next.TimeOuts)
	if c.next.Cohort > 0 || !l.loosen() {
		l.tighten()
	}
}

// enough reports whether the cohort is complete.
func (l *Limiter) enough(now Instant) bool {
	c := &l.control
	if now < c.opened.Add(c.next.Cohort) {
		return false
	}
	return c.next.Calls == 0 || int(l.admissions()-c.started) >= c.next.Calls ||
		c.next.AtMost > 0 && now >= c.opened.Add(c.next.AtMost)
}

// endCohort stops counting new calls into the window.
func (l *Limiter) endCohort() {
	c, s := &l.control, l.samples
	number := s.newWindow(c.shift)
	first := s.counts.Load() >> 32
	s.counts.Store(first<<32 | uint64(number) - 1 - first)
	c.cohort = int(l.admissions() - c.started)
	c.phase = collecting
	if c.next.After > 0 {
		c.limit = within(c.next.After, l.config.Load())
		l.enforce()
	}
	s.expect(0, 0, 0)
}

// admissions is how many calls were ever admitted, to within those that are
// being admitted or ending this instant.
func (l *Limiter) admissions() uint64 {
	n := uint64(l.tighten().inFlight()) - uint64(l.surplus.Load())
	l.read(true)
	return n + l.control.tally.ever()
}

// read brings the tally up to date; with all, no call that has ended is left out.
func (l *Limiter) read(all bool) {
	c := &l.control
	c.tally.read(l.samples, l.untimedEnds(), c.next.Cohort == 0, all)
}

// closeWindow returns what was measured since beginWindow.
func (l *Limiter) closeWindow(now Instant) Window {
	c := &l.control
	w := Window{
		Opened: c.opened, Closed: now, Wall: l.wall.Add(time.Duration(now)),
		Limit: c.limit, Min: float64(l.config.Load().Min), Max: float64(l.config.Load().Max),
		Blocked: int(l.blockedEver() - c.blocked), InFlight: l.calls().inFlight(),
		Drained: c.drained, Resumed: c.resumed, PeakInFlight: l.samples.peak(),
	}
	if c.phase == collecting {
		l.read(true) // an end that is not read yet is not pending
		w.Pending = max(0, c.cohort-c.tally.calls())
	}
	c.tally.fill(&w)
	c.resumed, c.closed = false, now
	if l.config.Load().TimeOneIn == 0 && !l.samples.exact {
		c.shift = c.pace.shift(c.tally.ever(), now, c.shift)
	}
	if n := w.Latency.Count(); n >= 5 {
		if w.Overload() < 0.05 || l.typical() == 0 {
			l.samples.settle(w.Latency.Quantile(0.5), w.Latency.Quantile(0.99))
		}
		l.samples.learn(w.Latency.Quantile(0.95), w.Count[TimedOut]*20 > n)
	}
	return w
}

// apply makes d the law in force, keeps it for Decisions and opens the next
// window. It returns d as kept. mu is held.
func (l *Limiter) apply(now Instant, d Decision, w *Window) Decision {
	c := &l.control
	if r := c.ramp; r != nil && r.over {
		c.ramp, c.resumed = nil, true
	}
	d.Name, d.At, d.From = l.config.Load().Name, now, l.gate.load().limit()
	if !math.IsNaN(d.Limit) { // a law that lost its numbers keeps the limit
		c.limit = within(d.Limit, l.config.Load())
	}
	d.Limit, d.To = c.limit, l.enforce()
	d.Samples, d.Median = w.Samples(), w.Latency.Quantile(0.5)
	d.PeakInFlight, d.Blocked = w.PeakInFlight, w.Blocked
	d.Outside = c.watch.add(w, d.To, l.rejections())
	c.decisions.add(d)
	l.openWindow(now, d.Next)
	return d
}

// enforce puts the limit in force into the gate and returns it. mu is held; the
// caller calls grant once it is free.
func (l *Limiter) enforce() int {
	c := &l.control
	n := int(math.Round(c.limit))
	if c.hold > 0 {
		n = min(c.hold, l.config.Load().Max)
	}
	if c.pin > 0 && (c.hold == 0 || c.pin < n) {
		n = c.pin
	}
	l.gate.setLimit(n)
	return n
}
