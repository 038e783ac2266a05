package fit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// stepOf is a step that the target kept up with, of which the quantiles are known.
func stepOf(rate float64, calls int, quantile func(float64) float64) load.Step {
	s := load.Step{Rate: rate, For: time.Duration(float64(calls) / rate * float64(time.Second)), Sent: uint64(calls), OK: uint64(calls), Goodput: rate, Passed: true}
	sum := 0.0
	for i := range 200 {
		v := quantile((float64(i) + 0.5) / 200)
		sum += v
		s.Service.Points = append(s.Service.Points, time.Duration(v))
	}
	s.Service.Mean = time.Duration(sum / 200)
	s.Service.P50, s.Service.P99 = s.Service.Points[100], s.Service.Points[198]
	return s
}

func one(*load.Step) float64 { return 1 }

func TestFamiliesFindTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mean := rapid.Float64Range(1e6, 1e9).Draw(t, "mean")
		sigma := rapid.Float64Range(0.02, 1).Draw(t, "sigma")
		k := 1 / (sigma * sigma)
		normal := distuv.LogNormal{Mu: math.Log(mean) - sigma*sigma/2, Sigma: sigma}
		gamma := distuv.Gamma{Alpha: k, Beta: k / mean}

		f := timesOf([]load.Step{stepOf(50, 2000, normal.Quantile)}, one).families()
		require.InEpsilon(t, sigma, f[1].Service.Shape, 0.05)
		require.InEpsilon(t, mean, f[1].Service.Mean, 0.05)
		require.Less(t, f[1].KS, 0.02)
		if sigma > 0.3 { // narrower ones are alike
			require.Less(t, f[1].AIC, f[2].AIC)
			require.Less(t, f[1].KS, f[2].KS)
		}

		f = timesOf([]load.Step{stepOf(50, 2000, gamma.Quantile)}, one).families()
		require.InEpsilon(t, k, f[2].Service.Shape, 0.1)
		require.InEpsilon(t, mean, f[2].Service.Mean, 0.02)
		require.Less(t, f[2].KS, 0.02)
		if sigma > 0.3 {
			require.Less(t, f[2].AIC, f[1].AIC)
			require.Less(t, f[2].KS, f[1].KS)
		}
		require.Equal(t, simulate.Empirical, f[0].Service.Kind)
		require.True(t, math.IsNaN(f[0].AIC))
	})
}

func TestEqualTimesAreAFamilyToo(t *testing.T) {
	for _, f := range timesOf([]load.Step{stepOf(50, 2000, func(float64) float64 { return 40e6 })}, one).families() {
		require.InEpsilon(t, 40*ms, f.Service.Mean, 1e-3)
		require.False(t, math.IsInf(f.AIC, 0))
		sc := (&Twin{Downstream: simulate.Downstream{Servers: at(1), Service: f.Service, Queue: -1}, Timeout: time.Second}).Scenario()
		require.NoError(t, sc.Validate())
	}
}

func TestScalingLawIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		law := Scaling{rapid.Float64Range(1e-3, 1).Draw(t, "alone"), simulate.USL{
			Sigma: rapid.Float64Range(0, 0.5).Draw(t, "sigma"), Kappa: rapid.Float64Range(0, 0.01).Draw(t, "kappa"),
		}}
		var rates [][]load.Step
		for n := 1.0; n < 40; n *= 1.5 {
			took := law.Alone * law.times(n)
			rates = append(rates, []load.Step{stepOf(n/took, 1000, func(float64) float64 { return took * 1e9 })})
		}
		found, ok := scalingOf(rates)
		require.True(t, ok)
		require.InEpsilon(t, law.Alone, found.Alone, 1e-3)
		require.InDelta(t, law.Sigma, found.Sigma, 1e-3)
		require.InDelta(t, law.Kappa, found.Kappa, 1e-4)
	})
}

func TestBestConcurrency(t *testing.T) {
	require.InDelta(t, 31.3, Scaling{0.05, simulate.USL{Sigma: 0.02, Kappa: 0.001}}.Best(), 0.1)
	require.True(t, math.IsInf(Scaling{0.05, simulate.USL{Sigma: 0.02}}.Best(), 1))
	require.Zero(t, Scaling{0.05, simulate.USL{Sigma: 1.5, Kappa: 0.1}}.Best())
}

// TestNoiseIsWhatComesAndGoes has calm steps whose times rise evenly, and others
// whose times come and go.
func TestNoiseIsWhatComesAndGoes(t *testing.T) {
	twin := &Twin{Capacity: 1000}
	of := func(factor func(i int) float64) [3]float64 {
		var rates [][]load.Step
		for i := range 7 {
			d := distuv.LogNormal{Mu: math.Log(40e6 * factor(i)), Sigma: 0.1}
			rates = append(rates, []load.Step{stepOf(20*math.Pow(1.5, float64(i)), 2000, d.Quantile)})
		}
		return noiseOf(rates, twin)
	}
	require.Zero(t, of(func(int) float64 { return 1 }))
	require.Zero(t, of(func(i int) float64 { return math.Pow(1.1, float64(i)) }))
	require.InDelta(t, 0.2, of(func(i int) float64 { return 1 + 0.4*float64(i%2) })[2], 0.15)
}

func TestWhatChanceExplainsIsNoDoubt(t *testing.T) {
	judged := func(measured, low, high time.Duration, calls int) *Twin {
		return &Twin{Judged: []Judgement{{
			Where: "100 calls/s", Rate: 100, Calls: calls, Below: true, Measured: Seen{100, 40 * ms, measured},
			Predicted: Prediction{Seen: Seen{100, 40 * ms, 100 * ms}, Low: Seen{100, 40 * ms, low}, High: Seen{100, 40 * ms, high}},
		}}}
	}
	require.Empty(t, judged(110*ms, 95*ms, 105*ms, 1000).Doubt())
	require.Empty(t, judged(120*ms, 91*ms, 120*ms, 1000).Doubt(), "off by more, but by chance")
	require.Contains(t, judged(121*ms, 88*ms, 120*ms, 1000).Doubt(), "off by 17 % in p99 at 100 calls/s, more than 15 %")
	require.Contains(t, judged(110*ms, 70*ms, 130*ms, 500).Doubt(), "of the 500 calls of what was held out, chance alone moves p99 by 30 %; it takes about 2000, 1500 more")
}
