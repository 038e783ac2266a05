package fit

import (
	"cmp"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Family is a kind of distribution, as it fits the service times best.
type Family struct {
	Service simulate.Distribution
	AIC     float64 // Akaike's information criterion, the lower the better; NaN of the empirical, which has no likelihood
	KS      float64 // Kolmogorov and Smirnov's largest distance of the distribution functions
}

// Families are the kinds that service times are fitted with. The first fits
// anything: it is the measurement.
var Families = []simulate.DistributionKind{simulate.Empirical, simulate.Lognormal, simulate.Gamma}

// grain is the standard deviation of the logarithm of equal times that were counted
// to half a percent. Narrower than that, no distribution is known.
const grain = 0.0015

// quantiles is how many an empirical distribution is written with.
const quantiles = 200

// times are service times in nanoseconds, rising, each with how many calls it
// stands for.
type times struct {
	at, calls []float64
	n         float64
}

// timesOf are those of all steps together, those of each times scale.
func timesOf(steps []load.Step, scale func(*load.Step) float64) times {
	type point struct{ at, calls float64 }
	var all []point
	for i := range steps {
		s := &steps[i]
		for _, p := range s.Service.Points {
			all = append(all, point{scale(s) * float64(p), float64(s.OK) / float64(len(s.Service.Points))})
		}
	}
	slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	var t times
	for _, p := range all {
		t.at, t.calls, t.n = append(t.at, p.at), append(t.calls, p.calls), t.n+p.calls
	}
	return t
}

// timesFrom are those of single calls; it sorts them.
func timesFrom(took []float64) times {
	slices.Sort(took)
	t := times{at: took, n: float64(len(took))}
	for range took {
		t.calls = append(t.calls, 1)
	}
	return t
}

func (t times) mean() float64 { return stat.Mean(t.at, t.calls) }

// changed takes the network off and stretches what is left.
func (t times) changed(network time.Duration, scale float64) times {
	t.at = slices.Clone(t.at)
	for i := range t.at {
		t.at[i] = max(scale*(t.at[i]-float64(network)), float64(time.Microsecond))
	}
	return t
}

// families are fitted by maximum likelihood, in the order of Families.
func (t times) families() []Family {
	mean := t.mean()
	logs := make([]float64, len(t.at))
	for i, at := range t.at {
		logs[i] = math.Log(at)
	}
	mu, sigma := stat.PopMeanStdDev(logs, t.calls)
	sigma = max(sigma, grain)
	log := distuv.LogNormal{Mu: mu, Sigma: sigma}
	shape := gammaShape(math.Log(mean) - mu)
	return []Family{
		{Service: t.empirical(), AIC: math.NaN()},
		t.family(simulate.Lognormal, log.Mean(), sigma, log),
		t.family(simulate.Gamma, mean, shape, distuv.Gamma{Alpha: shape, Beta: shape / mean}),
	}
}

// gammaShape is the k of log k − ψ(k) = the logarithm of the mean less the mean of
// the logarithms, which is the most likely shape.
func gammaShape(logs float64) float64 {
	low, high := 1e-3, 1/(grain*grain)
	for range 100 {
		k := math.Sqrt(low * high)
		if math.Log(k)-mathext.Digamma(k) > logs {
			low = k
		} else {
			high = k
		}
	}
	return high
}

// empirical is the distribution of t itself.
func (t times) empirical() simulate.Distribution {
	d := simulate.Distribution{Kind: simulate.Empirical}
	below, i := t.calls[0], 0
	var sum time.Duration
	for k := range quantiles {
		for want := t.n * (float64(k) + 0.5) / quantiles; below < want && i < len(t.at)-1; {
			i++
			below += t.calls[i]
		}
		d.Values = append(d.Values, nanos(t.at[i]))
		sum += nanos(t.at[i])
	}
	d.Mean = sum / quantiles
	return d
}

func nanos(v float64) time.Duration {
	return max(time.Duration(v).Round(time.Microsecond), time.Microsecond)
}

// family says how well a distribution of two parameters fits.
func (t times) family(kind simulate.DistributionKind, mean, shape float64, d interface {
	LogProb(float64) float64
	CDF(float64) float64
}) Family {
	f := Family{Service: simulate.Distribution{Kind: kind, Mean: nanos(mean), Shape: shape}, AIC: 2 * 2}
	below := 0.0
	for i, at := range t.at {
		f.AIC -= 2 * t.calls[i] * d.LogProb(at)
		p := d.CDF(at)
		f.KS = max(f.KS, p-below/t.n, (below+t.calls[i])/t.n-p)
		below += t.calls[i]
	}
	return f
}
