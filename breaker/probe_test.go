package breaker

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

func TestTheNumberOfProbesFollowsTheLimit(t *testing.T) {
	for limit, want := range map[int]int{1: 1, 2: 1, 3: 2, 6: 2, 7: 3, 50: 7, 100: 10, 10_000: 10} {
		require.Equal(t, want, probesFor(limit), limit)
	}
}

func TestAFailedPhaseReopensForLongerUpToMax(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	r.trip()
	for _, want := range []time.Duration{10, 20, 40, 60, 60} {
		r.untilProbes()
		r.call(1, adaptive.Failure)
		require.Equal(t, want*time.Second, r.Stats().Until.Sub(r.now))
	}
	r.untilProbes()
	r.call(1, adaptive.Success)
	require.Equal(t, Closed, r.State())
	r.trip()
	require.Equal(t, 5*time.Second, r.Stats().Until.Sub(r.now), "closing starts again at Base")
}

func TestFewerFailuresThanTheRateAreMadeUpByOtherProbes(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	r.call(4, adaptive.Failure)
	require.Equal(t, HalfOpen, r.State())
	r.call(10, adaptive.Success)
	require.Equal(t, Closed, r.State())

	r.trip()
	r.untilProbes()
	r.call(9, adaptive.Success)
	r.call(5, adaptive.Failure)
	require.Equal(t, Open, r.State())
}

func TestAnIgnoredProbeMakesRoomForAnother(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	r.trip()
	r.untilProbes()
	r.call(50, adaptive.Ignored)
	require.Equal(t, HalfOpen, r.State())
	r.call(1, adaptive.Success)
	require.Equal(t, Closed, r.State())
}

func TestProbesThatHangFailAfterTheirTime(t *testing.T) {
	r := newRig(t, fixed(100), Config{ProbeTimeout: 3 * time.Second})
	r.trip()
	for round := range 20 { // no more than the limit may hang in all
		r.untilProbes()
		for range 5 {
			r.start()
		}
		r.pass(3*time.Second - 1)
		require.Equal(t, HalfOpen, r.State(), round)
		r.pass(1)
		require.Equal(t, Open, r.State(), round)
	}
	require.Equal(t, 100, r.lim.Stats().InFlight)
}

func TestAProbePhaseWaitsAsLongAsItWasOpenUnlessTold(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	r.trip()
	r.untilProbes()
	r.start().Done(adaptive.Failure) // open for 10 s now
	r.untilProbes()
	// The probe never reports, so this takes the only place there is.
	r.start()
	r.pass(10*time.Second - 1)
	require.Equal(t, HalfOpen, r.State())
	r.pass(1)
	require.Equal(t, Open, r.State())
}

func TestAQuietPhaseWaitsForItsProbes(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	for range 10 {
		r.pass(time.Hour)
		r.call(1, adaptive.Success)
	}
	require.Equal(t, Closed, r.State())
}

func TestAProbeThatReportsTooLateHasFailed(t *testing.T) {
	r := newRig(t, fixed(1), Config{})
	r.trip()
	r.untilProbes()
	p := r.start()
	r.pass(5 * time.Second)
	p.Done(adaptive.Success)
	require.Equal(t, Open, r.State())
	require.Equal(t, uint64(1), r.Stats().Late)
}

func TestLateResultsCountForNothing(t *testing.T) {
	r := newRig(t, fixed(100), Config{MinVolume: 1})
	var closed []adaptive.Permit
	for range 30 {
		closed = append(closed, r.start())
	}
	closed[0].Done(adaptive.Failure)
	closed[1].Done(adaptive.Success)
	r.untilProbes()
	closed[2].Done(adaptive.Failure)
	for _, p := range closed[3:20] {
		p.Done(adaptive.Success)
	}
	require.Equal(t, HalfOpen, r.State())

	var probes []adaptive.Permit
	for range 10 {
		probes = append(probes, r.start())
	}
	for _, p := range probes[:5] {
		p.Done(adaptive.Failure)
	}
	require.Equal(t, Open, r.State())
	r.untilProbes()
	for _, p := range probes[5:] {
		p.Done(adaptive.Failure)
	}
	require.Equal(t, HalfOpen, r.State())
	r.call(10, adaptive.Success)
	require.Equal(t, Closed, r.State())
	for _, p := range closed[20:] {
		p.Done(adaptive.Failure)
	}
	require.Equal(t, Closed, r.State())
	require.Zero(t, r.Stats().Failures)
	require.Equal(t, uint64(29+5), r.Stats().Late)
}

func TestAProbeThatIsDoneTwiceCountsOnce(t *testing.T) {
	r := newRig(t, fixed(4), Config{})
	r.trip()
	r.untilProbes()
	p := r.start()
	for range 5 {
		p.Done(adaptive.Success)
	}
	require.Equal(t, HalfOpen, r.State())
	require.Equal(t, uint64(1), r.Stats().Successes)
}

func TestGoexitAndPanicFailAProbe(t *testing.T) {
	for name, exit := range map[string]func(){"goexit": runtime.Goexit, "panic": func() { panic("boom") }} {
		r := newRig(t, fixed(1), Config{})
		r.trip()
		r.untilProbes()
		over := make(chan struct{})
		go func() {
			defer close(over)
			defer func() { _ = recover() }()
			p, _ := r.Acquire(t.Context())
			defer p.Release()
			exit()
		}()
		<-over
		require.Equal(t, Open, r.State(), name)
		require.Zero(t, r.lim.Stats().InFlight, name)
	}
}

func TestCallsFromBeforeTheTripDoNotKeepProbesOut(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	for range 50 {
		r.start() // they hang
	}
	r.trip()
	r.untilProbes()
	r.call(10, adaptive.Success)
	require.Equal(t, Closed, r.State())
}

func TestTheLimitHoldsForProbesToo(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	var hung []adaptive.Permit
	for range 99 {
		hung = append(hung, r.start())
	}
	r.trip()
	r.untilProbes()
	p := r.start()
	r.rejected(adaptive.RejectProbes)
	require.Equal(t, 100, r.lim.Stats().InFlight)
	p.Done(adaptive.Success)
	for _, p := range hung {
		p.Done(adaptive.TimedOut)
	}
	r.call(9, adaptive.Success)
	require.Equal(t, Closed, r.State())
}
