package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// A Class is a share of the calls that has something of its own. Which class a
// call is of is drawn for each; its retries are of the same.
type Class struct {
	Name     string        `json:"name"`
	Share    float64       `json:"share"`              // of the calls; those of all classes add up to 1
	Service  Distribution  `json:"service,omitzero"`   // the zero Distribution means the downstream's
	Timeout  time.Duration `json:"timeout,omitempty"`  // 0 means the scenario's
	Priority int           `json:"priority,omitempty"` // −3 to 3, what guards are told; it decides among calls that wait
	Weight   int           `json:"weight,omitempty"`   // permits that a call takes; 0 means 1. The downstream's work is Service alone
}

const (
	maxClasses  = 100
	maxWeight   = 1000
	maxPriority = 3 // and as many below 0, as adaptive.Call has it
)

// call is what a guard is told of the calls of c.
func (c *Class) call() adaptive.Call {
	return adaptive.Call{Weight: c.Weight, Priority: c.Priority}
}

func (s *Scenario) checkClasses(c *checker) {
	if len(s.Classes) == 0 {
		return
	}
	c.must(len(s.Classes) <= maxClasses, "classes", "has %d of them, must have at most %d", len(s.Classes), maxClasses)
	sum, named := 0.0, map[string]bool{}
	for i := range s.Classes {
		cl, path := &s.Classes[i], fmt.Sprintf("classes[%d]", i)
		c.must(cl.Name != "", path+".name", "is missing, must be a name")
		c.must(cl.Name == "" || !named[cl.Name], path+".name", "is %q again, must be a name of its own", cl.Name)
		named[cl.Name] = true
		c.must(cl.Share > 0 && cl.Share <= 1, path+".share", "is %v, must be a share above 0 and up to 1", cl.Share)
		sum += cl.Share
		c.timeOrNone(cl.Timeout, path+".timeout")
		c.must(-maxPriority <= cl.Priority && cl.Priority <= maxPriority, path+".priority", "is %d, must be -%d to %d", cl.Priority, maxPriority, maxPriority)
		c.must(0 <= cl.Weight && cl.Weight <= maxWeight, path+".weight", "is %d, must be 1 to %d, or 0 for 1", cl.Weight, maxWeight)
		switch {
		case cl.Service.Kind == "":
		case s.Downstream.Latency != LatencyModel{}:
			c.must(false, path+".service", notWithLatency)
		default:
			cl.Service.check(c, path+".service")
		}
	}
	c.must(math.Abs(sum-1) < 1e-6, "classes", "has shares that add up to %.6g, must add up to 1", sum)
	c.must(s.Downstream.Service.Kind == "" || !s.allClasses(hasService), "downstream.service", "is set, but every class has one of its own")
}

func hasService(c *Class) bool { return c.Service.Kind != "" }

func hasTimeout(c *Class) bool { return c.Timeout > 0 }

// allClasses reports whether there are classes, each with what has looks for.
func (s *Scenario) allClasses(has func(*Class) bool) bool {
	for i := range s.Classes {
		if !has(&s.Classes[i]) {
			return false
		}
	}
	return len(s.Classes) > 0
}

// timeout is the patience of the caller of a.
func (r *run) timeout(a *attempt) time.Duration {
	if len(r.sc.Classes) > 0 {
		if own := r.sc.Classes[a.class].Timeout; own > 0 {
			return own
		}
	}
	return r.sc.Timeout
}

// weight is how many permits a takes.
func (r *run) weight(a *attempt) int {
	if len(r.sc.Classes) == 0 {
		return 1
	}
	return max(1, r.sc.Classes[a.class].Weight)
}

// classOf draws the class of a call.
func (r *run) classOf(id uint64) uint8 {
	if len(r.weather.service.classes) < 2 {
		return 0
	}
	return uint8(pick(r.weather.service.upTo, r.dice.at(r.streams.class, id, 0)))
}

// services is the service times of all classes.
type services struct {
	classes []sampler // one if there are no classes
	upTo    []float64 // cumulated shares
	weights []float64 // permits that a call takes
}

