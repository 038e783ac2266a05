package simtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
)

var (
	// ErrFailed is how a call ends that the downstream failed.
	ErrFailed = errors.New("simtest: the downstream failed")

	// ErrRefused is in the error of a call that the downstream refused.
	// [adaptive.Classify] makes of that error Refused, with its Retry-After.
	ErrRefused = errors.New("simtest: the downstream refused")

	// ErrClosed is how calls end that are in flight when the test does.
	ErrClosed = errors.New("simtest: the test is over")
)

// A Downstream is what the client under test calls. It is safe for concurrent
// use by the goroutines of its bubble and ends with the test.
type Downstream struct {
	t        testing.TB
	scenario *simulate.Scenario
	clock    clock
	alarm    alarm
	closed   chan struct{}
	running  sync.WaitGroup // what Offer has begun

	mu       sync.Mutex // never held while user code runs
	live     *simulate.Live
	offering bool
	ids      uint64 // given to calls that are no arrivals
	counts   Report
	peak     peak
	calls    []logical
	server   *server // made by the first Dial
}

// ownIDs are not those of any arrival.
const ownIDs = 1 << 62

// New returns the downstream of a scenario, at its instant 0. It ends the test if
// the scenario has faults, or outside of a bubble. All instants of a Downstream
// count from here.
func New(t testing.TB, scenario *simulate.Scenario) *Downstream {
	t.Helper()
	if !bubbled() {
		t.Fatal("simtest: time is real here: make the Downstream inside synctest.Test")
	}
	live, err := simulate.NewLive(scenario)
	if err != nil {
		t.Fatal(err)
	}
	d := &Downstream{t: t, scenario: scenario, live: live, closed: make(chan struct{}), clock: startClock()}
	d.alarm = newAlarm(d.ring)
	t.Cleanup(d.close)
	return d
}

// Load is New for a scenario file.
func Load(t testing.TB, path string) *Downstream {
	t.Helper()
	scenario, err := simulate.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return New(t, scenario)
}

// bubbled reports whether time is virtual: only then can one wait for a bubble.
func bubbled() (yes bool) {
	defer func() { yes = recover() == nil }()
	synctest.Wait()
	return
}

// Clock is the bubble's time as a simulation of the scenario tells it to its
// guards. A limiter that has it as [adaptive.Parts] Clock, and nobody waiting,
// decides what it decides there, call by call. Without it laws that act on ticks
// of the wall clock, as those of package adaptive do, act at other moments, as
// well or badly.
func (d *Downstream) Clock() adaptive.Clock {
	return adaptive.Clock{Now: d.clock.now, Wall: d.live.Wall()}
}

// Call sends a call and waits for its end. The error is nil if it was served,
// [ErrFailed], one that matches [ErrRefused], or the cause of ctx: then the
// caller leaves, and the downstream goes on with the call and does not know.
func (d *Downstream) Call(ctx context.Context) error {
	res, err := d.call(ctx)
	switch {
	case err != nil:
		return err
	case res.Outcome == adaptive.Failure:
		return ErrFailed
	case res.Outcome == adaptive.Refused:
		return adaptive.Refuse(ErrRefused, res.RetryAfter)
	}
	return nil
}

// call returns what the downstream answered, or the cause of ctx.
func (d *Downstream) call(ctx context.Context) (adaptive.Result, error) {
	if ctx.Err() != nil {
		return adaptive.Result{}, context.Cause(ctx)
	}
	answer := make(chan adaptive.Result, 1)
	sent := d.send(ctx, func(res adaptive.Result) { answer <- res })
	select {
	case res := <-answer:
		return res, nil
	case <-d.closed:
		return adaptive.Result{}, ErrClosed
	case <-ctx.Done():
		// Whichever case was chosen, an answer of this very instant wins.
		if d.leave(ctx, sent) {
			return adaptive.Result{}, context.Cause(ctx)
		}
		return <-answer, nil
	}
}

