package simulate

import (
	"math/rand/v2"
	"sort"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Clients is the fleet that shares the downstream. Each client has a guard, a
// retry budget and a clock of its own. The zero Clients is one client.
type Clients struct {
	Count  int             `json:"count"`          // 0 means 1
	Skew   float64         `json:"skew"`           // calls of a client of the second half for each of one of the first; 0 means 1
	Clocks time.Duration   `json:"clocks"`         // wall clocks are off by up to this, either way
	Join   []time.Duration `json:"join,omitempty"` // when each starts, in order and the first at 0; none means all at 0
}

// check: until a client joins it has no guard and makes no calls, and those of an
// open loop are made by the others.
func (cl *Clients) check(c *checker, end time.Duration) {
	if cl.Count == 0 && cl.Skew == 0 && cl.Clocks == 0 && len(cl.Join) == 0 {
		return
	}
	c.count(cl.Count, 1, maxClients, "clients.count")
	c.notNegative(cl.Skew, "clients.skew")
	c.timeOrNone(cl.Clocks, "clients.clocks")
	if len(cl.Join) == 0 || cl.Count < 1 {
		return
	}
	const path = "clients.join"
	if len(cl.Join) != cl.Count {
		c.must(false, path, "has %d instants, must have one for each of the %d clients", len(cl.Join), cl.Count)
		return
	}
	c.must(cl.Join[0] == 0, path, "begins at %v, must begin at 0s: somebody must call", cl.Join[0])
	for i, at := range cl.Join {
		if i > 0 && at < cl.Join[i-1] {
			c.must(false, path, "is not in order at %v", at)
			return
		}
		if end > 0 && at >= end {
			c.must(false, path, "has client %d join at %v, must be within the duration of %v", i+1, at, end)
			return
		}
	}
}

// hire makes the clients, and the choice of who makes the next call.
func (r *run) hire() error {
	n := max(1, r.sc.Clients.Count)
	clocks := newStream(r.sc.Seed, "clocks", 0).sequence()
	start := r.sc.wall(clocks)
	for range n {
		skew := time.Duration(float64(r.sc.Clients.Clocks) * (2*clocks.Float64() - 1))
		r.fleet = append(r.fleet, &client{tokens: maxTokens, wall: start.Add(skew)})
	}
	if n == 1 {
		r.choose = func() *client { return r.fleet[0] }
	} else {
		shares := r.shares()
		who := newStream(r.sc.Seed, "client", 0).sequence()
		r.choose = func() *client { return r.fleet[pick(shares[:r.joined], who)] }
	}
	r.join()
	return r.err
}

// wall is the wall-clock time at which a run starts. Laws may act on ticks of
// that clock. Where those fall in the run is drawn, and scales with it.
func (s *Scenario) wall(clocks *rand.Rand) time.Time {
	return time.Unix(0, 0).UTC().Add(time.Duration(16 * clocks.Float64() * float64(s.Duration)))
}

// join equips the clients whose time has come. A program makes its guard when it
// starts, so that a late client's has measured nothing yet.
func (r *run) join() {
	before := r.joined
	for ; r.joined < len(r.fleet) && r.nextJoin() <= r.now; r.joined++ {
		c := r.fleet[r.joined]
		if err := r.guard.equip(r, c, r.joined, len(r.fleet), adaptive.Clock{Now: r.instant, Wall: c.wall}); err != nil && r.err == nil {
			r.err = err
		}
		r.observe(c)
	}
	if r.joined > before && r.err == nil {
		r.guard.steer(r)
	}
}

// nextJoin is when the next client joins.
func (r *run) nextJoin() int64 {
	if r.joined == len(r.fleet) {
		return never
	}
	return r.sc.Clients.joins(r.joined)
}

// joins is when client i joins.
func (cl *Clients) joins(i int) int64 {
	if len(cl.Join) == 0 {
		return 0
	}
	return int64(cl.Join[i])
}

// shares is the cumulated share of the calls that each client makes.
func (r *run) shares() []float64 {
	n := len(r.fleet)
	out := make([]float64, n)
	sum := 0.0
	for i := range out {
		weight := 1.0
		if skew := r.sc.Clients.Skew; skew > 0 && i >= n/2 {
			weight = skew
		}
		sum += weight
		out[i] = sum
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// pick is the place of a random member among cumulated shares.
func pick(shares []float64, rnd *rand.Rand) int {
	last := len(shares) - 1
	return min(sort.SearchFloat64s(shares, shares[last]*rnd.Float64()), last)
}
