package breaker

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/adaptive"
)

// TestTheWindowCountsWhatAListWould holds the ring against a list of all results.
func TestTheWindowCountsWhatAListWould(t *testing.T) {
	type result struct {
		slice uint64
		bad   bool
		limit int
	}
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 7 * time.Second, time.Hour}).Draw(t, "length")
		start := rapid.SampledFrom([]adaptive.Instant{0, 1, 1 << 40, 1_700_000_000_000_000_000, -5}).Draw(t, "start")
		w := newWindow(length, rapid.SampledFrom([]int{1, 4}).Draw(t, "stripes"))
		now := start
		var all []result
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(length)/3).Draw(t, "pause")))
			r := result{w.number(now), rapid.Bool().Draw(t, "bad"), rapid.IntRange(1, 99).Draw(t, "limit")}
			all = append(all, r)
			if r.bad {
				w.add(&w.bad, now)
			} else {
				w.add(w.good(), now)
			}
			w.note(now, r.limit)

			var good, bad uint64
			highest := 0
			for _, r := range all {
				if w.number(now)-r.slice >= slices {
					continue
				}
				highest = max(highest, r.limit)
				if r.bad {
					bad++
				} else {
					good++
				}
			}
			g, b, _ := w.counts(now)
			require.Equal(t, [2]uint64{good, bad}, [2]uint64{g, b})
			require.Equal(t, highest, w.highest(now))
		}
	})
}

func TestTheWindowLosesNothingUnderContention(t *testing.T) {
	w := newWindow(10*time.Second, 4)
	var firsts [8]int
	var wg sync.WaitGroup
	for i := range firsts {
		wg.Go(func() {
			for n := range 10_000 {
				w.add(w.good(), adaptive.Instant(n)*1_000_000)
				if w.add(&w.bad, adaptive.Instant(n)*1_000_000) { // the whole window once
					firsts[i]++
				}
			}
		})
	}
	wg.Wait()
	good, bad, _ := w.counts(adaptive.Instant(9_999) * 1_000_000)
	require.Equal(t, uint64(80_000), good)
	require.Equal(t, uint64(80_000), bad)
	n := 0
	for _, f := range firsts {
		n += f
	}
	require.Equal(t, slices, n)
}
