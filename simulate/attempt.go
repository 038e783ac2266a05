package simulate

import "github.com/flyball-go/flyball/adaptive"

// state is where the caller's side of an attempt stands.
type state uint8

const (
	ended     state = iota // the caller has left; the downstream may not know
	waiting                // in the queue of the limiter
	inFlight               // admitted
	backedOff              // not begun: a retry that waits for its turn
)

// attempt is one try of one call. Records are used again, and gen counts how
// often, so that an event about an earlier use is known as stale.
type attempt struct {
	ref, gen uint32
	state    state
	held     bool // the downstream or the network still has it

	id       uint64 // of the call: its position in the random streams
	try      uint32 // 0 is the first
	class    uint8  // index of Scenario.Classes
	client   *client
	user     int32 // who called, −1 in an open loop
	born     int64 // when the call arrived
	admitted int64
	permit   adaptive.Permit
	result   adaptive.Result // on its way back

	got  func(adaptive.Permit, error) // made once per record, so that acquiring allocates nothing
	stop func() bool
}

// attempts keeps the records.
type attempts struct {
	all  []*attempt
	free []*attempt
}

// take returns an unused record; made is told of one that is new.
func (p *attempts) take(made func(*attempt)) *attempt {
	if n := len(p.free); n > 0 {
		a := p.free[n-1]
		p.free = p.free[:n-1]
		return a
	}
	a := &attempt{ref: uint32(len(p.all)), gen: 1}
	p.all = append(p.all, a)
	made(a)
	return a
}

// put gives a record back once neither side has it.
func (p *attempts) put(a *attempt) {
	if a.state != ended || a.held {
		return
	}
	a.gen++
	a.permit, a.stop, a.result = adaptive.Permit{}, nil, adaptive.Result{}
	p.free = append(p.free, a)
}

// at is the record that e is about, or nil if it has been used again since.
func (p *attempts) at(e event) *attempt {
	if a := p.all[e.ref]; a.gen == e.gen {
		return a
	}
	return nil
}
