package simulate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/corelimit"
	"github.com/flyball-go/flyball/breaker"
)

// Bounds of the limit of every law under test. They are wide, so that laws are
// compared and not their bounds.
const (
	lowest  = 1
	highest = 100_000
	initial = 6
)

// guardKind is a guard under test by name: how to equip clients with it.
type guardKind struct {
	name       string
	repeatable bool
	open       bool         // no limiter
	law        adaptive.Law // nil is the default law
	times      float64      // a fixed limit of so many times the right one at the start
	oracle     float64      // so many times the right limit, at all times
	breaker    coupling
	config     *Candidate // what was given in place of a name; nil otherwise
	history    bool       // keep what it decides
	foreign    func(Setting) (adaptive.Guard, error)
}

// coupling is how a breaker stands to the limiter.
type coupling uint8

const (
	alone   coupling = iota // no breaker
	coupled                 // one in front of the limiter, which it suspends, holds and restarts
	chained                 // one that knows nothing of the limiter behind it
	nested                  // one that takes the limiter for a part of the downstream
)

const breakerSuffix = "+breaker"

// CheckGuard returns what is wrong with the name of a guard, or nil.
func CheckGuard(name string) error {
	if name == oracleName {
		return nil
	}
	_, err := parseGuard(name)
	return err
}

// parseGuard reads a name: "none", "fixed:0.5x", "corelimit/…", any law that
// adaptive.ParseLaw reads, each of them with "+breaker" for a coupled breaker;
// "breaker" with no limit but its own, "coupled", "chained" and "nested" with the
// default law.
func parseGuard(name string) (*guardKind, error) {
	g := &guardKind{name: name, repeatable: true}
	law, withBreaker := strings.CutSuffix(name, breakerSuffix)
	if withBreaker {
		g.breaker = coupled
	}
	switch {
	case law == "none" && !withBreaker:
		g.open = true
	case name == "breaker" || law == "none":
		g.law, g.breaker = adaptive.Fixed{Limit: highest}, coupled
	case name == "coupled":
		g.breaker = coupled
	case name == "chained":
		g.breaker = chained
	case name == "nested":
		g.breaker = nested
	case strings.HasPrefix(law, "corelimit/"):
		l, err := corelimit.Parse(law)
		g.law, g.repeatable = l, l.Repeatable()
		return g, err
	case strings.HasPrefix(law, "fixed:") && strings.HasSuffix(law, "x"):
		times, err := strconv.ParseFloat(law[len("fixed:"):len(law)-1], 64)
		if err != nil || !(times > 0) || math.IsInf(times, 0) {
			return nil, fmt.Errorf("guard %q: fixed takes a whole number of calls, as in fixed:20, or a multiple of the right limit, as in fixed:1x", name)
		}
		g.times = times
	default:
		l, err := adaptive.ParseLaw(law)
		if err != nil {
			return nil, fmt.Errorf("guard %q is not known; a guard is none, oracle, breaker, nested, chained, coupled, fixed:1x, corelimit/NAME or a law, with %s after it if wanted: %w", name, breakerSuffix, err)
		}
		g.law = l
	}
	return g, nil
}

// steer moves the limit of an oracle with the weather.
func (g *guardKind) steer(r *run) {
	if g.oracle == 0 {
		return
	}
	total := g.oracle * r.weather.rightLimit(r.now)
	for i, c := range r.fleet[:r.joined] {
		if n := portion(total, i, r.joined); n != c.limit {
			_ = c.limiter.SetLimit(n) // portion is within bounds
			r.observe(c)
		}
	}
}

// portion is what client i of n gets of a limit, at least 1.
func portion(total float64, i, n int) int {
	whole := int(math.Round(math.Min(total, highest)))
	share := whole / n
	if i < whole%n {
		share++
	}
	return max(1, share)
}

// equip gives client i of n its guard.
func (g *guardKind) equip(r *run, c *client, i, n int, clock adaptive.Clock) error {
	if g.open {
		return nil
	}
	queue := -1
	if r.sc.Wait.Queue > 0 {
		queue = r.sc.Wait.Queue
	}
	if g.foreign != nil {
		own, err := g.foreign(Setting{Clock: clock, Rand: newStream(r.sc.Seed, "guard", uint64(i)).sequence(), Queue: queue})
		c.guard = own
		return err
	}
	config := adaptive.Config{Min: lowest, Max: highest, Initial: initial}
	trip := r.sc.Breaker
	if g.config != nil {
		config, trip = g.config.Limiter, breaker.Config{}
		if g.config.Breaker != nil {
			trip = *g.config.Breaker
		}
	}
	config.Queue = queue
	parts := adaptive.Parts{Law: g.law, Clock: clock}
	r.historian.parts(i, &parts)
	switch {
	case g.times > 0:
		config.Initial = portion(g.times*r.weather.rightLimit(0), i, n)
		parts.Law = adaptive.Fixed{Limit: config.Initial}
	case g.oracle > 0:
		parts.Law = adaptive.Fixed{}
	}
	if f, fixed := parts.Law.(adaptive.Fixed); fixed && f.Limit > highest {
		config.Max = f.Limit
	}
	lim, err := adaptive.NewWith(config, parts)
	if err != nil {
		return err
	}
	c.guard, c.limiter = lim, lim
	if _, fixed := parts.Law.(adaptive.Fixed); g.config == nil && (fixed || g.breaker == chained) {
		trip.AtFloor = min(trip.AtFloor, 0) // the scenario's, for guards of which some have no limit that falls
	}
	with := breaker.Parts{
		OnStateChange: r.historian.trips(i), Rand: newStream(r.sc.Seed, "breaker", uint64(i)).sequence(),
	}
	switch g.breaker {
	case coupled:
		c.guard, err = breaker.NewWith(lim, trip, with)
	case chained:
		c.guard, err = newChain(lim, clock, trip, with, false)
	case nested:
		c.guard, err = newChain(lim, clock, trip, with, true)
	}
	c.look(r.sc.Classes)
	return err
}
