package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

const (
	ill    = 4 * time.Second  // how long a network fails
	within = 10 * time.Second // how long it takes at most until calls succeed again
)

// A fault is what a network does to all connections, those that are there and new
// ones.
type fault struct {
	name                      string
	toxic, stream, attributes string
	want                      adaptive.Outcome // of calls that are sent meanwhile
	cut                       bool             // it comes back with all connections cut
}

var faults = []fault{
	{"latency", "latency", "downstream", `{"latency": 100}`, adaptive.Success, false},
	{"reset", "reset_peer", "downstream", `{"timeout": 0}`, adaptive.Failure, false},
	// On the way up: the server has nothing to answer, and nobody to miss.
	{"black hole", "timeout", "upstream", `{"timeout": 0}`, adaptive.TimedOut, false},
	// 2 kB/s: a caller has half of his answer when he gives up. Toxiproxy may wait
	// for ever to take this one from a connection whose client has just left.
	{"bandwidth", "bandwidth", "downstream", `{"rate": 2}`, adaptive.TimedOut, true},
}

// TestFaultsPassAndLeaveNothing: whatever a network does, calls end with the right
// outcome and in time, few are in flight, every permit comes back, and soon after
// the network is sound calls succeed as before.
func TestFaultsPassAndLeaveNothing(t *testing.T) {
	addrs := map[string]string{}
	for _, s := range subjects {
		addrs[s.name] = s.serve(t)
	}
	// One fault at a time: most make clients connect again for each call, and a
	// PostgreSQL forks for that.
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for _, s := range subjects {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					lim := limiter(t, s.name)
					f.strike(t, s, addrs[s.name], lim, lim)
				})
				t.Run(s.name+" with a breaker", func(t *testing.T) {
					t.Parallel()
					lim := limiter(t, s.name)
					b, err := breaker.New(lim, breaker.Config{})
					require.NoError(t, err)
					f.strike(t, s, addrs[s.name], lim, b)
					assert.True(t, f.want == adaptive.Success || b.Stats().Opened > 0, "the breaker never opened")
					assert.Equal(t, breaker.Closed.String(), b.State().String())
				})
			}
		})
	}
}

func limiter(t *testing.T, name string) *adaptive.Limiter {
	lim, err := adaptive.New(adaptive.Config{Name: name, Max: most, Queue: -1})
	require.NoError(t, err)
	return lim
}

// strike lets the network between the client of s, behind g, and the server at addr
// fail for a while under load.
func (f fault) strike(t *testing.T, s subject, addr string, lim *adaptive.Limiter, g adaptive.Guard) {
	n := newNetwork(t, addr)
	l := load{lim: lim, call: s.dial(t, g, n.addr)}
	l.arrive(2 * slot)             // connects, and starts up
	_, well := l.until(2 * within) // a server may have much to do when all clients come
	require.True(t, well, "the network is sound")
	sound := lim.Stats()

	n.add("fault", f.toxic, f.stream, f.attributes)
	l.arrive(patience) // for calls that were sent before
	before := lim.Stats()
	l.arrive(ill - patience)
	struck := lim.Stats()

	if f.cut {
		n.restart()
	} else {
		n.remove("fault")
	}
	back, well := l.until(within)
	assert.True(t, well, "nine in ten succeed within %v", within)
	l.calls.Wait()
	end := lim.Stats()

	ended, right := total(struck)-total(before), struck.Ended[f.want]-before.Ended[f.want]
	t.Logf("limit %d, struck %d, later %d; %d of %d ended %v, %d in flight at last, %d at most; well again within %v; %v at most for a call",
		sound.Limit, struck.Limit, end.Limit, right, ended, f.want, struck.InFlight, l.high, back, l.longest.Round(time.Millisecond))

	assert.Positive(t, struck.Ended[f.want])
	// On a machine with too much to do any call may be late, but none ends otherwise.
	late := struck.Ended[adaptive.TimedOut] - before.Ended[adaptive.TimedOut]
	if f.want == adaptive.TimedOut {
		late = 0
	}
	assert.GreaterOrEqual(t, float64(right+late), 0.9*float64(ended), "calls ended %v, in all %v", before.Ended, struck.Ended)
	if f.want == adaptive.TimedOut { // without a limit it would be rate·patience, 90
		assert.LessOrEqual(t, struck.InFlight, most/2, "in flight at last")
	}
	assert.Less(t, l.longest, patience+2*time.Second, "a call that outlives its context")
	assert.Zero(t, end.InFlight, "every permit is back")
	assert.Zero(t, end.LateEnds, "each call ends once")
	// What callers saw is what the limiter was told, but for those few that saw two
	// things at one instant.
	few := 3 + 0.02*float64(l.sent)
	ignored := float64(end.Ended[adaptive.Ignored])
	assert.InDelta(t, l.well, end.Ended[adaptive.Success], few, "successes")
	assert.InDelta(t, l.broken, end.Ended[adaptive.Failure], few, "failures")
	// Without a round trip yet to compare with, a deadline that passes tells nothing; and
	// the permit of a call that a breaker turns away after the limiter tells nothing.
	assert.InDelta(t, l.late, end.Ended[adaptive.TimedOut], few+ignored, "time-outs")
	assert.InDelta(t, l.sent, total(end)+l.rejected, ignored, "each call ended or was rejected")
}

// total is how many calls have ended.
func total(s adaptive.Stats) (n uint64) {
	for _, k := range s.Ended {
		n += k
	}
	return n
}
