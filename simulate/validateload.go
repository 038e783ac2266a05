package simulate

import (
	"fmt"
	"math"
	"time"
)

func (s *Scenario) checkLoad(c *checker) {
	c.must(len(s.Load) > 0, "load", "is missing, must be a phase such as {poisson: 480}, or a list of them")
	var at time.Duration
	worked := false
	for i := range s.Load {
		p := &s.Load[i]
		path := fmt.Sprintf("load[%d]", i)
		p.check(c, path)
		if p.Arrivals == Work {
			c.must(!worked, path, "is a second list of work, must be the only one")
			worked = true
			c.must(p.AtOnce <= s.Wait.Queue, path+".at-once", "is %d, must be at most the %d calls that may wait for a permit (wait.queue), or the list is rejected instead of worked off", p.AtOnce, s.Wait.Queue)
		}
		c.must(p.For > 0 || i == len(s.Load)-1, path+".for", "is missing, must say how long the phase lasts; only the last may be open")
		c.must(at < s.Duration || s.Duration <= 0, path, "begins at %v, after the end at %v", at, s.Duration)
		at += p.For
		for _, r := range append([]RateStep{{Rate: p.Rate}, {Rate: p.To}}, p.Steps...) {
			if r.Rate.Value > 1e8 && !r.Rate.OfCapacity {
				c.must(false, path, "has %v calls per second, must be at most 1e8", r.Rate.Value)
				break
			}
		}
	}
}

func (p *Phase) check(c *checker, path string) {
	main := path + "." + string(p.Arrivals)
	c.timeOrNone(p.For, path+".for")
	switch p.Arrivals {
	case Poisson, Constant:
		c.positive(p.Rate.Value, main)
	case Ramp:
		c.notNegative(p.Rate.Value, main)
		c.notNegative(p.To.Value, main)
		c.must(p.Rate.Value+p.To.Value > 0, main, "is never above 0")
	case Sine:
		c.positive(p.Rate.Value, main)
		c.must(p.Rate.OfCapacity || math.Abs(p.Amplitude) <= p.Rate.Value, path+".amplitude", "is %v, must be at most the rate of %v", p.Amplitude, p.Rate)
		c.time(p.Period, path+".period")
	case MMPP:
		c.positive(p.Rate.Value, main)
		c.positive(p.High, path+".high")
		c.notNegative(p.Low, path+".low")
		c.time(p.Hold, path+".hold")
	case Replay:
		c.must(len(p.Stamps) > 0, main, "has no stamps")
		for i := range p.Stamps {
			if p.Stamps[i] < 0 || i > 0 && p.Stamps[i] < p.Stamps[i-1] {
				c.must(false, main, "goes back in time at stamp %d", i+1)
				break
			}
		}
	case Schedule:
		p.checkSteps(c, main)
	case Work:
		c.count(p.Work, 1, 1<<30, main)
		c.count(p.AtOnce, 1, maxAtOnce, path+".at-once")
	case Users:
		c.count(p.Users, 1, maxUsers, main)
		p.Think.check(c, path+".think")
	default:
		c.must(false, path, "is %q, must be one of %v", p.Arrivals, arrivalKinds)
	}
}

func (p *Phase) checkSteps(c *checker, path string) {
	c.must(len(p.Steps) > 0 && p.Steps[0].At == 0, path, "must begin at 0s, as in {0s: 100, 30s: 500}")
	most := 0.0
	for i, s := range p.Steps {
		at := fmt.Sprintf("%s.%v", path, s.At)
		c.notNegative(s.Rate.Value, at)
		c.must(i == 0 || s.At > p.Steps[i-1].At, at, "is not after the one before")
		c.must(i == 0 || p.For == 0 || s.At < p.For, at, "is after the end of the phase at %v", p.For)
		most = max(most, s.Rate.Value)
	}
	c.must(len(p.Steps) == 0 || most > 0, path, "is never above 0")
}

func (d *Distribution) check(c *checker, path string) {
	main := path + "." + string(d.Kind)
	switch d.Kind {
	case Lognormal:
		c.notNegative(d.Shape, path+".sigma")
	case Gamma:
		c.positive(d.Shape, path+".shape")
	case Pareto:
		c.must(d.Shape > 1, path+".alpha", "is %v, must be above 1, or the mean is infinite", d.Shape)
	case Bimodal:
		c.share(d.Slow, path+".slow")
		c.must(d.Times >= 1, path+".times", "is %v, must be at least 1", d.Times)
		c.share(d.Shift.Slow, path+".shift.slow")
		c.timeOrNone(d.Shift.At, path+".shift.at")
		c.timeOrNone(d.Shift.Over, path+".shift.over")
	case Empirical:
		c.must(len(d.Values) > 0, main, "has no values")
		for _, v := range d.Values {
			if v <= 0 || v > longest {
				c.must(false, main, "has %v, must be above 0", v)
				break
			}
		}
		rising := len(d.UpTo) == 0 || len(d.UpTo) == len(d.Values) && d.UpTo[0] >= 0
		for i := 1; i < len(d.UpTo); i++ {
			rising = rising && d.UpTo[i] >= d.UpTo[i-1]
		}
		c.must(rising && (len(d.UpTo) == 0 || d.UpTo[len(d.UpTo)-1] > 0), path+".upTo", "must be one rising number for each of the values")
		return
	case Const, Exp:
	case "":
		c.must(false, path, "is missing, must be a distribution such as {exp: 50ms}")
		return
	default:
		c.must(false, path, "is %q, must be one of %v", d.Kind, distributionKinds)
		return
	}
	c.time(d.Mean, main)
}
