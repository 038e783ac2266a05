package lawtest

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// plant is a Limiter with callers in front of it and a downstream behind it, on a
// clock of its own. Its fields may change between two runs.
type plant struct {
	lim *adaptive.Limiter
	law *recorded
	now adaptive.Instant
	rnd *rand.Rand
	due calls

	demand  int           // calls that callers want in flight
	servers int           // calls beyond them queue
	service time.Duration // mean

	timeOuts, refused float64            // shares of the calls
	only              []adaptive.Outcome // how calls end, in turn; nil for as it goes
	ended             int
}

const (
	lowest  = 2
	highest = 1000
	initial = 6
)

func newPlant(law adaptive.Law) (*plant, error) {
	p := &plant{
		law: &recorded{law: law}, rnd: rand.New(rand.NewPCG(1, 2)),
		demand: 2 * highest, servers: 20, service: 50 * time.Millisecond,
	}
	var err error
	p.lim, err = adaptive.NewWith(
		adaptive.Config{Min: lowest, Max: highest, Initial: initial, Queue: -1, MaxRetryAfter: -1},
		adaptive.Parts{Law: p.law, Clock: adaptive.Clock{
			Now: func() adaptive.Instant { return p.now }, Wall: time.Unix(0, 0),
		}})
	return p, err
}

// run lets n calls end.
func (p *plant) run(n int) {
	for p.fill(); n > 0 && len(p.due) > 0; n-- {
		c := heap.Pop(&p.due).(call)
		p.now = max(p.now, c.at)
		c.permit.Done(c.outcome)
		p.ended++
		p.fill()
	}
}

// fill starts what callers want and the limiter admits.
func (p *plant) fill() {
	for len(p.due) < p.demand {
		permit, ok := p.lim.TryAcquire()
		if !ok {
			return
		}
		heap.Push(&p.due, p.call(permit))
	}
}

func (p *plant) call(permit adaptive.Permit) call {
	load := max(1, float64(len(p.due)+1)/float64(p.servers))
	rtt := time.Duration(float64(p.service) * load * (0.5 + p.rnd.Float64()))
	c := call{permit: permit, outcome: adaptive.Success}
	switch x := p.rnd.Float64(); {
	case p.only != nil:
		c.outcome = p.only[p.rnd.IntN(len(p.only))]
	case x < p.timeOuts:
		c.outcome, rtt = adaptive.TimedOut, 20*p.service
	case x < p.timeOuts+p.refused:
		c.outcome, rtt = adaptive.Refused, p.service/10
	}
	c.at = p.now.Add(rtt)
	return c
}

// limit is the highest limit that was in force of late: a probe lowers it for a moment.
func (p *plant) limit() int {
	n := p.lim.Limit()
	for range 40 {
		p.run(10)
		n = max(n, p.lim.Limit())
	}
	return n
}

type call struct {
	permit  adaptive.Permit
	outcome adaptive.Outcome
	at      adaptive.Instant
}

// calls is a heap by time.
type calls []call

func (c calls) Len() int           { return len(c) }
func (c calls) Less(i, j int) bool { return c[i].at < c[j].at }
func (c calls) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *calls) Push(x any)        { *c = append(*c, x.(call)) }
func (c *calls) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// recorded is a law that remembers what it asked for.
type recorded struct {
	law     adaptive.Law
	ctl     adaptive.Controller
	answers []answer
}

type answer struct {
	decision adaptive.Decision
	min, max float64
}

func (r *recorded) New() adaptive.Controller {
	r.ctl = r.law.New()
	return r
}

func (r *recorded) Update(w adaptive.Window) adaptive.Decision {
	d := r.ctl.Update(w)
	r.answers = append(r.answers, answer{d, w.Min, w.Max})
	return d
}
