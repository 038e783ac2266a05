package simulate

import (
	"math"
	"time"
)

// usl is the slow-down with n calls in service.
func (u USL) usl(n int) float64 {
	x := float64(n)
	return 1 + u.Sigma*(x-1) + u.Kappa*x*(x-1)
}

// abreast is how many calls can be in service at t.
func (w *weather) abreast(t int64) int { return w.down.HardLimit.cap(w.servers(t)) }

// rightLimit is right in permits, of which a call may take more than one.
func (w *weather) rightLimit(t int64) float64 { return w.right(t) * w.service.weightAt(t) }

// right is the number of calls that a caller who knew everything would start from at
// t: as many as keep every server busy over the network, or as a hard limit
// takes. With a USL or a latency model it is the number that maximises throughput ×
// round trip^−0.4. A rate limit counts in a latency model only, which may have
// nothing else that bounds it; elsewhere servers are what a rate of "1.3x" is of.
func (w *weather) right(t int64) float64 {
	network := float64(w.down.Network)
	if w.down.Latency != (LatencyModel{}) {
		n, time := w.inLatency(t, rightPower)
		return float64(n) * (1 + network/time)
	}
	service := w.service.meanAt(t) * w.slow(t)
	servers := float64(w.abreast(t))
	if w.down.USL == (USL{}) {
		return servers * (1 + network/service)
	}
	best, most := 1.0, 0.0
	for n := 1.0; n <= servers; n++ {
		rtt := service*w.down.USL.usl(int(n)) + network
		x := n * math.Pow(rtt, -1-rightPower)
		if x < most {
			break // it has one peak
		}
		best, most = n, x
	}
	return best
}

// rightPower is how much latency counts against throughput in what is right: as
// much as the tails do in what the oracle maximises.
const rightPower = 2 * tailWeight

// inLatency is the best number of calls in a latency model, and how long each takes
// then.
func (w *weather) inLatency(t int64, power float64) (n int, time float64) {
	l, slow := &w.down.Latency, w.slow(t)
	n = l.best(w.down.HardLimit.cap(maxServers), slow, w.down.RateLimit.perNano(), float64(w.down.Network), power)
	return n, slow * l.time(n, 1)
}

// capacity is what the downstream can serve at t, in calls per second.
func (w *weather) capacity(t int64) float64 {
	if w.down.Latency != (LatencyModel{}) {
		n, service := w.inLatency(t, rightPower)
		return min(float64(n)/service, w.down.RateLimit.perNano()) * float64(time.Second)
	}
	service := w.service.meanAt(t) * w.slow(t) / float64(time.Second)
	if w.down.USL == (USL{}) {
		return float64(w.abreast(t)) / service
	}
	n := w.right(t)
	return n / (service * w.down.USL.usl(int(n)))
}

// mostCapacity bounds capacity from above, at all times.
func (w *weather) mostCapacity() float64 {
	servers, speed := 0, 1.0
	for _, s := range w.down.Servers {
		servers = max(servers, s.Servers)
	}
	for _, f := range w.faults {
		switch f.Kind {
		case Slow:
			speed *= max(1, 1/f.Value)
		case Capacity:
			servers = int(math.Ceil(float64(servers) * max(1, f.Value)))
		}
	}
	if l := &w.down.Latency; *l != (LatencyModel{}) {
		n := l.best(w.down.HardLimit.cap(maxServers), 1, math.Inf(1), 0, 0)
		return float64(n) / l.time(n, 1) * float64(time.Second) * speed
	}
	return float64(max(1, servers)) * speed / (w.service.least() / float64(time.Second))
}
