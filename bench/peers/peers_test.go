package peers

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/simulate"
)

const ms = time.Millisecond

func rnd() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// end is of a call that took so long and ended at an instant.
func end(at, took time.Duration, o adaptive.Outcome) adaptive.End {
	e := adaptive.End{Start: adaptive.Instant(at - took), At: adaptive.Instant(at), Weight: 1}
	e.Outcome = o
	return e
}

func feed(r rule, samples ...any) float64 {
	for i := 0; i < len(samples); i += 2 {
		r.sample(samples[i].(time.Duration), samples[i+1].(int), false)
	}
	return r.estimate()
}

// The steps that VegasLimitTest of Netflix/concurrency-limits expects of a limit of 10.
func TestVegasStepsAsItsAuthorsTestIt(t *testing.T) {
	v := func() *vegas { return &vegas{current: 10, rnd: rnd(), jitter: 1} }
	require.Equal(t, 10.0, feed(v(), 10*ms, 10), "the first sample is the shortest")
	require.Equal(t, 16.0, feed(v(), 10*ms, 10, 10*ms, 11))
	require.Equal(t, 9.0, feed(v(), 10*ms, 10, 50*ms, 11))
	require.Equal(t, 10.0, feed(v(), 10*ms, 10, 14*ms, 14))
	require.Equal(t, 10.0, feed(v(), 10*ms, 10, 10*ms, 4), "too few in flight")
	few := v()
	feed(few, 10*ms, 10)
	few.sample(20*ms, 1, true)
	require.Equal(t, 9.0, few.estimate(), "a drop counts whatever is in flight")
}

// One lucky sample makes every other look like a queue, and without a probe for good.
func TestVegasIsCaughtByOneLuckySample(t *testing.T) {
	v := &vegas{current: 688, rnd: rnd(), jitter: 1}
	feed(v, 300*ms, 688, 100*ms, 688)
	for range 375 {
		v.sample(300*ms, int(v.current), false)
	}
	require.Less(t, v.current, 20.0)
	for range 1000 {
		v.sample(300*ms, int(v.current), false)
	}
	require.Greater(t, v.current, 20.0, "until it probes")
}

func TestAverageIsTheirs(t *testing.T) {
	a := average{window: 100}
	for i, want := range []float64{10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5} {
		require.InDelta(t, want, a.add(float64(i+10)), 0.01)
	}
	require.InDelta(t, 16.2, a.add(100), 0.1)
}

// A fifth of the way to half of the limit and the queue; where nothing queues, up by a
// fifth of the queue at a time.
func TestGradient2FollowsItsFormula(t *testing.T) {
	g := &gradient2{100, average{window: 600, n: 10, value: float64(10 * ms)}}
	require.InDelta(t, 100*0.8+0.2*(100*0.5+4), feed(g, 100*ms, 100), 0.01)
	g = &gradient2{100, average{window: 600, n: 10, value: float64(10 * ms)}}
	require.InDelta(t, 100.8, feed(g, 10*ms, 100), 1e-9)
	require.InDelta(t, 100.8, feed(g, 10*ms, 50), 1e-9, "below half of the limit it stays")
}

// Every call times out after the same five seconds, and is told as dropped.
func TestGradient2IsDeafToDrops(t *testing.T) {
	g := &gradient2{20, average{window: 600}}
	for range 2000 {
		g.sample(5*time.Second, int(g.current), true)
	}
	require.Greater(t, g.current, 1000.0)
}

func TestAWindowIsASecondOfTenCalls(t *testing.T) {
	g := &gradient2{20, average{window: 600}}
	w := &window{rule: g}
	w.sample(1, 50*time.Microsecond, 20, false)
	require.Zero(t, w.n, "too short to be seen")
	w.sample(1, 10*ms, 20, false)
	require.Zero(t, g.long.n, "one call is no window")
	for i := range 20 {
		w.sample(adaptive.Instant(i*50)*adaptive.Instant(ms), 10*ms, 20, false)
	}
	require.Zero(t, g.long.n)
	w.sample(adaptive.Instant(1001*ms), 31*ms, 20, false)
	require.Equal(t, 1, g.long.n)
	require.Equal(t, float64(11*ms), g.long.value, "the mean of 20 and one")
}

