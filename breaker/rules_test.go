package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
)

// only turns every rule off but those that c has.
func only(c Config) Config {
	set(&c.Silence, never)
	set(&c.Rate, never)
	set(&c.AtFloor, never)
	return c
}

// hear lets a rig's limiter learn that calls take 10 ms.
func (r *rig) hear() {
	for range 300 {
		p := r.start()
		r.pass(10 * time.Millisecond)
		p.Done(adaptive.Success)
	}
	_, p99 := r.lim.Usual()
	require.InDelta(r.t, 0.01, p99.Seconds(), 0.001)
}

func TestSilenceSeesCallsThatHangBeforeAnyHasEnded(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 64, Min: 64, Max: 64}, only(Config{Silence: time.Second}))
	r.hear()
	silent := r.now
	for range 64 {
		r.start()
		r.pass(time.Millisecond)
	}
	for r.State() == Closed && r.now.Sub(silent) < time.Minute {
		r.AcquireFunc(func(adaptive.Permit, error) {}) // comes, and waits
		r.pass(time.Millisecond)
	}
	require.Equal(t, Open, r.State())
	require.InDelta(t, 1.01, r.now.Sub(silent).Seconds(), 0.01, "a second and the usual")
	require.Equal(t, 64, r.lim.Stats().InFlight, "none has ended")
	require.Zero(t, r.lim.Stats().Waiting, "who waited was told")
	require.Contains(t, r.Explain(), "64 in flight for over")
}

func TestOneSuccessBreaksTheSilence(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 64, Min: 64, Max: 64}, only(Config{Silence: time.Second}))
	r.hear()
	for range 40 {
		r.start()
	}
	for range 200 {
		p := r.start()
		r.pass(100 * time.Millisecond)
		p.Done(adaptive.Success)
	}
	require.Equal(t, Closed, r.State(), "one in forty comes back")
}

func TestAPauseShorterThanSilenceDoesNotTrip(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 64, Min: 64, Max: 64}, only(Config{Silence: time.Second}))
	r.hear()
	for range 20 {
		var out []adaptive.Permit
		for range 30 {
			out = append(out, r.start())
			r.pass(10 * time.Millisecond)
		}
		r.pass(500 * time.Millisecond)
		for _, p := range out {
			p.Done(adaptive.Success)
		}
		r.call(50, adaptive.Success)
	}
	require.Equal(t, Closed, r.State())
}

func TestSilenceSeesAnOutageAtLittleTraffic(t *testing.T) {
	r := newRig(t, fixed(100), only(Config{Silence: time.Second}))
	for i := range 5 {
		require.Equal(t, Closed, r.State(), i)
		r.call(1, adaptive.Failure)
		r.pass(20 * time.Second)
	}
	require.Equal(t, Open, r.Breaker.phase.Load().state, "the fifth call in 80 s")
	require.Contains(t, r.phase.Load().why, "with 5 calls failed since")
}

func TestALimitBelowMinCallsIsEnoughForSilence(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 2, Min: 2, Max: 2}, only(Config{Silence: time.Second}))
	r.hear()
	r.start()
	r.start()
	for range 30 {
		r.AcquireFunc(func(adaptive.Permit, error) {})
		r.pass(100 * time.Millisecond)
	}
	require.Equal(t, Open, r.Breaker.phase.Load().state)
}

func TestOneFailureAndAnIdleMinuteAreNoSilence(t *testing.T) {
	r := newRig(t, fixed(1), only(Config{Silence: time.Second}))
	r.call(1, adaptive.Failure)
	r.pass(time.Minute)
	r.call(3, adaptive.Failure)
	r.pass(time.Minute)
	r.call(1, adaptive.Success)
	require.Equal(t, Closed, r.State())
}

func TestCallsInFlightTellNothingWhileTheUsualIsUnknown(t *testing.T) {
	r := newRig(t, fixed(100), only(Config{Silence: time.Second}))
	for range 50 {
		r.start() // the first calls there are; they may take a minute
		r.pass(time.Second)
	}
	require.Equal(t, Closed, r.State())
}

