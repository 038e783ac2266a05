package pool

import (
	"context"
	"errors"

	"github.com/flyball-go/flyball/adaptive"
)

// pump asks the guard for permits as long as it answers at once and tasks wait.
// One goroutine pumps at a time; the others leave it to that one, which looks
// again before it stops.
func (p *Pool) pump() {
	p.mu.Lock()
	if p.pumping {
		p.mu.Unlock()
		return
	}
	p.pumping = true
	for !p.asking && !p.full && p.waiting.Len() > 0 {
		p.asking, p.stop, p.asked = true, nil, p.ended
		p.mu.Unlock()
		stop := p.guard.AcquireFunc(p.answer)
		p.mu.Lock()
		if p.asking { // not answered yet, and only this loop asks
			p.stop = stop
		}
	}
	p.pumping = false
	p.mu.Unlock()
	p.withdraw()
}

// answer takes the guard's answer. It may run inside AcquireFunc, when pump goes
// on by itself.
func (p *Pool) answer(permit adaptive.Permit, err error) {
	var over []*job // those that end here
	var next *job
	p.mu.Lock()
	p.asking = false
	switch {
	case err != nil && nobodyWaits(err) && p.ended != p.asked:
		// A task has ended since the guard was asked, and with it perhaps what stood
		// in the way. Nobody else would ask again: pump does.
	case err != nil && p.running.Len() > 0 && nobodyWaits(err):
		p.full = true
	case err != nil:
		if e := p.waiting.Front(); e != nil {
			j := e.Value.(*job)
			p.unqueue(j)
			over = append(over, j)
		}
	default:
		for e := p.waiting.Front(); e != nil && next == nil; e = p.waiting.Front() {
			j := e.Value.(*job)
			p.unqueue(j)
			if j.ctx.Err() != nil { // drop is on its way, but has not come yet
				over = append(over, j)
				continue
			}
			j.elem = p.running.PushBack(j)
			next = j
		}
	}
	p.mu.Unlock()

	switch {
	case next != nil:
		go next.work(p, permit)
	case err == nil:
		permit.Done(adaptive.Ignored)
	}
	for _, j := range over {
		why := err
		if why == nil {
			why = context.Cause(j.ctx)
		}
		p.fail(j, why)
	}
	p.pump()
}

// nobodyWaits reports whether err says that the limit is reached and the guard
// has no place to wait in. A pool with tasks running has a better sign than an
// error of when to try again: the end of one of them.
func nobodyWaits(err error) bool {
	var r *adaptive.RejectedError
	return errors.As(err, &r) && (r.Reason == adaptive.RejectLimit || r.Reason == adaptive.RejectQueueFull)
}

// withdraw takes the pool out of the guard's queue if no task waits any more.
func (p *Pool) withdraw() {
	p.mu.Lock()
	stop := p.stop
	if !p.asking || stop == nil || p.waiting.Len() > 0 {
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	if !stop() {
		return // answered already
	}
	// Withdrawn, so what is being asked is still what stop was for.
	p.mu.Lock()
	p.asking, p.stop = false, nil
	p.mu.Unlock()
	p.pump() // a task may have come meanwhile
}
