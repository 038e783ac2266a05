package lawtest

import (
	"fmt"
	"math"

	"github.com/flyball-go/flyball/adaptive"
)

// weathers are stretches of a life that has everything in it.
var weathers = []func(p *plant){
	func(p *plant) {},
	func(p *plant) { p.timeOuts = 1 },
	func(p *plant) { p.refused = 1 },
	func(p *plant) { p.servers = highest },
	func(p *plant) { p.servers, p.timeOuts, p.refused = 1, 0.3, 0.3 },
	func(p *plant) { p.demand = 1 },
	func(p *plant) { p.service = 1 },
	func(p *plant) { p.service = 1e12 },
	func(p *plant) { p.only = rest },
}

// rest are the outcomes that tell nothing of load.
var rest = []adaptive.Outcome{adaptive.Ignored, adaptive.Failure, adaptive.Abandoned}

// subject is a law under test.
type subject struct {
	law   adaptive.Law
	lived *plant // after a life; nil before
}

// life is what the law did in its first life.
func (s *subject) life() (p *plant, err error) {
	if s.lived == nil {
		s.lived, err = life(s.law)
	}
	return s.lived, err
}

// life plays all weathers.
func life(law adaptive.Law) (*plant, error) {
	p, err := newPlant(law)
	if err != nil {
		return nil, err
	}
	for range 2 {
		for _, w := range weathers {
			calm := *p
			w(p)
			p.run(1000)
			p.demand, p.servers, p.service = calm.demand, calm.servers, calm.service
			p.timeOuts, p.refused, p.only = 0, 0, nil
		}
	}
	return p, nil
}

// each checks every answer of a life.
func each(s *subject, wrong func(a answer) string) error {
	p, err := s.life()
	if err != nil {
		return err
	}
	for i, a := range p.law.answers {
		if w := wrong(a); w != "" {
			return fmt.Errorf("decision %d %s: %+v", i, w, a.decision)
		}
	}
	return nil
}

func finite(s *subject) error {
	return each(s, func(a answer) string {
		for _, x := range []float64{a.decision.Limit, a.decision.Value, a.decision.Bound, a.decision.Next.After} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return "has a number that is not finite"
			}
		}
		return ""
	})
}

func inBounds(s *subject) error {
	return each(s, func(a answer) string {
		if !(a.decision.Limit >= a.min && a.decision.Limit <= a.max) {
			return fmt.Sprintf("is not within %v and %v", a.min, a.max)
		}
		return ""
	})
}

func explained(s *subject) error {
	return each(s, func(a answer) string {
		if a.decision.Reason == "" {
			return "has no reason"
		}
		return ""
	})
}

func repeatable(s *subject) error {
	p, err := s.life()
	if err != nil {
		return err
	}
	q, err := life(s.law)
	if err != nil {
		return err
	}
	if len(p.law.answers) != len(q.law.answers) {
		return fmt.Errorf("the same calls gave %d decisions and %d", len(p.law.answers), len(q.law.answers))
	}
	for i, a := range p.law.answers {
		// By text, because NaN is not equal to itself.
		if b := q.law.answers[i]; fmt.Sprint(a) != fmt.Sprint(b) {
			return fmt.Errorf("decision %d: %+v for the same calls as %+v", i, a.decision, b.decision)
		}
	}
	return nil
}

func scaleFree(s *subject) error {
	const scale = 1024 // a power of two, which a histogram of octaves does not see
	quick, err := newPlant(s.law)
	if err != nil {
		return err
	}
	slow, err := newPlant(s.law)
	if err != nil {
		return err
	}
	slow.service *= scale
	for i := range 300 {
		quick.run(50)
		slow.run(50)
		if a, b := quick.lim.Limit(), slow.lim.Limit(); math.Abs(float64(a-b)) > 1+0.02*float64(a) {
			return fmt.Errorf("after %d calls the limit is %d, and %d where all takes %d times as long", 50*(i+1), a, b, scale)
		}
	}
	return nil
}

func grows(s *subject) error {
	p, err := newPlant(s.law)
	if err != nil {
		return err
	}
	p.servers = highest
	p.run(20_000)
	if got := p.limit(); got < 2*initial {
		return fmt.Errorf("the limit is %d after 20,000 calls that met no queue, from %d", got, initial)
	}
	return nil
}

func unused(s *subject) error {
	p, err := newPlant(s.law)
	if err != nil {
		return err
	}
	p.servers, p.demand = highest, 2
	p.run(20_000)
	if got := p.limit(); got > 4*initial {
		return fmt.Errorf("the limit is %d after 20,000 calls of which 2 were in flight", got)
	}
	return nil
}

// overloaded plays calm, then trouble, and returns the limit before and the lowest after.
func overloaded(law adaptive.Law, trouble func(p *plant)) (before, after int, err error) {
	p, err := newPlant(law)
	if err != nil {
		return 0, 0, err
	}
	p.run(10_000)
	before = p.limit()
	trouble(p)
	p.run(len(p.due)) // they were on their way
	after = before
	for range 50 {
		p.run(100)
		after = min(after, p.lim.Limit())
	}
	return before, after, nil
}

func cuts(law adaptive.Law, what string, trouble func(p *plant)) error {
	before, after, err := overloaded(law, trouble)
	if err == nil && after > max(lowest, before/2) {
		err = fmt.Errorf("the limit is %d, from %d, after 5,000 calls of which most %s", after, before, what)
	}
	return err
}

func cutsOnTimeOuts(s *subject) error {
	return cuts(s.law, "timed out", func(p *plant) { p.timeOuts = 0.9 })
}

func cutsOnRefusals(s *subject) error {
	return cuts(s.law, "were refused", func(p *plant) { p.refused = 0.9 })
}

func findsTheKnee(s *subject) error {
	p, err := newPlant(s.law)
	if err != nil {
		return err
	}
	p.run(60_000)
	if got := p.limit(); got < p.servers/2 || got > 4*p.servers {
		return fmt.Errorf("the limit is %d where calls beyond %d queue", got, p.servers)
	}
	return nil
}

func ignoresTheRest(s *subject) error {
	p, err := newPlant(s.law)
	if err != nil {
		return err
	}
	p.only = rest
	for range 100 {
		p.run(100)
		if got := p.lim.Limit(); got != initial {
			return fmt.Errorf("the limit is %d, from %d, and no call told anything of load", got, initial)
		}
	}
	return nil
}
