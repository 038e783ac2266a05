package simulate

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

var arrivalKinds = []Arrivals{Poisson, Constant, Ramp, Sine, MMPP, Schedule, Replay, Users, Work}

// load reads one phase, or a list of them.
func (r *reader) load(to *[]Phase) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			p := Phase{Arrivals: mainKey(r, n, path, arrivalKinds)}
			key := string(p.Arrivals)
			fields := []field{{"for", r.duration(&p.For)}}
			var file traceFile
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
				fields = append(fields, file.fields(r, key)...)
			case Schedule:
				fields = append(fields, field{key, r.steps(&p.Steps)})
			case Work:
				fields = append(fields, field{key, r.whole(&p.Work)}, field{"at-once", r.whole(&p.AtOnce)})
			case Users:
				fields = append(fields, field{key, r.whole(&p.Users)}, field{"think", r.distribution(&p.Think)})
			}
			r.object(n, path, fields...)
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

// traced is how a file writes an Empirical whose values a recorded trace has.
const traced DistributionKind = "trace"

var distributionKeys = append(slices.Clone(distributionKinds), traced)

func (r *reader) distribution(to *Distribution) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		kind := mainKey(r, n, path, distributionKeys)
		to.Kind = kind
		fields := []field{{string(kind), r.duration(&to.Mean)}}
		var file traceFile
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
			fields[0].read = r.durations(&to.Values)
		case traced:
			fields = file.fields(r, string(kind))
			to.Kind = Empirical
		}
		r.object(n, path, fields...)
		if kind == traced {
			if to.Values, to.UpTo = file.latencies(r); to.Values == nil {
				r.wrong[join(path, string(Empirical))] = true // why is told already
			}
		}
		if to.Kind == Empirical {
			to.Mean = to.meanOfValues()
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
