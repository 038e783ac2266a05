package corelimit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/stretchr/testify/require"
)

func TestNamesAreReadBack(t *testing.T) {
	for i := range Laws {
		l, err := Parse(Law(i).String())
		require.NoError(t, err)
		require.Equal(t, Law(i), l)
	}
	for _, s := range []string{"", "vegas", "corelimit/", "corelimit/vegaswin", "corelimit/Vegas"} {
		_, err := Parse(s)
		require.ErrorContains(t, err, fmt.Sprintf("unknown law %q, must be corelimit/ and one of aimd, ", s))
	}
}

func TestLawsOfEqualNamesAreEqual(t *testing.T) {
	var a, b adaptive.Law = Vegas, Vegas
	require.True(t, a == b)
	require.False(t, a == adaptive.Law(VegasWindowed))
}

func TestOnlyVegasAndGradientAreNotRepeatable(t *testing.T) {
	for i := range Laws {
		l := Law(i)
		drawn := l == Vegas || l == VegasWindowed || l == Gradient || l == GradientWindowed
		require.Equal(t, !drawn, l.Repeatable(), l.String())
	}
}

func TestEachLimiterHasALimitOfItsOwn(t *testing.T) {
	made := 0
	law := New(func() core.Limit { made++; return &spy{limit: 3} })
	require.Equal(t, "corelimit/custom", fmt.Sprint(law))
	for range 2 {
		require.Equal(t, 3, drive(t, adaptive.Config{}, law, nil, ignore).Limit())
	}
	require.Equal(t, 2, made)
}

func TestNamesSayWhetherALawIsToldOfWindows(t *testing.T) {
	for i := range Laws {
		_, windowed := Law(i).New().(*perWindow)
		require.Equal(t, strings.HasSuffix(Law(i).String(), "-win"), windowed, Law(i).String())
	}
}

func TestNamedLawsStartWhereConfigSays(t *testing.T) {
	c := adaptive.Config{Initial: 12, Min: 10, Max: 15}
	for i := range Laws {
		l := drive(t, c, Law(i), nil, ignore)
		require.Equal(t, 12, l.Limit(), Law(i).String())
	}
}

func TestLimitsKeepTheBoundsThemselves(t *testing.T) {
	for i := range Laws {
		up, down := Law(i).limit(12, 10, 15), Law(i).limit(12, 10, 15)
		lowest := 12
		for k := range 200 {
			up.OnSample(0, 1e6, up.EstimatedLimit(), false)
			down.OnSample(0, 1e6<<min(k, 20), 15, true)
			lowest = min(lowest, down.EstimatedLimit())
		}
		if Law(i) != AIMD && Law(i) != AIMDWindowed { // bounded by the calls in flight
			require.Equal(t, 15, up.EstimatedLimit(), Law(i).String())
		}
		if l := Law(i); l == Gradient || l == Gradient2 { // the others go down to 1
			require.Equal(t, 10, lowest, l.String())
		}
	}
}

// Vegas and Gradient are compared until they may first draw a random number.
func TestTrajectoriesAreTheirs(t *testing.T) {
	always := func(samples, limit int) bool { return true }
	for _, c := range []struct {
		law   Law
		limit core.Limit
		exact func(samples, limit int) bool
		least int // distinct limits that the run must have seen, or it proves nothing
	}{
		{AIMD, limit.NewAIMDLimit("", 60, 0.9, 1, nil), always, 50},
		{Vegas, limit.NewVegasLimitWithRegistry("", 60, nil, 300, -1, nil, nil, nil, nil, nil, -1, nil, nil),
			func(samples, limit int) bool { return samples < 15*limit }, 10}, // half of 30 a place
		{Gradient, limit.NewGradientLimitWithRegistry("", 60, 1, 300, -1, nil, -1, 0, nil, nil),
			func(samples, _ int) bool { return samples < 1000 }, 10},
		{Gradient2, must(limit.NewGradient2Limit("", 60, 300, 1, nil, 0.2, 600, nil, nil)), always, 50},
	} {
		t.Run(c.law.String(), func(t *testing.T) {
			samples, exact, seen := 0, true, map[int]bool{}
			config := adaptive.Config{Initial: 60, Max: 300, Queue: -1}
			drive(t, config, c.law, load(20_000), func(l *adaptive.Limiter, s sample) {
				samples++
				if exact = exact && c.exact(samples, l.Limit()); !exact {
					return
				}
				c.limit.OnSample(0, int64(s.rtt), s.inFlight, s.drop)
				require.Equal(t, min(max(c.limit.EstimatedLimit(), 1), 300), l.Limit())
				seen[l.Limit()] = true
			})
			require.GreaterOrEqual(t, len(seen), c.least)
		})
	}
}

