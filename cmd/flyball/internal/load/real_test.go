package load

import (
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patient is set where the machine is quiet and there is time.
var patient = os.Getenv("FLYBALL_LONG") != ""

// realPlan is of a few seconds, or of half a minute.
func realPlan() Plan {
	p := plan()
	p.From, p.Factor, p.Within = 100, 1.6, 0.1
	p.Min, p.Max, p.MaxTime = 300*ms, 500*ms, 30*time.Second
	if patient {
		p.Within, p.Min, p.Max, p.MaxTime = 0.05, time.Second, 2*time.Second, 2*time.Minute
	}
	return p
}

// TestKneeOfRealServers has some on loopback that let so many calls in at a time,
// and say themselves how long they were in: on a busy machine longer than they
// sleep.
func TestKneeOfRealServers(t *testing.T) {
	for _, c := range []struct {
		name         string
		slots, sheds int
		sleep        func() time.Duration
		long         bool
	}{
		{"8 at a time", 8, 0, always(40 * ms), false},
		{"32 at a time", 32, 0, always(80 * ms), true},
		{"bimodal", 8, 0, drawn(1), true},
		{"sheds at 40", 8, 40, always(40 * ms), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && !patient {
				t.Skip("FLYBALL_LONG is not set")
			}
			realKnee(t, c.slots, c.sheds, c.sleep)
		})
	}
}

func realKnee(t *testing.T, slots, sheds int, sleep func() time.Duration) {
	free := make(chan struct{}, slots)
	var inside, busy, calls atomic.Int64
	var drawing sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer inside.Add(-1)
		if n := inside.Add(1); sheds > 0 && n > int64(sheds) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		drawing.Lock()
		d := sleep()
		drawing.Unlock()
		free <- struct{}{}
		begun := time.Now()
		time.Sleep(d)
		busy.Add(int64(time.Since(begun)))
		calls.Add(1)
		<-free
	}))
	defer s.Close()
	r := to(t, s)
	r.Conns = 256
	target, closeAll := r.Target()
	defer closeAll()
	f := Finder{Plan: realPlan(), Hold: generator(target).Hold}
	found, err := f.Find(t.Context())
	require.NoError(t, err)
	truth := float64(slots) / time.Duration(busy.Load()/calls.Load()).Seconds()
	for _, s := range found.Steps {
		t.Logf("%.0f/s for %v: %.0f/s, p50 %v, p99 %v, late %v, passed %v %s", s.Rate, s.For, s.Goodput, s.Response.P50, s.Response.P99, s.Lag.P99, s.Passed, s.Detail)
	}
	require.NotNil(t, found.Knee, found.Detail)
	t.Logf("knee %.1f, truth %.1f: %+.1f %%", found.Knee.Rate, truth, 100*(found.Knee.Rate/truth-1))
	if patient {
		require.InEpsilon(t, truth, found.Knee.Rate, 0.15)
		return
	}
	// Whoever else the machine works for may stop it early, never late.
	require.Less(t, found.Knee.Rate, 1.35*truth)
	if found.Knee.Above > 0 {
		require.Greater(t, found.Knee.Rate, 0.5*truth)
	}
}

// TestAGeneratorAtItsEndFindsNoKnee asks for twice what it can do.
func TestAGeneratorAtItsEndFindsNoKnee(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	for _, second := range []bool{false, true} {
		r := to(t, s)
		r.Conns = 256
		d := 200 * ms
		if patient {
			d = time.Second
		}
		r.HTTP2 = second
		ceiling, err := Ceiling(t.Context(), r, d)
		require.NoError(t, err)
		t.Logf("HTTP/2 %v: the generator can make %.0f calls/s", second, ceiling)
		require.Positive(t, ceiling)
		r.HTTP2 = false
		target, closeAll := r.Target()
		p := realPlan()
		p.From, p.MaxRate, p.Max = 2*ceiling, 2*ceiling, p.Min
		found, err := (&Finder{Plan: p, Ceiling: ceiling, Hold: generator(target).Hold}).Find(t.Context())
		closeAll()
		require.NoError(t, err)
		t.Logf("%s: %s", found.Stopped, found.Detail)
		require.True(t, found.Knee == nil || found.Knee.Above == 0, "a knee was found")
		if patient && !second {
			require.Equal(t, GeneratorAtLimit, found.Stopped, found.Detail)
		}
	}
}
