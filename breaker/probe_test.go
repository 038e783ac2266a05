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
	require.Equal(t, 60*time.Second, r.Stats().Until.Sub(r.now), "it never was well")
	r.untilProbes()
	r.call(1, adaptive.Success)
	r.pass(time.Minute)
	r.trip()
	require.Equal(t, 5*time.Second, r.Stats().Until.Sub(r.now), "it was well for as long as it had been open")
}

func TestAShareOfTheProbesCloses(t *testing.T) {
	r := newRig(t, fixed(100), Config{ProbeShare: 0.6})
	r.trip()
	r.untilProbes()
	r.call(4, adaptive.Failure)
	require.Equal(t, HalfOpen, r.State())
	r.call(5, adaptive.Success)
	require.Equal(t, HalfOpen, r.State())
	r.call(1, adaptive.Success)
	require.Equal(t, Closed, r.State(), "6 of 10")

	r.trip()
	r.untilProbes()
	r.call(5, adaptive.Success)
	r.call(4, adaptive.Failure)
	require.Equal(t, HalfOpen, r.State())
	r.call(1, adaptive.Failure)
	require.Equal(t, Open, r.State(), "6 of 10 cannot be any more")
}

func TestAProbeGoesAheadOfTheOthers(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	p := r.start()
	r.rejected(adaptive.RejectProbes)
	p.Done(adaptive.Success)
	var out []adaptive.Permit
	for range 9 {
		out = append(out, r.start())
	}
	r.rejected(adaptive.RejectProbes)
	for _, p := range out {
		p.Done(adaptive.Success)
	}
	require.Equal(t, Closed, r.State())
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

func TestAProbeThatHangsEndsThePhaseInTime(t *testing.T) {
	r := newRig(t, fixed(100), Config{ProbeWithin: 3 * time.Second})
	r.trip()
	for round := range 20 {
		r.untilProbes()
		r.start()
		r.pass(3*time.Second - 1)
		require.Equal(t, HalfOpen, r.State(), round)
		r.pass(1)
		require.Equal(t, Open, r.State(), round)
	}
	require.Equal(t, 20, r.lim.Stats().InFlight, "one a round")
}

func TestThePhaseHasADeadlineAndNotEachProbe(t *testing.T) {
	r := newRig(t, fixed(100), Config{ProbeWithin: 3 * time.Second})
	r.trip()
	r.untilProbes()
	r.call(1, adaptive.Success)
	first := r.now.Add(-time.Millisecond)
	for r.now = first.Add(2 * time.Second); len(r.Breaker.phase.Load().out) < 5; {
		r.start()
	}
	r.now = first.Add(3*time.Second - 1)
	require.Equal(t, HalfOpen, r.State())
	r.pass(1)
	require.Equal(t, Open, r.State(), "five of six have not answered")
}

func TestTheUsualRoundTripSaysHowLongProbesMayTake(t *testing.T) {
	lim, err := adaptive.NewWith(adaptive.Config{Initial: 10}, adaptive.Parts{Clock: adaptive.Clock{Now: func() adaptive.Instant { return 0 }}})
	require.NoError(t, err)
	b, err := New(lim, Config{})
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, b.probeTime(), "nothing is known yet")

	r := newRig(t, adaptive.Config{Initial: 10}, Config{})
	r.c.ProbeWithin = 0
	for range 500 {
		p := r.start()
		r.pass(100 * time.Millisecond)
		p.Done(adaptive.Success)
	}
	_, p99 := r.lim.Usual()
	require.InDelta(t, 0.1, p99.Seconds(), 0.01)
	r.pass(time.Minute)
	r.trip()
	require.Equal(t, 2*p99+5*time.Second, r.probeTime(), "and as long as it was open")
}

func TestAQuietPhaseClosesOnWhatItHasHeard(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	r.pass(time.Hour)
	require.Equal(t, HalfOpen, r.State(), "it waits for a first probe")
	r.call(1, adaptive.Success)
	require.Equal(t, HalfOpen, r.State(), "one of ten")
	r.pass(time.Hour)
	require.Equal(t, Closed, r.State(), "no other came in time")
}

func TestAPhaseOfIgnoredProbesWaitsForAnother(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	r.call(1, adaptive.Ignored)
	r.pass(time.Hour)
	require.Equal(t, HalfOpen, r.State())
	r.call(1, adaptive.Success)
	r.pass(time.Second)
	require.Equal(t, HalfOpen, r.State(), "the time counts from the next probe on")
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

	r.call(1, adaptive.Success)
	var probes []adaptive.Permit
	for range 9 {
		probes = append(probes, r.start())
	}
	probes[0].Done(adaptive.Failure)
	require.Equal(t, Open, r.State())
	r.untilProbes()
	for _, p := range probes[1:] {
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
	require.Equal(t, uint64(29+8), r.Stats().Late)
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

// Between the look at the phase and the limiter's permit another probe may go.
func TestACallThatComesTooLateForAProbeGivesItsPermitBack(t *testing.T) {
	r := newRig(t, fixed(100), Config{})
	r.trip()
	r.untilProbes()
	ph := r.phase.Load()
	probe := r.start()
	late, ok := r.lim.TryAcquire()
	require.True(t, ok)
	_, err := r.permit(ph, late)
	require.Equal(t, r.errProbes, err)
	require.Equal(t, 1, r.lim.Stats().InFlight)
	probe.Done(adaptive.Success)
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

// A client may wait for a minute for a call that the downstream has lost, and it
// holds its place for so long.
func TestCallsThatHangKeepNeitherProbesNorCallsOut(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "fixed:40", Initial: 40}, Config{ProbeShare: 0.5})
	for range 12 {
		r.start()
	}
	for range 3 {
		r.trip()
		r.untilProbes()
		r.call(3, adaptive.Success) // of √40 probes a half
		require.Equal(t, Closed, r.State())
		require.Equal(t, 26, r.lim.Limit(), "twice what is in flight, the last probe included; a quarter would be full")
	}
	for range 14 {
		r.start()
	}
	_, ok := r.try()
	require.False(t, ok, "all places are taken by calls that hang")
	r.ForceOpen()
	r.Reset()
	require.Equal(t, 40, r.lim.Limit())
	r.trip()
	r.untilProbes()
	r.call(3, adaptive.Success)
	require.Equal(t, Closed, r.State())
	r.call(1, adaptive.Success)
}