func TestEnvoyProbesAndFollowsTheGradient(t *testing.T) {
	e := newEnvoy(rnd()).(*envoy)
	now := time.Duration(0)
	calls := func(n int, took time.Duration, o adaptive.Outcome) int {
		for range n {
			now += took
			done := e.admit(adaptive.Instant(now-took), 1)
			done(end(now, took, o))
		}
		return e.limit(adaptive.Instant(now))
	}
	require.Equal(t, 3, calls(49, 10*ms, adaptive.Success))
	require.True(t, e.probing)
	calls(1, 10*ms, adaptive.Success)
	require.False(t, e.probing)
	require.Equal(t, 10*ms, e.idle)
	// Each period of 100 ms, of which the one that a call ends is not part of.
	period := func(took time.Duration) int {
		now = time.Duration(e.judgeAt) - 1 - took
		calls(1, took, adaptive.Success)
		return e.limit(e.judgeAt)
	}
	require.Equal(t, 4, period(12500*time.Microsecond), "a buffer of a quarter: 3 + √3")
	require.Equal(t, 10, period(1*ms), "at most twice: 8 + √8")
	require.Equal(t, 7, period(90*ms), "at least half: 5 + √5")
	require.Equal(t, 5, period(90*ms))
	require.Equal(t, 4, period(90*ms))
	require.Equal(t, 3, period(90*ms), "2 + √2")
	for range 5 {
		require.False(t, e.probing)
		period(90 * ms)
	}
	require.True(t, e.probing, "five periods at the least")
	now = time.Duration(e.since)
	stale := e.admit(e.since, 1)
	stale(end(now+ms, 2*ms, adaptive.Success))
	require.Empty(t, e.samples, "it was sent before the probe")
	calls(50, 20*ms, adaptive.Success)
	require.Equal(t, 20*ms, e.idle)
	at := time.Duration(e.probeAt) - now
	require.Greater(t, at, time.Minute)
	require.Less(t, at, time.Minute*115/100)
	now = time.Duration(e.probeAt)
	require.Equal(t, 3, e.limit(adaptive.Instant(now)))
	require.True(t, e.probing, "a minute and up to 15 % later")
}

func TestVectorAddsOneAndTakesATenth(t *testing.T) {
	v := newVector(nil).(*vector)
	now := time.Duration(0)
	call := func(took time.Duration, o adaptive.Outcome) int {
		now += took
		v.admit(0, v.current)(end(now, took, o))
		return v.current
	}
	require.Equal(t, 1, call(10*ms, adaptive.Success), "there is no past yet")
	for i := range 20 {
		require.Equal(t, 2+i, call(10*ms, adaptive.Success))
	}
	require.Equal(t, 18, call(10*ms, adaptive.Refused), "21 · 0.9, rounded down")
	require.Equal(t, 16, call(10*ms, adaptive.Failure), "a failure is back pressure")
	require.Equal(t, 14, call(50*ms, adaptive.Success), "far above the average")
	now += 10 * ms
	v.admit(0, v.current-1)(end(now, 10*ms, adaptive.Success))
	require.Equal(t, 14, v.current, "the limit was not reached")
}

func TestWestsRecurrence(t *testing.T) {
	var m moving
	m.add(10)
	require.Equal(t, moving{true, 10, 0}, m)
	m.add(20)
	require.InDelta(t, 14, m.mean, 1e-9)
	require.InDelta(t, 0.6*(10*4), m.variance, 1e-9)
}

func scenario(t *testing.T, text string) *simulate.Scenario {
	t.Helper()
	sc, err := simulate.Parse("test", []byte(text))
	require.NoError(t, err)
	return sc
}

const overload = `{name: overload, duration: 30s, timeout: 2s, load: {poisson: 600}, clients: {count: 2},
	downstream: {servers: 20, service: {exp: 50ms}}}`

func play(t *testing.T, p Peer, sc *simulate.Scenario) (res *simulate.Result) {
	t.Helper()
	run := func() {
		var err error
		res, err = new(simulate.Runner).Play(context.Background(), sc, p.Candidate())
		require.NoError(t, err)
	}
	if !p.Bubble {
		run()
		return res
	}
	synctest.Test(t, func(*testing.T) { run() })
	return res
}

