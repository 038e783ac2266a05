package simtest

import (
	"context"
	"time"

	"github.com/flyball-go/flyball/simulate"
)

// logical is one call as its caller sees it, however often it was tried.
type logical struct {
	born, end time.Duration
	state     state
}

type state uint8

const (
	pending state = iota
	succeeded
	failed
)

// Offer plays the load of the scenario: at each arrival f is called, on a
// goroutine of its own, as one logical call (see [Downstream.Do]). Its ctx ends
// with the test and has no deadline. Offer returns when the scenario's duration
// is over and every f has returned.
//
// Arrivals come when, and have the service times that, they have in a
// simulation of the scenario. The users of a closed loop think after f has
// returned. Offer ends the test unless it is called once, before time passes.
func (d *Downstream) Offer(f func(ctx context.Context) error) {
	d.t.Helper()
	ctx := d.t.Context()
	d.mu.Lock()
	err := d.live.Offer(func(a simulate.Arrival) {
		i := d.begin()
		d.running.Go(func() {
			_ = d.do(ctx, a.ID, i, f) // noted there
			if a.User >= 0 {
				d.think(a.User)
			}
		})
	})
	if err == nil {
		d.offering = true
		d.rearm(d.clock.now())
	}
	d.mu.Unlock()
	if err != nil {
		d.t.Fatal(err)
	}
	d.clock.sleepUntil(d.scenario.Duration)
	d.mu.Lock() // the last arrival was under it: nothing is begun beside Wait
	d.offering = false
	d.mu.Unlock()
	d.running.Wait()
}

func (d *Downstream) think(user int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.now()
	d.live.Think(now, user)
	d.rearm(now)
}

// Do is for load that a test makes itself: f is one logical call, in which the
// client under test calls the downstream as often as it likes. It returns f's
// error; nil means that the call succeeded. The assertions count and time
// logical calls.
func (d *Downstream) Do(ctx context.Context, f func(ctx context.Context) error) error {
	d.mu.Lock()
	id, i := d.nextID(), d.begin()
	d.mu.Unlock()
	return d.do(ctx, id, i, f)
}

// begin notes a logical call and returns its place in calls. d.mu is held.
func (d *Downstream) begin() int {
	d.calls = append(d.calls, logical{born: time.Duration(d.clock.now())})
	return len(d.calls) - 1
}

func (d *Downstream) do(ctx context.Context, id uint64, i int, f func(context.Context) error) error {
	how := failed // of a panic or a Goexit too
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.calls[i].end, d.calls[i].state = time.Duration(d.clock.now()), how
	}()
	err := f(context.WithValue(ctx, logicalKey{}, &mark{id: id}))
	if err == nil {
		how = succeeded
	}
	return err
}
