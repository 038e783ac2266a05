package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

func TestAStepIsALineWhereNobodyLooks(t *testing.T) {
	var lines strings.Builder
	l := new(loadtestCommand).live(&output{stderr: &lines}, 5, time.Minute)
	step := func(rate float64, why load.Reason) {
		l.step(load.Step{Rate: rate, For: 2 * time.Second, Sent: 100, OK: 99, Goodput: rate, Waited: load.Times{P50: 12 * time.Millisecond, P99: 15 * time.Millisecond}, Passed: why == "", Why: why})
	}
	step(50, "")
	step(100, "")
	step(200, load.Flat)
	step(150, load.GeneratorAtLimit) // tells nothing
	step(100, load.Growing)          // it did not hold
	l.cell(load.Cell{Times: 2, Guarded: true, Measured: load.Step{Rate: 200, For: time.Second, Sent: 60, OK: 60, Rejected: 40, Goodput: 60}, Predicted: load.Predicted{Goodput: 61, P99: 20 * time.Millisecond}})
	l.end()
	require.Equal(t, `50 calls/s for 2 s: 50/s, p50 12 ms, p99 15 ms, errors 1.0%; kept up; the knee is at 50 calls/s or above
100 calls/s for 2 s: 100/s, p50 12 ms, p99 15 ms, errors 1.0%; kept up; the knee is at 100 calls/s or above
200 calls/s for 2 s: 200/s, p50 12 ms, p99 15 ms, errors 1.0%; throughput; the knee is between 100 and 200 calls/s
150 calls/s for 2 s: 150/s, p50 12 ms, p99 15 ms, errors 1.0%; generator saturated; the knee is between 100 and 200 calls/s
100 calls/s for 2 s: 100/s, p50 12 ms, p99 15 ms, errors 1.0%; growing queue; the knee is between 50 and 100 calls/s
200 calls/s for 1 s: 60/s, p50 0, p99 0, errors 0%, rejected 40.0%; the limiter at 2 × the knee; predicted 61/s and p99 20 ms
`, lines.String())
}

// Half of the knee is not too much because the target is not yet well again.
func TestARecoveryTellsNothingOfTheKnee(t *testing.T) {
	var lines strings.Builder
	p := load.DefaultPlan()
	before := p.Steps()
	p.Recover = true
	require.Equal(t, before+2, p.Steps())
	l := new(loadtestCommand).live(&output{stderr: &lines}, p.Steps(), time.Minute)
	l.step(load.Step{Rate: 100, For: time.Second, Passed: true})
	l.step(load.Step{Rate: 110, For: time.Second, Why: load.Flat})
	l.recovers()
	require.Equal(t, "recovery   step 3 of about 4, about 2s left", l.picture(2 * time.Second)[0])
	l.step(load.Step{Rate: 200, For: time.Second, Why: load.Flat})
	l.step(load.Step{Rate: 50, For: time.Second, Why: load.TooSlow})
	require.Equal(t, []string{"recovery   step 5 of about 5, about 1s left", "  the knee is between 100 and 110 calls/s"}, l.picture(4*time.Second))
	l.end()
	require.Contains(t, lines.String(), "50 calls/s for 1 s: 0/s, p50 0, p99 0, errors 0%; p99; recovery\n")
}

func TestQuietSaysNothing(t *testing.T) {
	var lines strings.Builder
	l := (&loadtestCommand{Quiet: true}).live(&output{stderr: &lines, status: &lines}, 5, time.Minute)
	l.step(load.Step{Rate: 1})
	l.end()
	require.Empty(t, lines.String())
}

func TestThePictureIsOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &live{total: 10, most: time.Minute, kept: map[float64]bool{}}
		require.Equal(t, []string{"loadtest   step 1 of about 10, 1m0s left at most", "  nothing is known of the knee yet"}, l.picture(0))
		g := &load.Generator{InFlight: 10, Timeout: time.Second, GiveUp: 10, Target: func(context.Context) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}}
		l.holds(g, "")
		require.Equal(t, "  waits for the target to come to rest", l.picture(0)[1])
		done := make(chan struct{})
		go func() {
			defer close(done)
			s, _ := g.Hold(t.Context(), 20, load.Span{Min: 2 * time.Second, Max: 2 * time.Second})
			s.Passed = true
			l.step(s)
		}()
		time.Sleep(1510 * time.Millisecond)
		require.Equal(t, "  20 calls/s for 1.5 s   goodput 20/s   p50 99.9 ms   p99 100 ms   errors 0%   2 in flight", l.picture(time.Second)[1])
		<-done
		require.Equal(t, []string{"loadtest   step 2 of about 10, about 18s left", "  waits for the target to come to rest", "  the knee is at 20 calls/s or above"}, l.picture(2*time.Second))
	})
}

func TestATerminalIsPaintedAndLeftClean(t *testing.T) {
	path := built(t)
	url, _ := hidden(t, 2, 0, nil)
	in(t, nil)
	s := onScreen(t, 100, nil, path, "loadtest", url, "--from", "50", "--factor", "2", "--max-rate", "100", "--min-step", "600ms", "--max-step", "600ms")
	s.waitFor("the knee is at 50 calls/s or above")
	require.Equal(t, 0, s.end(), s)
	text := s.String()
	require.Regexp(t, `calls/s for \S+ m?s   goodput \S+/s   p50 .*   p99 .*   errors 0%   \d+ in flight`, text)
	last := text[strings.LastIndex(text, "\x1b[J")+3:]
	require.NotContains(t, last, "step")
	require.Contains(t, last, "made ")
}
