package simulate

import "math"

// sharing is processor sharing: n calls share c servers, each served at a rate of
// min(1, c/n). It counts in a time that passes at that rate, in which every call
// ends when it would end alone, so an arrival changes nothing for the others.
type sharing struct {
	calls   []shared // a binary heap by end
	passed  float64  // time that has passed for each call in service
	asOf    int64    // when passed was right
	servers int
	stalled bool
	seq     uint64
}

type shared struct {
	end float64 // in the time of passed
	seq uint64
	a   *attempt
}

func (s *sharing) len() int { return len(s.calls) }

func (s *sharing) rate() float64 {
	switch n := len(s.calls); {
	case s.stalled || n == 0:
		return 0
	case n <= s.servers:
		return 1
	default:
		return float64(s.servers) / float64(n)
	}
}

// pass lets time pass until now, at the rate that held.
func (s *sharing) pass(now int64) {
	s.passed += float64(now-s.asOf) * s.rate()
	s.asOf = now
}

// turn takes over a change of the servers.
func (s *sharing) turn(d *downstream, stalled bool) {
	s.pass(d.r.now)
	s.servers, s.stalled = d.servers, stalled
	d.noteShared()
	s.plan(d)
}

func (s *sharing) arrive(d *downstream, a *attempt) {
	s.pass(d.r.now)
	s.seq++
	s.push(shared{s.passed + d.work(a, len(s.calls)+1), s.seq, a})
	d.noteShared()
	s.plan(d)
}

// done ends the first call.
func (s *sharing) done(d *downstream) {
	s.pass(d.r.now)
	first := s.pop()
	s.passed = math.Max(s.passed, first.end) // rounding may have left a little
	d.noteShared()
	s.plan(d)
	d.answer(first.a)
}

// plan sets the instant at which the first call ends, as things stand.
func (s *sharing) plan(d *downstream) {
	at := int64(never)
	if rate := s.rate(); rate > 0 {
		if left := math.Ceil((s.calls[0].end - s.passed) / rate); left < float64(d.r.end) {
			at = d.r.now + max(0, int64(left))
		}
	}
	d.r.agenda.set(at, shareDone)
}

// noteShared measures as queue what is above the number of servers.
func (d *downstream) noteShared() {
	q := &d.r.meter.queue
	q.add(d.r.now, int64(max(0, d.shared.len()-d.servers))-q.value)
}

func (s shared) before(o shared) bool { return s.end < o.end || s.end == o.end && s.seq < o.seq }

func (s *sharing) push(x shared) {
	h := append(s.calls, x)
	i := len(h) - 1
	for i > 0 && x.before(h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = x
	s.calls = h
}

func (s *sharing) pop() shared {
	h := s.calls
	top, n := h[0], len(h)-1
	x := h[n]
	h[n].a = nil
	h = h[:n]
	s.calls = h
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(x) {
			break
		}
		h[i] = h[down]
		i = down
	}
	if n > 0 {
		h[i] = x
	}
	return top
}
