package simulate

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOscillationIsTheTotalVariationPerSecondAndCall(t *testing.T) {
	r := handmade("vegas", 1, 80)
	x, ok := r.oscillation(span{0, Bins})
	require.True(t, ok)
	require.Zero(t, x)
	r.Series.Limit = []float64{8, 12, 8, 12, 10} // moves by 14 in 2 s, around 10
	x, ok = r.oscillation(span{0, 5})
	require.True(t, ok)
	require.InDelta(t, 0.7, x, 1e-12)
	x, _ = r.oscillation(span{1, 3})
	require.InDelta(t, 4/0.5/10, x, 1e-12)
	_, ok = r.oscillation(span{1, 2})
	require.False(t, ok)
	r.Series.Limit = make([]float64, 5)
	_, ok = r.oscillation(span{0, 5})
	require.False(t, ok)
}

func TestOvershootIsBeyondTheSideTheLimitMovesTo(t *testing.T) {
	r := handmade("vegas", 1, 80)
	for _, c := range []struct {
		name  string
		limit []float64
		from  int
		want  float64
	}{
		{"up from the start", []float64{6, 30, 25, 20, 20, 20, 20, 20}, 0, 0.5},
		{"up, after a change", []float64{10, 10, 30, 24, 20, 20}, 2, 0.5},
		{"down, after a change", []float64{20, 20, 15, 4, 9, 10, 10, 10, 10, 10}, 2, 0.6},
		{"down without any", []float64{20, 20, 15, 12, 10, 10}, 2, 0},
		{"none", []float64{10, 10, 10, 10}, 0, 0},
	} {
		r.Series.Limit = c.limit
		x, ok := r.overshoot(span{c.from, len(c.limit)})
		require.True(t, ok, c.name)
		require.InDelta(t, c.want, x, 1e-12, c.name)
	}
	r.Series.Limit = make([]float64, 5)
	_, ok := r.overshoot(span{0, 5})
	require.False(t, ok)
}

func TestDerivedNumbersAreInTheResult(t *testing.T) {
	sc, err := Parse("s.yaml", []byte(checked+"- score >= 0\n"))
	require.NoError(t, err)
	o := handmade("oracle", 1, 100)
	r := handmade("vegas", 1, 90)
	put(r.Series.Goodput, 120, 170, 0)
	r.Wasted, r.Admitted = r.Served, 18_000
	r.judge(sc, o)
	require.InDelta(t, 1.5, r.Amplification, 1e-12)
	require.InDelta(t, 0.5, r.WastedShare, 1e-12)
	require.Len(t, r.Recoveries, 1, "the other fault does not end")
	require.InDelta(t, 80, r.Recoveries[0].At, 1e-12)
	require.InDelta(t, 5, *r.Recoveries[0].Took, 1e-12)
}

func TestStudentsTIsThatOfTheTables(t *testing.T) {
	for freedom, want := range map[int]float64{1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 9: 2.2622, 10: 2.2281, 19: 2.0930, 30: 2.0423, 120: 1.9799, 9999: 1.9602} {
		require.InDelta(t, want, studentT(0.95, freedom), 6e-5, freedom)
	}
	require.InDelta(t, 2.8609, studentT(0.99, 19), 6e-5)
}

func TestTheIntervalIsThatOfAKnownExample(t *testing.T) {
	// Mean 4, deviation 1.5811, t(4) = 2.7764.
	e := Estimated([]float64{2, 3, 4, 5, 6})
	require.Equal(t, 5, e.Runs)
	require.InDelta(t, 4, e.Mean, 1e-12)
	require.InDelta(t, 2.7764*math.Sqrt(2.5)/math.Sqrt(5), e.Half, 1e-4)
	require.Equal(t, Estimate{Runs: 1, Mean: 7}, Estimated([]float64{7}))
	require.Zero(t, Estimated(nil))

	rep := &Report{Scenario: "s", Results: []*Result{handmade("vegas", 1, 80), handmade("vegas", 2, 90), handmade("aimd", 1, 10)}}
	e, err := rep.Estimate("vegas", "goodput")
	require.NoError(t, err)
	require.InDelta(t, 85, e.Mean, 1e-12)
	require.InDelta(t, 12.7062*5, e.Half, 1e-3)
	_, err = rep.Estimate("vegas", "p98")
	require.ErrorContains(t, err, "p98")
	_, err = rep.Estimate("vagas", "score")
	require.ErrorContains(t, err, "no guard vagas")
}

func TestSeedsFollowTheScenariosOwnAndAreNever0(t *testing.T) {
	require.Equal(t, []uint64{1, 2, 3}, (&Scenario{}).Seeds(3))
	require.Equal(t, []uint64{math.MaxUint64, 1}, (&Scenario{Seed: math.MaxUint64}).Seeds(2))
}