func (d *Downstream) send(ctx context.Context, answer func(adaptive.Result)) simulate.Sent {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.now()
	d.live.Advance(now) // what is due ends before this begins
	var id uint64
	var try uint32
	if l, ok := ctx.Value(logicalKey{}).(*mark); ok {
		id, try = l.id, l.tries.Add(1)-1
	} else {
		id = d.nextID()
	}
	d.counts.Received++
	d.peak.add(now, 1)
	sent := d.live.Send(now, id, try, func(res adaptive.Result) {
		d.ended(res.Outcome)
		answer(res)
	})
	d.rearm(now)
	return sent
}

// nextID names a call that is no arrival. d.mu is held.
func (d *Downstream) nextID() uint64 {
	d.ids++
	return ownIDs + d.ids
}

// leave takes the caller away; false if his answer is there.
func (d *Downstream) leave(ctx context.Context, sent simulate.Sent) bool {
	outcome := adaptive.Ignored
	// Whoever has a timer of his own beside that of a deadline may be a little
	// ahead of it, as http.Client is.
	deadline, ok := ctx.Deadline()
	if ctx.Err() == context.DeadlineExceeded || ok && d.clock.past(deadline) {
		outcome = adaptive.TimedOut
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.now()
	left := d.live.Leave(now, sent, outcome)
	if left {
		d.ended(outcome)
	}
	d.rearm(now)
	return left
}

// ended counts the end of a call, from within the live downstream. d.mu is held.
func (d *Downstream) ended(o adaptive.Outcome) {
	d.peak.add(d.clock.now(), -1)
	switch o {
	case adaptive.Success:
		d.counts.Served++
	case adaptive.Failure:
		d.counts.Failed++
	case adaptive.Refused:
		d.counts.Refused++
	default:
		d.counts.Left++
	}
}

// ring lets happen what is due.
func (d *Downstream) ring() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return // the test is over, and its t not to be used
	default:
	}
	now := d.clock.now()
	d.live.Advance(now)
	d.rearm(now)
}

// rearm sets the alarm to the next event, if anybody is there to see it. d.mu is
// held.
func (d *Downstream) rearm(now adaptive.Instant) {
	at, ok := d.live.Next()
	if !ok || d.peak.value == 0 && !d.offering {
		d.alarm.stop()
		return
	}
	d.alarm.set(at.Sub(now))
}

func (d *Downstream) close() {
	d.mu.Lock()
	close(d.closed)
	d.alarm.stop()
	server := d.server
	d.mu.Unlock()
	if server != nil {
		server.close()
	}
	d.running.Wait()
}

// Dial connects to a net/http server in front of the downstream, through memory
// and in no time, whatever the address. It is for http.Transport.DialContext and
// speaks HTTP/1.1 without TLS. The handler answers as [Downstream.RoundTripper]
// does. What is in a context does not cross a connection: the calls are counted,
// but have draws that are not those of the arrival they belong to.
func (d *Downstream) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d.mu.Lock()
	if d.server == nil {
		d.server = serve(d)
	}
	server := d.server
	d.mu.Unlock()
	return server.dial(ctx)
}

// mark is what a context says about the logical call that it belongs to.
type mark struct {
	id    uint64
	tries atomic.Uint32
}

type logicalKey struct{}

// peak is the most calls in flight at one time. A number that held for no time
// does not count: between the end of one call and the begin of the next, whose
// order nobody decides, there is none.
type peak struct {
	value, most int
	since, at   adaptive.Instant // of value and of most
}

func (p *peak) add(now adaptive.Instant, by int) {
	p.settle(now)
	p.value += by
}

func (p *peak) settle(now adaptive.Instant) {
	if now == p.since {
		return
	}
	if p.value > p.most {
		p.most, p.at = p.value, p.since
	}
	p.since = now
}

func (p *peak) String() string {
	return fmt.Sprintf("%d from %v on", p.most, time.Duration(p.at))
}