func must(l *limit.Gradient2Limit, err error) *limit.Gradient2Limit {
	if err != nil {
		panic(err)
	}
	return l
}

func TestWhatIsNoSampleIsNotTold(t *testing.T) {
	s := &spy{limit: 8}
	ms := time.Millisecond
	drive(t, adaptive.Config{Queue: -1}, New(func() core.Limit { return s }), []call{
		{0, 10 * ms, adaptive.Failure},
		{1 * ms, 10 * ms, adaptive.Ignored},
		{2 * ms, 10 * ms, adaptive.Abandoned},
		{3 * ms, 10 * ms, adaptive.Success},
		{4 * ms, 10 * ms, adaptive.Success},
		{5 * ms, 1 * ms, adaptive.Refused}, // before any round trip is known
		{20 * ms, 1 * ms, adaptive.Refused},
		{30 * ms, 100 * ms, adaptive.TimedOut},
	}, ignore)
	require.Len(t, s.samples, 5)
	require.Equal(t, []bool{true, false, false, true, true}, drops(s.samples))
	require.Equal(t, 6*ms, s.samples[0].rtt, "as long as nothing ended")
	require.InEpsilon(t, 10*ms, s.samples[1].rtt, 0.033)
	require.Equal(t, 4, s.samples[1].inFlight)
	require.Equal(t, 5, s.samples[2].inFlight)
	require.Equal(t, s.samples[2].rtt, s.samples[3].rtt, "a refusal has none of its own")
	require.InEpsilon(t, 100*ms, s.samples[4].rtt, 0.033)
}

func drops(samples []sample) (drop []bool) {
	for _, s := range samples {
		drop = append(drop, s.drop)
	}
	return drop
}

func TestNothingIsLearnedOfAPinnedLimit(t *testing.T) {
	s := &spy{limit: 8}
	l, call := calls(t, New(func() core.Limit { return s }))
	call(time.Millisecond)
	require.NoError(t, l.SetLimit(3))
	call(time.Millisecond)
	require.Equal(t, 3, l.Limit())
	require.Len(t, s.samples, 1)
	l.Resume()
	call(time.Millisecond)
	require.Equal(t, 8, l.Limit(), "a limit of one's own keeps its estimate")
	require.Len(t, s.samples, 2)
}

func TestNamedLawsGoOnFromWhereTheLimitWasPinned(t *testing.T) {
	for _, law := range []Law{AIMD, Vegas} {
		l, call := calls(t, law)
		require.NoError(t, l.SetLimit(30))
		call(time.Millisecond)
		l.Resume()
		call(time.Millisecond)
		require.Equal(t, 30, l.Limit(), law.String())
	}
}

func TestAWindowForgetsWhatWasBeforeThePin(t *testing.T) {
	s := &spy{limit: 8}
	l, call := calls(t, NewWindowed(func() core.Limit { return s }))
	for range 101 {
		call(time.Millisecond)
	}
	require.Len(t, s.samples, 1)
	for range 60 { // a second, and not enough of them
		call(20 * time.Millisecond)
	}
	require.NoError(t, l.SetLimit(3))
	l.Resume()
	for range 100 {
		call(time.Millisecond)
	}
	require.Len(t, s.samples, 1)
	for range 5 { // the limiter lets calls from before the pin end first
		call(time.Millisecond)
	}
	require.Len(t, s.samples, 2)
}

// calls makes a Limiter in virtual time and a function that makes a call through it.
func calls(t *testing.T, law adaptive.Law) (*adaptive.Limiter, func(takes time.Duration)) {
	var now adaptive.Instant
	l, err := adaptive.NewWith(adaptive.Config{}, adaptive.Parts{
		Law: law, Clock: adaptive.Clock{Now: func() adaptive.Instant { return now }},
	})
	require.NoError(t, err)
	return l, func(takes time.Duration) {
		p, ok := l.TryAcquire()
		require.True(t, ok)
		now = now.Add(takes)
		p.Done(adaptive.Success)
	}
}
