package simulate

import (
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/simulate/trace"
)

var arrivalKinds = []Arrivals{Poisson, Constant, Ramp, Sine, MMPP, Schedule, Replay, Users, Work}

// load reads one phase, or a list of them.
func (r *reader) load(to *[]Phase) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			p := Phase{Arrivals: mainKey(r, n, path, arrivalKinds)}
			key := string(p.Arrivals)
			fields := []field{{"for", r.duration(&p.For)}}
			switch p.Arrivals {
			case "":
				return
			case Poisson, Constant:
				fields = append(fields, field{key, r.rate(&p.Rate)})
			case Ramp:
				fields = append(fields, field{key, r.span(&p.Rate, &p.To)})
			case Sine:
				fields = append(fields, field{key, r.rate(&p.Rate)}, field{"amplitude", r.number(&p.Amplitude)}, field{"period", r.duration(&p.Period)})
			case MMPP:
				fields = append(fields, field{key, r.rate(&p.Rate)}, field{"high", r.number(&p.High)}, field{"low", r.number(&p.Low)}, field{"hold", r.duration(&p.Hold)})
			case Replay:
				fields = append(fields, field{key, r.stamps(&p.Stamps)})
			case Schedule:
				fields = append(fields, field{key, r.steps(&p.Steps)})
			case Work:
				fields = append(fields, field{key, r.whole(&p.Work)}, field{"at-once", r.whole(&p.AtOnce)})
			case Users:
				fields = append(fields, field{key, r.whole(&p.Users)}, field{"think", r.distribution(&p.Think)})
			}
			r.object(n, path, fields...)
			*to = append(*to, p)
		})
	}
}

// steps reads a mapping from instants to rates.
func (r *reader) steps(to *[]RateStep) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			r.fault(n, path, "is %s, must be a mapping such as {0s: 100, 30s: 500}", describe(n))
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			var s RateStep
			at := join(path, n.Content[i].Value)
			r.lines[at] = n.Content[i].Line
			r.duration(&s.At)(n.Content[i], at)
			r.rate(&s.Rate)(n.Content[i+1], at)
			*to = append(*to, s)
		}
	}
}

// span reads two rates, such as [100, 1000].
func (r *reader) span(from, to *Rate) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.SequenceNode || len(n.Content) != 2 {
			r.fault(n, path, "is %s, must be two rates such as [100, 1000]", describe(n))
			return
		}
		r.rate(from)(n.Content[0], path)
		r.rate(to)(n.Content[1], path)
	}
}

var distributionKinds = []DistributionKind{Const, Exp, Lognormal, Gamma, Pareto, Bimodal, Empirical}

func (r *reader) distribution(to *Distribution) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		kind := mainKey(r, n, path, distributionKinds)
		to.Kind = kind
		fields := []field{{string(kind), r.duration(&to.Mean)}}
		switch kind {
		case "":
			return
		case Lognormal:
			fields = append(fields, field{"sigma", r.number(&to.Shape)})
		case Gamma:
			fields = append(fields, field{"shape", r.number(&to.Shape)})
		case Pareto:
			fields = append(fields, field{"alpha", r.number(&to.Shape)})
		case Bimodal:
			fields = append(fields, field{"slow", r.number(&to.Slow)}, field{"times", r.number(&to.Times)}, field{"shift", r.shift(&to.Shift)})
		case Empirical:
			fields[0].read = r.values(&to.Values)
		}
		r.object(n, path, fields...)
		if kind == Empirical {
			to.Mean = meanOf(to.Values)
		}
	}
}

func (r *reader) shift(to *Shift) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.object(n, path,
			field{"slow", r.number(&to.Slow)},
			field{"at", r.duration(&to.At)},
			field{"over", r.duration(&to.Over)})
	}
}

// stamps reads the arrivals out of a recorded trace.
func (r *reader) stamps(to *[]time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		t := r.trace(n, path)
		if t == nil {
			return
		}
		for _, at := range t.Arrivals() {
			*to = append(*to, time.Duration(at))
		}
		if len(*to) == 0 {
			r.fault(n, path, "%s has no arrivals", n.Value)
		}
	}
}

// values reads a list of times, or the latencies out of a recorded trace.
func (r *reader) values(to *[]time.Duration) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.SequenceNode {
			r.durations(to)(n, path)
			return
		}
		t := r.trace(n, path)
		if t == nil {
			return
		}
		for _, c := range t.Records {
			if !c.Failed && c.Latency > 0 {
				*to = append(*to, c.Latency)
			}
		}
		if len(*to) == 0 {
			r.fault(n, path, "%s has no single latencies", n.Value)
		}
	}
}

// trace opens a file that the scenario names, which must be beside it.
func (r *reader) trace(n *yaml.Node, path string) *trace.Trace {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.fault(n, path, "is %s, must be the name of a recorded trace", describe(n))
		return nil
	case r.dir == "":
		r.fault(n, path, "names the file %s, which only a scenario in a file may do", n.Value)
		return nil
	case !filepath.IsLocal(n.Value):
		r.fault(n, path, "names the file %s, which must be in the folder of the scenario", n.Value)
		return nil
	}
	t, err := trace.Open(filepath.Join(r.dir, n.Value), trace.Options{})
	if err != nil {
		r.fault(n, path, "%v", err)
		return nil
	}
	return t
}
