package simulate

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

var arrivalKinds = []Arrivals{Poisson, Constant, Ramp, Sine, MMPP, Schedule, Replay, Users, Work}

// load reads one phase, or a list of them.
func (r *reader) load(to *[]Phase) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.List(n, path, func(n *yaml.Node, path string) {
			p := Phase{Arrivals: mainKey(r, n, path, arrivalKinds)}
			key := string(p.Arrivals)
			fields := []strict.Field{strict.Key("for", r.Duration(&p.For))}
			var file traceFile
			switch p.Arrivals {
			case "":
				return
			case Poisson, Constant:
				fields = append(fields, strict.Key(key, r.rate(&p.Rate)))
			case Ramp:
				fields = append(fields, strict.Key(key, r.span(&p.Rate, &p.To)))
			case Sine:
				fields = append(fields, strict.Key(key, r.rate(&p.Rate)), strict.Key("amplitude", r.Number(&p.Amplitude)), strict.Key("period", r.Duration(&p.Period)))
			case MMPP:
				fields = append(fields, strict.Key(key, r.rate(&p.Rate)), strict.Key("high", r.Number(&p.High)), strict.Key("low", r.Number(&p.Low)), strict.Key("hold", r.Duration(&p.Hold)))
			case Replay:
				fields = append(fields, file.fields(r, key)...)
			case Schedule:
				fields = append(fields, strict.Key(key, r.steps(&p.Steps)))
			case Work:
				fields = append(fields, strict.Key(key, r.Whole(&p.Work)), strict.Key("at-once", r.Whole(&p.AtOnce)))
			case Users:
				fields = append(fields, strict.Key(key, r.Whole(&p.Users)), strict.Key("think", r.distribution(&p.Think)))
			}
			r.Object(n, path, fields...)
			if p.Arrivals == Replay {
				p.Stamps = file.stamps(r)
			}
			*to = append(*to, p)
		})
	}
}

// steps reads a mapping from instants to rates.
func (r *reader) steps(to *[]RateStep) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			r.Fault(n, path, "is %s, must be a mapping such as {0s: 100, 30s: 500}", strict.Describe(n))
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			var s RateStep
			at := strict.Join(path, n.Content[i].Value)
			r.Place(at, n.Content[i].Line)
			r.Duration(&s.At)(n.Content[i], at)
			r.rate(&s.Rate)(n.Content[i+1], at)
			*to = append(*to, s)
		}
	}
}

// span reads two rates, such as [100, 1000].
func (r *reader) span(from, to *Rate) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.SequenceNode || len(n.Content) != 2 {
			r.Fault(n, path, "is %s, must be two rates such as [100, 1000]", strict.Describe(n))
			return
		}
		r.rate(from)(n.Content[0], path)
		r.rate(to)(n.Content[1], path)
	}
}

var distributionKinds = []DistributionKind{Const, Exp, Lognormal, Gamma, Pareto, Bimodal, Empirical}

// traced is how a file writes an Empirical whose values a recorded trace has.
const traced DistributionKind = "trace"

var distributionKeys = append(slices.Clone(distributionKinds), traced)

func (r *reader) distribution(to *Distribution) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		kind := mainKey(r, n, path, distributionKeys)
		to.Kind = kind
		fields := []strict.Field{strict.Key(string(kind), r.Duration(&to.Mean))}
		var file traceFile
		switch kind {
		case "":
			return
		case Lognormal:
			fields = append(fields, strict.Key("sigma", r.Number(&to.Shape)))
		case Gamma:
			fields = append(fields, strict.Key("shape", r.Number(&to.Shape)))
		case Pareto:
			fields = append(fields, strict.Key("alpha", r.Number(&to.Shape)))
		case Bimodal:
			fields = append(fields, strict.Key("slow", r.Number(&to.Slow)), strict.Key("times", r.Number(&to.Times)), strict.Key("shift", r.shift(&to.Shift)))
		case Empirical:
			fields[0].Read = r.durations(&to.Values)
		case traced:
			fields = file.fields(r, string(kind))
			to.Kind = Empirical
		}
		r.Object(n, path, fields...)
		if kind == traced {
			if to.Values, to.UpTo = file.latencies(r); to.Values == nil {
				r.Mark(strict.Join(path, string(Empirical))) // why is told already
			}
		}
		if to.Kind == Empirical {
			to.Mean = to.meanOfValues()
		}
	}
}

func (r *reader) shift(to *Shift) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.Object(n, path,
			strict.Key("slow", r.Number(&to.Slow)),
			strict.Key("at", r.Duration(&to.At)),
			strict.Key("over", r.Duration(&to.Over)))
	}
}
