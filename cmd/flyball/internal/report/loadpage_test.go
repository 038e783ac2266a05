package report

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

func loadedRun() *load.Run {
	step := func(rate, goodput float64, p99 time.Duration, why load.Reason) load.Step {
		times := load.Times{P50: 40 * time.Millisecond, P99: p99}
		return load.Step{Rate: rate, For: 2 * time.Second, Sent: uint64(2 * rate), OK: uint64(2 * rate), Goodput: goodput, Response: times, Service: times, Waited: times, Passed: why == "", Why: why}
	}
	r := &load.Run{Method: "GET", Target: "http://localhost/<script>", Ceiling: 9000, Begun: time.Unix(1e9, 0), Found: load.Found{
		Knee: &load.Knee{Rate: 190, Above: 200, Held: true, Goodput: 188, P50: 41 * time.Millisecond, P99: 60 * time.Millisecond, InFlight: 8}, Stopped: load.Growing, Detail: "rose",
		Steps: []load.Step{step(50, 50, 45*time.Millisecond, ""), step(190, 188, 60*time.Millisecond, ""), step(300, 195, time.Second, load.Growing), step(400, 100, 9*time.Second, load.GeneratorAtLimit)},
	}}
	for _, guarded := range []bool{true, false} {
		for _, times := range []float64{0.8, 1, 1.3, 2} {
			r.Verified = cmpOr(r.Verified, &load.Verified{Guard: "limiter.yaml", Setting: "the default", Tolerance: 0.2})
			r.Verified.Cells = append(r.Verified.Cells, load.Cell{Times: times, Guarded: guarded, Measured: step(190*times, 180, 70*time.Millisecond, ""), Predicted: load.Predicted{Goodput: 185, P99: 75 * time.Millisecond}, Judged: guarded, Within: true})
		}
	}
	return r
}

func cmpOr(a, b *load.Verified) *load.Verified {
	if a != nil {
		return a
	}
	return b
}

func pageOf(t *testing.T, r *load.Run) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, LoadPage{Version: "v", Command: "flyball loadtest", Run: r}.Write(&b))
	return b.String()
}

func TestLoadPageShowsWhatWasMeasured(t *testing.T) {
	text := pageOf(t, loadedRun())
	for _, want := range []string{
		"<h1>knee at 190 calls/s; 200 are too much</h1>", "http://localhost/&lt;script&gt;", "The climb stopped for growing queue: rose.",
		"<title>190 calls/s: 188/s, p50 40 ms, p99 60 ms, yes</title>", "<title>limiter at 2 × the knee: 180/s, predicted 185/s; p99 70 ms, predicted 75 ms</title>",
		"<h1>the prediction holds: goodput and p99 are within 20 % of it</h1>", `>knee</text>`, "At twice the knee the limiter keeps 96 % of the knee&#39;s goodput at 1.2 times its p99",
	} {
		require.Contains(t, text, want)
	}
	require.Equal(t, 4, strings.Count(text, "<svg viewBox"))
	require.Equal(t, 3, strings.Count(text, `<circle class="hollow"`)) // one step that was too much, on three curves
	require.NotContains(t, text, "<title>400 calls/s")                 // the generator is at its end there, not the target
	require.NotContains(t, text, "NaN")
	require.NotContains(t, text, "<script")
	wellFormed(t, text)
}

func TestLoadPageOfNextToNothing(t *testing.T) {
	r := &load.Run{Partial: "interrupted"}
	text := pageOf(t, r)
	require.Contains(t, text, "Not the whole test: interrupted.")
	require.Contains(t, text, "<h1>no knee</h1>")
	require.NotContains(t, text, "NaN")
	r = loadedRun()
	r.Partial, r.Verified.Cells = "interrupted", r.Verified.Cells[:1]
	require.Contains(t, pageOf(t, r), "<h1>not all of the prediction was put to the test</h1>")
}

// wellFormed reads every picture as XML, as a browser does.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	for _, part := range strings.Split(text, "<svg viewBox")[1:] {
		picture, _, found := strings.Cut(part, "</svg>")
		require.True(t, found)
		d := xml.NewDecoder(strings.NewReader("<svg viewBox" + picture + "</svg>"))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else {
				require.NoError(t, err)
			}
		}
	}
}
