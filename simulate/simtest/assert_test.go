package simtest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/simtest"
)

func TestNeverExceedsTellsThePeak(t *testing.T) {
	judged(t, lone(), func(v *verdict, d *simtest.Downstream) {
		time.Sleep(time.Second)
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() { require.NoError(v.TB, d.Call(v.Context())) })
		}
		time.Sleep(time.Nanosecond)
		d.NeverExceeds(3)
		require.Empty(v.TB, v.errors)
		d.NeverExceeds(2)
		require.Equal(v.TB, []string{"simtest: calls in flight: 3 from 1s on, want at most 2"}, v.errors)
		calls.Wait()
	})
}

func TestCallsThatFollowEachOtherAtOneInstantAreNoPeak(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		for range 3 {
			require.NoError(t, d.Call(t.Context()))
		}
		require.Equal(t, 1, d.Report().PeakInFlight)
	})
}

func TestAmplificationIsOfLogicalCalls(t *testing.T) {
	judged(t, lone(), func(v *verdict, d *simtest.Downstream) {
		require.NoError(v.TB, d.Call(v.Context()))
		require.Contains(v.TB, fatal(v, func() { d.AmplificationBelow(2) }), "no logical call")
		for range 2 {
			require.NoError(v.TB, d.Do(v.Context(), d.Call))
		}
		d.AmplificationBelow(1.51)
		require.Empty(v.TB, v.errors)
		d.AmplificationBelow(1.5)
		require.Equal(v.TB, []string{"simtest: amplification is 1.50, want below 1.5: 3 calls received for 2 offered, 0 of them stale"}, v.errors)
	})
}

// ailing plays a minute of 10 logical calls a second, each of which takes 100 ms
// and succeeds, or what sick says if it began at or after 20 s.
func ailing(d *simtest.Downstream, sick func(age time.Duration) (takes time.Duration, err error)) {
	start := time.Now()
	d.Offer(func(context.Context) error {
		takes, err := 100*time.Millisecond, error(nil)
		if at := time.Since(start); at >= 20*time.Second {
			takes, err = sick(at - 20*time.Second)
		}
		time.Sleep(takes)
		return err
	})
}

// minute has a fault from 20 s to 30 s, and bins of 250 ms.
func minute() *simulate.Scenario {
	sc := lone(simulate.Fault{Kind: simulate.Errors, Value: 0.5, At: 20 * time.Second, For: 10 * time.Second})
	sc.Load[0] = simulate.Phase{Arrivals: simulate.Constant, Rate: simulate.Rate{Value: 10}}
	return sc
}

var errSick = errors.New("sick")

func TestRecoveryIsTimedFromTheInstantAsked(t *testing.T) {
	well := 100 * time.Millisecond
	for _, c := range []struct {
		name          string
		sick          func(age time.Duration) (time.Duration, error)
		limit         time.Duration
		want, wantNot string
	}{
		{name: "well all along", limit: 0, sick: func(time.Duration) (time.Duration, error) { return well, nil }},
		{name: "errors until 35 s", limit: 5 * time.Second, sick: func(age time.Duration) (time.Duration, error) {
			if age < 15*time.Second {
				return well, errSick
			}
			return well, nil
		}},
		{name: "errors until 35 s, judged closely", limit: 4900 * time.Millisecond, sick: func(age time.Duration) (time.Duration, error) {
			if age < 15*time.Second {
				return well, errSick
			}
			return well, nil
		}, want: "simtest: recovered 5s after 30s, want at most 4.9s; from 34.75s on 0% of calls succeeded, in 0s on average, before 20s 100% of calls succeeded, in 100ms on average"},
		{name: "slow until 35 s", limit: 4 * time.Second, sick: func(age time.Duration) (time.Duration, error) {
			if age < 15*time.Second {
				return 160 * time.Millisecond, nil
			}
			return well, nil
		}, want: "simtest: recovered 5s after 30s, want at most 4s; from 34.75s on 100% of calls succeeded, in 160ms on average, before"},
		{name: "not quite as good as it was", limit: 0, sick: func(age time.Duration) (time.Duration, error) {
			return 140 * time.Millisecond, nil
		}},
		{name: "never", limit: 10 * time.Second, sick: func(age time.Duration) (time.Duration, error) { return well, errSick },
			want: "simtest: not recovered after 30s by now, 1m0s"},
		{name: "short reliefs", limit: 5 * time.Second, sick: func(age time.Duration) (time.Duration, error) {
			if age > 11*time.Second && age%time.Second < 500*time.Millisecond {
				return well, nil
			}
			return well, errSick
		}, want: "not recovered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			judged(t, minute(), func(v *verdict, d *simtest.Downstream) {
				ailing(d, c.sick)
				require.Equal(t, 30*time.Second, d.FaultsEnd())
				d.RecoversWithin(c.limit, d.FaultsEnd())
				if c.want == "" {
					require.Empty(t, v.errors)
					return
				}
				require.Len(t, v.errors, 1)
				require.Contains(t, v.errors[0], c.want)
			})
		})
	}
}

func TestRecoveryNeedsSomethingToRecoverTo(t *testing.T) {
	judged(t, minute(), func(v *verdict, d *simtest.Downstream) {
		require.Contains(t, fatal(v, func() { d.RecoversWithin(time.Second, 30*time.Second) }), "no logical call succeeded before 20s")
		ailing(d, func(time.Duration) (time.Duration, error) { return 0, errSick })
		require.Contains(t, fatal(v, func() { d.RecoversWithin(time.Second, 0) }), "no logical call succeeded before 0s")
		d.RecoversWithin(time.Second, 2*time.Minute)
		require.Equal(t, []string{"simtest: no recovery seen after 2m0s: too few calls by now, 1m0s"}, v.errors)
	})
}

func TestFaultsEndIsOfTheLastFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []simulate.Fault
		want   string
	}{
		{"none", nil, "has no fault"},
		{"open", []simulate.Fault{{Kind: simulate.Slow, Value: 2, At: time.Second}}, "the fault slow at 1s never ends"},
		{"repeated", []simulate.Fault{{Kind: simulate.Slow, Value: 2, For: time.Second, Every: 2 * time.Second}}, "never ends"},
	} {
		judged(t, lone(c.faults...), func(v *verdict, d *simtest.Downstream) {
			require.Contains(t, fatal(v, func() { d.FaultsEnd() }), c.want, c.name)
		})
	}
}

func TestReportReadsWell(t *testing.T) {
	bubble(t, lone(), func(t *testing.T, d *simtest.Downstream) {
		require.NoError(t, d.Do(t.Context(), d.Call))
		require.Error(t, d.Do(t.Context(), func(ctx context.Context) error { return patient(ctx, d, 20*time.Millisecond) }))
		time.Sleep(time.Second)
		require.Equal(t, "1.12s: 2 offered: 1 succeeded, 1 gave up, 0 pending; amplification 1.00\n"+
			"2 received: 1 served, 0 failed, 0 refused, 1 left, 0 in flight (at most 1); 1 stale; p50 20.1ms, p99 100ms",
			d.Report().String())
	})
}
