package simulate

import "go.yaml.in/yaml/v4"

func (r *reader) downstream(to *Downstream) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var order string
		r.object(n, path,
			field{"servers", r.servers(&to.Servers)},
			field{"service", r.distribution(&to.Service)},
			field{"queue", r.whole(&to.Queue)},
			field{"order", r.text(&order)},
			field{"network", r.duration(&to.Network)},
			field{"usl", func(n *yaml.Node, path string) {
				r.object(n, path,
					field{"sigma", r.number(&to.USL.Sigma)},
					field{"kappa", r.number(&to.USL.Kappa)})
			}},
			field{"drop-stale", r.flag(&to.DropStale)},
			field{"rate-limit", func(n *yaml.Node, path string) {
				r.object(n, path,
					field{"rate", r.number(&to.RateLimit.Rate)},
					field{"burst", r.whole(&to.RateLimit.Burst)},
					field{"retry-after", r.duration(&to.RateLimit.RetryAfter)},
					field{"then", r.excess(&to.RateLimit.Then)})
			}},
			field{"hard-limit", func(n *yaml.Node, path string) {
				r.object(n, path,
					field{"in-flight", r.whole(&to.HardLimit.InFlight)},
					field{"then", r.excess(&to.HardLimit.Then)})
				r.notEmpty(to.HardLimit == HardLimit{}, n, path+".in-flight")
			}},
			field{"latency", r.latency(&to.Latency)})
		to.Order = Order(order)
		if line, ok := r.lines[path+".queue"]; ok && !r.wrong[path+".queue"] {
			switch at := (&yaml.Node{Line: line}); {
			case to.Latency != LatencyModel{}:
				r.fault(at, path+".queue", notWithLatency)
			case to.Queue < 0:
				r.fault(at, path+".queue", "is %d, must be 0 or more; leave it out for a queue without bound", to.Queue)
			}
		}
	}
}

func (r *reader) excess(to *Excess) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var then string
		r.text(&then)(n, path)
		*to = Excess(then)
	}
}

func (r *reader) latency(to *LatencyModel) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.object(n, path,
			field{"base", r.duration(&to.Base)},
			field{"noise", r.number(&to.Noise)},
			field{"slope", r.duration(&to.Slope)},
			field{"knee", r.whole(&to.Knee)},
			field{"growth", r.number(&to.Growth)})
		if r.notEmpty(*to == LatencyModel{}, n, path+".base") {
			r.wrong["downstream.servers"], r.wrong["downstream.service"] = true, true // they are not missing as well
		}
	}
}

// notEmpty makes it a fault that a mapping says nothing, which would pass as if it
// were not there.
func (r *reader) notEmpty(empty bool, n *yaml.Node, path string) (told bool) {
	if empty && !r.hides(path) {
		r.fault(n, path, "is missing, must be above 0")
		return true
	}
	return false
}

// servers reads their number, or a mapping from instants to numbers.
func (r *reader) servers(to *[]Step) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.ScalarNode {
			var s Step
			r.whole(&s.Servers)(n, path)
			*to = []Step{s}
			return
		}
		if n.Kind != yaml.MappingNode {
			r.fault(n, path, "is %s, must be a number, or a mapping such as {0s: 20, 80s: 10}", describe(n))
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			var s Step
			at := join(path, n.Content[i].Value)
			r.lines[at] = n.Content[i].Line
			r.duration(&s.At)(n.Content[i], at)
			r.whole(&s.Servers)(n.Content[i+1], at)
			*to = append(*to, s)
		}
	}
}