func newServices(sc *Scenario) services {
	all := sc.Downstream.Service
	if l := sc.Downstream.Latency; l != (LatencyModel{}) {
		all = Distribution{Kind: Const, Mean: l.Base} // tells the scale alone
	}
	if len(sc.Classes) == 0 {
		return services{[]sampler{newSampler(all)}, []float64{1}, []float64{1}}
	}
	var m services
	sum := 0.0
	for _, c := range sc.Classes {
		if c.Service.Kind == "" {
			c.Service = all
		}
		sum += c.Share
		m.classes, m.upTo = append(m.classes, newSampler(c.Service)), append(m.upTo, sum)
		m.weights = append(m.weights, float64(max(1, c.Weight)))
	}
	return m
}

// at draws a time of one class.
func (m *services) at(class uint8, now int64, rnd *rand.Rand) float64 {
	return m.classes[class].at(now, rnd)
}

// mean is over all classes, of what each says.
func (m *services) mean(of func(*sampler) float64) float64 {
	sum, below := 0.0, 0.0
	for i := range m.classes {
		sum += of(&m.classes[i]) * (m.upTo[i] - below)
		below = m.upTo[i]
	}
	return sum
}

// weightAt is how many permits a call in service takes, in the mean: calls that take
// longer are more of those.
func (m *services) weightAt(now int64) float64 {
	sum, below := 0.0, 0.0
	for i := range m.classes {
		sum += m.weights[i] * m.classes[i].meanAt(now) * (m.upTo[i] - below)
		below = m.upTo[i]
	}
	return sum / m.meanAt(now)
}

// usual is the mean before any shift.
func (m *services) usual() float64 { return m.mean(func(s *sampler) float64 { return s.mean }) }

func (m *services) meanAt(now int64) float64 {
	return m.mean(func(s *sampler) float64 { return s.meanAt(now) })
}

// least bounds meanAt from below.
func (m *services) least() float64 {
	return m.mean(func(s *sampler) float64 { return min(s.meanAt(0), s.meanAt(never)) })
}

// A ClassResult is what became of the calls of one class. Offered is the sum of
// the others, as in a [Result].
type ClassResult struct {
	Name     string    `json:"name"`
	Goodput  float64   `json:"goodput"` // calls served in time, per second
	Offered  uint64    `json:"offered"`
	Served   uint64    `json:"served"`
	Late     uint64    `json:"late"`
	Failed   uint64    `json:"failed"`
	Rejected uint64    `json:"rejected"`
	Refused  uint64    `json:"refused"`
	Pending  uint64    `json:"pending"`
	Latency  Quantiles `json:"latency"`
}

// classMeter measures one class.
type classMeter struct {
	ClassResult
	latency spread
}

func newClassMeters(sc *Scenario) []classMeter {
	var out []classMeter
	for _, c := range sc.Classes {
		out = append(out, classMeter{ClassResult{Name: c.Name}, newSpread()})
	}
	return out
}

// arrived counts a call.
func (m *meter) arrived(class uint8) {
	m.calls.add()
	if m.classes != nil {
		m.classes[class].Offered++
	}
}

// over counts the end of a call.
func (m *meter) over(class uint8, how *tally) {
	how.add()
	if m.classes == nil {
		return
	}
	c := &m.classes[class]
	switch how {
	case &m.served:
		c.Served++
	case &m.late:
		c.Late++
	case &m.failed:
		c.Failed++
	case &m.rejected:
		c.Rejected++
	case &m.refused:
		c.Refused++
	}
}

func (m *meter) classResults(now int64) []ClassResult {
	var out []ClassResult
	for i := range m.classes {
		c := m.classes[i].ClassResult
		c.Goodput = float64(c.Served) / seconds(float64(now))
		c.Latency = m.classes[i].latency.quantiles()
		c.Pending = c.Offered - c.Served - c.Late - c.Failed - c.Rejected - c.Refused
		out = append(out, c)
	}
	return out
}
