package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/flyball-go/flyball/adaptive"
)

// TestTheWindowCountsWhatAListWould holds the ring against a list of all results.
func TestTheWindowCountsWhatAListWould(t *testing.T) {
	type result struct {
		slice int64
		bad   bool
		limit int
	}
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 7 * time.Second, time.Hour}).Draw(t, "length")
		start := rapid.SampledFrom([]adaptive.Instant{0, 1, 1 << 40, 1_700_000_000_000_000_000, -5}).Draw(t, "start")
		w := newWindow(length)
		var counted uint64 // and not told
		now := start
		var all []result
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(length)/3).Draw(t, "pause")))
			r := result{w.number(now), rapid.Bool().Draw(t, "bad"), rapid.IntRange(1, 99).Draw(t, "limit")}
			if len(all) > 0 && now < w.ends() && !r.bad && rapid.Bool().Draw(t, "only counted") {
				counted++
				r.limit = 0
			} else {
				w.gather(counted)
				s, begins := w.at(now)
				if begins {
					s.limit = r.limit
				} else {
					r.limit = 0
				}
				if r.bad {
					s.bad++
				} else {
					s.good++
				}
			}
			all = append(all, r)
			if rapid.Bool().Draw(t, "not looked at") {
				continue
			}
			w.gather(counted)

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