func TestEveryPeerPlaysAndLimits(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name, func(t *testing.T) {
			sc := scenario(t, overload)
			res := play(t, p, sc)
			require.Equal(t, res, play(t, p, sc), "the same twice")
			require.NotZero(t, res.Rejected)
			require.Greater(t, res.Goodput, 50.0)
			found, err := Find(p.Name)
			require.NoError(t, err)
			require.Equal(t, p.Origin, found.Origin)
		})
	}
	_, err := Find("nobody")
	require.EqualError(t, err, `peer "nobody" is not known; a peer is failsafe, aegis/bbr, envoy, vector, netflix/vegas, netflix/gradient2, netflix/gradient2-win`)
}

// A peer without a queue has the scenario's.
func TestAPeerGetsTheQueueOfTheScenario(t *testing.T) {
	with := scenario(t, `{name: with, duration: 30s, timeout: 2s, load: {poisson: 300}, wait: {queue: 50},
		downstream: {servers: 20, service: {exp: 50ms}}}`)
	without := *with
	without.Wait = simulate.Wait{}
	for _, name := range []string{"vector", "failsafe"} {
		p, err := Find(name)
		require.NoError(t, err)
		require.Less(t, play(t, p, with).Rejected, play(t, p, &without).Rejected, name)
	}
}

// What failsafe-go makes of calls is what it makes of them without a simulator, in
// the same bubble time.
func TestFailsafeIsUnmodified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		direct := newFailsafe(nil).(failsafe)
		var now adaptive.Instant
		g, err := newGate(newFailsafe(nil), inBubble(adaptive.Clock{Now: func() adaptive.Instant { return now }}), -1)
		require.NoError(t, err)
		seen := map[int]bool{}
		for i := range 20_000 {
			took := time.Duration(10+i%7+i/1000) * ms
			a, okA := direct.own.TryAcquirePermit()
			b, errB := g.Acquire(context.Background())
			require.Equal(t, okA, errB == nil)
			now += adaptive.Instant(took)
			g.clock.Now()
			if okA {
				a.Record()
				b.Done(adaptive.Success)
			}
			require.Equal(t, direct.own.Limit(), g.Limit())
			seen[g.Limit()] = true
		}
		require.Greater(t, len(seen), 3, "or it proves nothing")
	})
}

// Ten minutes in which every call hits its deadline teach it nothing.
func TestFailsafeLearnsNothingFromTimeOuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailsafe(nil)
		for range 600 {
			done := f.admit(0, 1)
			time.Sleep(time.Second)
			done(end(0, time.Second, adaptive.TimedOut))
		}
		require.Equal(t, 20, f.limit(0))
	})
}

// Little's law of the best bucket: 40 calls in 100 ms that took 50 ms are 20 in flight.
func TestBBRIsThroughputTimesLatency(t *testing.T) {
	b := newBBR(nil).(*bbr)
	bucket := func(n int, calls int, took time.Duration) {
		for range calls {
			b.ended(end(time.Duration(n)*bbrBucket+1, took, adaptive.Success))
		}
	}
	limit := func(n int) int { return b.limit(adaptive.Instant(time.Duration(n) * bbrBucket)) }
	bucket(0, 40, 50*ms)
	require.Equal(t, highest, limit(0), "nothing was measured yet")
	require.Equal(t, 21, limit(1))
	bucket(1, 20, 100*ms)
	require.Equal(t, 21, limit(2), "the most of one bucket, the least of another")
	bucket(2, 60, 200*ms)
	require.Equal(t, 31, limit(3))
	bucket(50, 1, 10*ms)
	require.Equal(t, 7, limit(51), "one lucky call is a minimum")
	require.Equal(t, 7, limit(99))
	require.Equal(t, 7, limit(101), "40 have left the window, 60 have not")
	require.Equal(t, 2, limit(103), "one call of 10 ms is left")
	require.Equal(t, 2, limit(1000), "and now none")
	bucket(1000, 500, 50*time.Microsecond)
	require.Equal(t, 6, limit(1001), "500 in 100 ms are 0.25 in flight, but nothing is shorter than 1 ms")
}

func TestAGateCanBeWaitedFor(t *testing.T) {
	v := newVector(nil)
	g, err := newGate(v, adaptive.Clock{Now: func() adaptive.Instant { return 0 }}, 5)
	require.NoError(t, err)
	p, err := g.Acquire(context.Background())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = g.Acquire(ctx)
	require.ErrorIs(t, err, context.Canceled)
	p.Done(adaptive.Success)
	require.Zero(t, g.inFlight)
}
