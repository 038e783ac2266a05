package load

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
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
			t.Parallel() // they wait, nearly all the time
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
	// What it can do changes with what else the machine does, so the truth is that of
	// the steps that told the knee.
	truths := map[float64]float64{}
	g := generator(target)
	f := Finder{Plan: realPlan(), Hold: func(ctx context.Context, rate float64, span Span) (Step, error) {
		busy.Store(0)
		calls.Store(0)
		s, err := g.Hold(ctx, rate, span)
		truths[rate] = float64(slots) / time.Duration(busy.Load()/max(1, calls.Load())).Seconds()
		return s, err
	}}
	found, err := f.Find(t.Context())
	require.NoError(t, err)
	for _, s := range found.Steps {
		t.Logf("%.0f/s for %v: %.0f/s, p50 %v, p99 %v, late %v, passed %v %s", s.Rate, s.For, s.Goodput, s.Response.P50, s.Response.P99, s.Lag.P99, s.Passed, s.Detail)
	}
	require.NotNil(t, found.Knee, found.Detail)
	truth := truths[found.Knee.Rate]
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

// TestMain is a server of its own if it is told to be, so that what it does with a
// processor is not what the generator lacks.
func TestMain(m *testing.M) {
	if os.Getenv("FLYBALL_TEST_SERVER") == "" {
		os.Exit(m.Run())
	}
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go func() { // ends with the test, whose end of the pipe closes
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var block [1 << 20]byte
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // of a test
		for range 8 {
			_, _ = fmt.Fprintf(w, "%x", sha256.Sum256(block[:]))
		}
	})))
}

// TestKneeOfARealServerThatComputes has one whose truth nobody knows: what a closed
// loop gets out of it that keeps it busy. The test wants a processor for the server that
// nobody else gets, not even for a tick of the scheduler: it is run in the real-time
// class where that is allowed.
func TestKneeOfARealServerThatComputes(t *testing.T) {
	if !patient {
		t.Skip("FLYBALL_LONG is not set")
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "FLYBALL_TEST_SERVER=1")
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	defer func() {
		in.Close()
		_ = c.Wait()
	}()
	host, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	r := Request{URL: address(t, "http://"+strings.TrimSpace(host)), Dial: []string{strings.TrimSpace(host)}, Conns: 256, MaxBody: 1 << 20}
	target, closeAll := r.Target()
	defer closeAll()
	before := closedLoop(t, target)
	p := realPlan()
	p.From = before / 10
	f := Finder{Plan: p, Hold: generator(target).Hold}
	found, err := f.Find(t.Context())
	require.NoError(t, err)
	after := closedLoop(t, target)
	require.InEpsilon(t, before, after, 0.1, "the machine is too busy to have a truth")
	truth := (before + after) / 2
	for _, s := range found.Steps {
		t.Logf("%.0f/s for %v: %.0f/s, p50 %v, p99 %v, late %v, passed %v %s", s.Rate, s.For, s.Goodput, s.Response.P50, s.Response.P99, s.Lag.P99, s.Passed, s.Detail)
	}
	require.NotNil(t, found.Knee, found.Detail)
	t.Logf("knee %.1f, truth %.1f (before %.1f, after %.1f): %+.1f %%", found.Knee.Rate, truth, before, after, 100*(found.Knee.Rate/truth-1))
	require.InEpsilon(t, truth, found.Knee.Rate, 0.15)
}

// closedLoop is how many calls a second four callers get that never rest.
func closedLoop(t *testing.T, target Target) float64 {
	t.Helper()
	const length = 5 * time.Second
	var calls atomic.Int64
	var callers sync.WaitGroup
	begun := time.Now()
	for range 4 {
		callers.Go(func() {
			for time.Since(begun) < length {
				if target(t.Context()) == nil {
					calls.Add(1)
				}
			}
		})
	}
	callers.Wait()
	return float64(calls.Load()) / time.Since(begun).Seconds()
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
