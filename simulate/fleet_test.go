package simulate

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joining is a fleet whose clients join 20 s after one another.
func joining() *Scenario {
	sc := simple(300, 20, 60*time.Second)
	sc.Timeout = 2 * time.Second
	sc.Clients = Clients{Count: 3, Join: []time.Duration{0, 20 * time.Second, 40 * time.Second}}
	return sc
}

func offered(t *testing.T, sc *Scenario) (of []float64) {
	t.Helper()
	require.NoError(t, sc.Validate())
	kind, err := parseGuard("fixed:1x")
	require.NoError(t, err)
	r, err := newRun(sc.with(sc.seed()), kind)
	require.NoError(t, err)
	_, err = r.play(context.Background(), 0)
	require.NoError(t, err)
	for _, c := range r.fleet {
		of = append(of, float64(c.offered))
	}
	return of
}

func TestAClientMakesNoCallsBeforeItJoins(t *testing.T) {
	require.InEpsilonSlice(t, []float64{11000, 5000, 2000}, offered(t, joining()), 0.05)
	skewed := joining()
	skewed.Clients.Skew = 3
	// 20 s alone, then 1 to 3, then 1 to 3 to 3.
	require.InEpsilonSlice(t, []float64{6000 + 6000.0/4 + 6000.0/7, 6000*3.0/4 + 6000*3.0/7, 6000 * 3.0 / 7}, offered(t, skewed), 0.05)
}

func TestUsersComeWithTheirClient(t *testing.T) {
	sc := joining()
	sc.Load = []Phase{{Arrivals: Users, Users: 30, Think: Distribution{Kind: Const, Mean: 950 * ms}}}
	sc.Downstream.Servers[0].Servers = 100
	require.InEpsilonSlice(t, []float64{600, 400, 200}, offered(t, sc), 0.05)
}

func TestALimitCountsFromTheJoining(t *testing.T) {
	got := compare(t, joining(), "fixed:5", "fixed:2x", "vegas", "chained")
	limit := func(guard string) []float64 {
		s := got[guard].Series.Limit
		return []float64{s[40], s[120], s[200]}
	}
	require.Equal(t, []float64{5, 10, 15}, limit("fixed:5"))
	require.Equal(t, []float64{14, 27, 40}, limit("fixed:2x"), "for a known fleet each is given its part")
	best := got["oracle"].Oracle * 20
	require.InDeltaSlice(t, []float64{best, best, best}, limit("oracle"), 0.51, "the oracle always gives all of it")
}

// A program that starts makes its guard, whether it has calls to make or not.
func TestAClientJoinsWithoutACall(t *testing.T) {
	sc := joining()
	sc.Load = []Phase{{Arrivals: Replay, Stamps: []time.Duration{0}}}
	limit := play(t, sc, "fixed:5").Series.Limit
	require.Equal(t, []float64{5, 10, 10, 15}, []float64{limit[79], limit[80], limit[159], limit[160]})
}

// A late client may call in the very instant it joins.
func TestJoiningComesBeforeCalling(t *testing.T) {
	sc := simple(1, 5, 10*time.Second)
	sc.Clients = Clients{Count: 2, Join: []time.Duration{0, 3 * time.Second}}
	sc.Load = []Phase{{Arrivals: Replay}}
	for range 40 {
		sc.Load[0].Stamps = append(sc.Load[0].Stamps, 3*time.Second)
	}
	of := offered(t, sc)
	require.InDelta(t, 40, of[0]+of[1], 0)
	require.InDelta(t, 20, of[1], 10)
}

func TestJoiningAtOnceIsNoJoining(t *testing.T) {
	sc := joining()
	sc.Clients.Join = make([]time.Duration, 3)
	at0 := play(t, sc, "vegas")
	sc.Clients.Join = nil
	require.Equal(t, play(t, sc, "vegas"), at0)
}
