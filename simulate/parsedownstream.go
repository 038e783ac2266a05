package simulate

import (
	"go.yaml.in/yaml/v4"

	"github.com/flyball-go/flyball/internal/strict"
)

func (r *reader) downstream(to *Downstream) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var order string
		r.Object(n, path,
			strict.Key("servers", r.servers(&to.Servers)),
			strict.Key("service", r.distribution(&to.Service)),
			strict.Key("queue", r.Whole(&to.Queue)),
			strict.Key("order", r.Text(&order)),
			strict.Key("network", r.Duration(&to.Network)),
			strict.Key("usl", func(n *yaml.Node, path string) {
				r.Object(n, path,
					strict.Key("sigma", r.Number(&to.USL.Sigma)),
					strict.Key("kappa", r.Number(&to.USL.Kappa)))
			}),
			strict.Key("drop-stale", r.Flag(&to.DropStale)),
			strict.Key("rate-limit", func(n *yaml.Node, path string) {
				r.Object(n, path,
					strict.Key("rate", r.Number(&to.RateLimit.Rate)),
					strict.Key("burst", r.Whole(&to.RateLimit.Burst)),
					strict.Key("retry-after", r.Duration(&to.RateLimit.RetryAfter)),
					strict.Key("then", r.excess(&to.RateLimit.Then)))
			}),
			strict.Key("hard-limit", func(n *yaml.Node, path string) {
				r.Object(n, path,
					strict.Key("in-flight", r.Whole(&to.HardLimit.InFlight)),
					strict.Key("then", r.excess(&to.HardLimit.Then)))
				r.notEmpty(to.HardLimit == HardLimit{}, n, path+".in-flight")
			}),
			strict.Key("latency", r.latency(&to.Latency)))
		to.Order = Order(order)
		if line, ok := r.Given(path + ".queue"); ok && !r.Wrong(path+".queue") {
			switch at := (&yaml.Node{Line: line}); {
			case to.Latency != LatencyModel{}:
				r.Fault(at, path+".queue", notWithLatency)
			case to.Queue < 0:
				r.Fault(at, path+".queue", "is %d, must be 0 or more; leave it out for a queue without bound", to.Queue)
			}
		}
	}
}

func (r *reader) excess(to *Excess) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var then string
		r.Text(&then)(n, path)
		*to = Excess(then)
	}
}

func (r *reader) latency(to *LatencyModel) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.Object(n, path,
			strict.Key("base", r.Duration(&to.Base)),
			strict.Key("noise", r.Number(&to.Noise)),
			strict.Key("slope", r.Duration(&to.Slope)),
			strict.Key("knee", r.Whole(&to.Knee)),
			strict.Key("growth", r.Number(&to.Growth)))
		if r.notEmpty(*to == LatencyModel{}, n, path+".base") {
			r.Mark("downstream.servers")
			r.Mark("downstream.service") // they are not missing as well
		}
	}
}

// notEmpty makes it a fault that a mapping says nothing, which would pass as if it
// were not there.
func (r *reader) notEmpty(empty bool, n *yaml.Node, path string) (told bool) {
	if empty && !r.Hides(path) {
		r.Fault(n, path, "is missing, must be above 0")
		return true
	}
	return false
}

// servers reads their number, or a mapping from instants to numbers.
func (r *reader) servers(to *[]Step) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			var s Step
			r.Whole(&s.Servers)(n, path)
			*to = []Step{s}
			return
		}
		if n.Kind != yaml.MappingNode {
			r.Fault(n, path, "is %s, must be a number, or a mapping such as {0s: 20, 80s: 10}", strict.Describe(n))
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			var s Step
			at := strict.Join(path, n.Content[i].Value)
			r.Place(at, n.Content[i].Line)
			r.Duration(&s.At)(n.Content[i], at)
			r.Whole(&s.Servers)(n.Content[i+1], at)
			*to = append(*to, s)
		}
	}
}
