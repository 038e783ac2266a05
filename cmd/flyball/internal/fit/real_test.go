package fit

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// real is a server on loopback that lets so many calls in at a time, and knows how
// long they were in.
type real struct {
	slots       chan struct{}
	sheds       int64
	work        func()
	inside      atomic.Int64
	busy, calls atomic.Int64
}

func (s *real) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	defer s.inside.Add(-1)
	if n := s.inside.Add(1); s.sheds > 0 && n > s.sheds {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if s.slots != nil {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
	}
	begun := time.Now()
	s.work()
	s.busy.Add(int64(time.Since(begun)))
	s.calls.Add(1)
}

func sleeps(d time.Duration) func() { return func() { time.Sleep(d) } }

func sleepsBimodally() func() {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 0))
	return func() {
		mu.Lock()
		slow := random.IntN(10) == 0
		mu.Unlock()
		if slow {
			time.Sleep(100 * ms)
			return
		}
		time.Sleep(10 * ms)
	}
}

func spins() {
	x := uint64(1)
	for range 4_000_000 {
		x = x*6364136223846793005 + 1442695040888963407
	}
	sink.Store(x)
}

var sink atomic.Uint64

func loadedForReal(t *testing.T, h http.Handler, from float64) *load.Run {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	q := load.Request{URL: u, Dial: []string{u.Host}, Conns: 256, Agent: "flyball-test", MaxBody: 1000}
	target, closeAll := q.Target()
	defer closeAll()
	p := load.Plan{From: from, MaxRate: 5000, Factor: 1.35, Min: 2 * time.Second, Max: 6 * time.Second, MaxTime: 3 * time.Minute, InFlight: 256, Timeout: 5 * time.Second,
		GiveUp: 200, Errors: 0.01, Ratio: 3, Within: 0.05}
	g := load.Generator{Target: target, InFlight: p.InFlight, Timeout: p.Timeout, GiveUp: p.GiveUp}
	found, err := (&load.Finder{Plan: p, Hold: g.Hold}).Find(t.Context())
	require.NoError(t, err)
	return &load.Run{Version: load.Version, Loop: "open", Method: "GET", Target: s.URL, Plan: p, Found: found}
}

// TestTwinsOfRealServers takes minutes, and a machine that has nothing else to do: what
// others take away comes and goes, and no twin follows it. How much that is the run
// itself says, see Twin.Noise.
func TestTwinsOfRealServers(t *testing.T) {
	if !patient {
		t.Skip("FLYBALL_LONG is not set")
	}
	for _, c := range []struct {
		name         string
		slots, sheds int
		work         func()
		from         float64
	}{
		{"8 at a time", 8, 0, sleeps(40 * ms), 40},
		{"32 at a time", 32, 0, sleeps(80 * ms), 60},
		{"bimodal", 8, 0, sleepsBimodally(), 60},
		{"sheds at 40", 8, 40, sleeps(40 * ms), 40},
		{"spins", 0, 0, spins, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &real{sheds: int64(c.sheds), work: c.work}
			if c.slots > 0 {
				h.slots = make(chan struct{}, c.slots)
			}
			r := loadedForReal(t, h, c.from)
			for _, s := range r.Steps {
				t.Logf("%.0f/s for %v: %.0f/s, service p50 %v p99 %v, late %v, passed %v %s", s.Rate, s.For.Round(ms), s.Goodput, s.Service.P50, s.Service.P99, s.Lag.P99, s.Passed, s.Detail)
			}
			twin, err := Of(t.Context(), r, simulate.Empirical)
			require.NoError(t, err)
			told(t, twin)
			if c.slots > 0 {
				truth := float64(c.slots) / time.Duration(h.busy.Load()/h.calls.Load()).Seconds()
				t.Logf("capacity %.1f, truth %.1f: %+.1f %%", twin.Capacity, truth, 100*(twin.Capacity/truth-1))
				require.InEpsilon(t, truth, twin.Capacity, 0.15)
			}
			if c.sheds > 0 {
				require.InDelta(t, c.sheds, twin.Sheds, 4)
			}
			for _, j := range twin.Judged {
				if j.Below {
					require.InEpsilon(t, j.Measured.P99, j.Predicted.P99, max(0.2, 2*twin.Noise), j.Where)
				}
			}
		})
	}
}