func TestAfterAnIdleHourSilenceStartsAnew(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 64, Min: 64, Max: 64}, only(Config{Silence: time.Second}))
	r.hear()
	r.pass(time.Hour)
	for range 30 {
		r.start()
		r.pass(time.Millisecond)
	}
	require.Equal(t, Closed, r.State(), "they are 30 ms old")
}

func TestFailuresInARowCountHoweverFarApart(t *testing.T) {
	r := newRig(t, fixed(100), only(Config{Consecutive: 5}))
	for range 4 {
		r.call(1, adaptive.Failure)
		r.call(3, adaptive.Ignored)
		r.pass(24 * time.Hour)
	}
	r.call(1, adaptive.Success)
	for i := range 5 {
		require.Equal(t, Closed, r.State(), i)
		r.call(1, adaptive.Failure)
		r.pass(24 * time.Hour)
	}
	require.Equal(t, Open, r.Breaker.phase.Load().state)
	require.Equal(t, "5 failures in a row, 5 trip", r.phase.Load().why)
}

func TestSlowCallsTripThoughTheySucceed(t *testing.T) {
	r := newRig(t, fixed(100), only(Config{SlowRate: 0.5, SlowAfter: time.Second, MinVolume: 10, Window: time.Hour}))
	slow := func() {
		p := r.start()
		r.pass(time.Second)
		p.Done(adaptive.Success)
	}
	r.call(10, adaptive.Success)
	for range 9 {
		slow()
	}
	require.Equal(t, Closed, r.State())
	require.Equal(t, uint64(9), r.Stats().Slow)
	slow()
	require.Equal(t, Open, r.State())
	require.Equal(t, "10 of 20 results in 1h0m0s were slow, a share of 0.5 trips", r.phase.Load().why)
}

func TestSlowIsTenTimesTheUsualUnlessTold(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "vegas", Initial: 10}, only(Config{SlowRate: 0.5, MinVolume: 5, Window: time.Second}))
	r.hear()
	r.pass(time.Minute)
	for range 20 {
		p := r.start()
		r.pass(90 * time.Millisecond)
		p.Done(adaptive.Success)
	}
	require.Zero(t, r.Stats().Slow)
	for range 8 {
		p := r.start()
		r.pass(200 * time.Millisecond)
		p.Done(adaptive.Success)
		if r.State() == Open {
			return
		}
	}
	t.Fatal("did not trip on slow calls")
}

func TestALimitAtItsFloorTripsWhileOverloadGoesOn(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "aimd", Initial: 2, Min: 1, Max: 100}, only(Config{AtFloor: 5, MinVolume: 1000}))
	for range 100 {
		p := r.start()
		r.pass(2 * time.Second)
		p.Done(adaptive.TimedOut)
		if r.Breaker.phase.Load().state == Open {
			break
		}
	}
	require.Equal(t, Open, r.Breaker.phase.Load().state)
	require.Equal(t, 1, r.lim.Limit())
	require.Contains(t, r.phase.Load().why, "5 of 5 calls refused or timed out with the limit at its floor of 1")
}

func TestAFloorThatServesMostCallsDoesNotTrip(t *testing.T) {
	r := newRig(t, adaptive.Config{Law: "aimd", Initial: 1, Min: 1, Max: 100}, only(Config{AtFloor: 5}))
	require.NoError(t, r.lim.SetLimit(1))
	for range 100 {
		r.call(1, adaptive.TimedOut)
		r.call(2, adaptive.Success)
	}
	require.Equal(t, Closed, r.State())
	r.call(100, adaptive.Failure)
	require.Equal(t, Closed, r.State(), "failures are no overload")
}

func TestRulesAddUp(t *testing.T) {
	c := Config{Silence: time.Second, Rate: 0.5, Consecutive: 50, SlowRate: 0.9, MinVolume: 10}
	r := newRig(t, fixed(100), c)
	r.call(10, adaptive.Failure)
	require.Contains(t, r.phase.Load().why, "10 of 10 results in 10s failed")
	r = newRig(t, fixed(100), c)
	for r.State() == Closed {
		r.call(1, adaptive.Failure)
		r.pass(time.Second)
	}
	require.Contains(t, r.phase.Load().why, "nothing came back well")
}
