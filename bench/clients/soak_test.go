package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/internal/servers"
)

// What may grow from the first quarter of a soak to its end. A word kept of each
// call would be more than the heap may within two minutes.
const (
	heapMay       = 2 << 20 // bytes that are in use after a collection
	rssMay        = 16 << 20
	goroutinesMay = 64 // of connections and calls, whose number follows the limits
)

// parts of a soak, in each of which the goodput must hold.
const parts = 4

// soaked is a client under load.
type soaked struct {
	subject        subject
	plain, limited client
	limiter        *adaptive.Limiter
	before, after  float64 // good answers per second without overload, at the best number of callers

	good                            [parts]atomic.Int64
	arrived, rejected, late, failed atomic.Int64
}

// TestSoak offers each real server three times what it can do, all at once, for as
// long as FLYBALL_SOAK says. Nothing may grow, the goodput must hold to the end,
// and no permit may be lost. What a server can do is measured before and after, and
// the less of both counts: the servers are not alone on the machine.
func TestSoak(t *testing.T) {
	value := os.Getenv("FLYBALL_SOAK")
	if value == "" {
		t.Skip("takes minutes; FLYBALL_SOAK=2m runs it for that long")
	}
	length, err := time.ParseDuration(value)
	require.NoError(t, err, "FLYBALL_SOAK")
	require.GreaterOrEqual(t, length, 10*time.Second, "FLYBALL_SOAK")
	p := plan{patience: 2 * time.Second, probe: time.Second, warmup: 10 * time.Second, length: length}

	var all []*soaked
	for _, s := range subjects {
		if s.name != "pgx-lock" { // pgx is there already
			all = append(all, newSoaked(t, p, s))
		}
	}
	var running sync.WaitGroup
	for _, s := range all {
		running.Go(func() { s.load(t.Context(), p) })
	}
	begun := time.Now()
	time.Sleep(p.warmup + length/4)
	early := footprintNow()
	time.Sleep(time.Until(begun.Add(p.warmup + length - 2*footprintTakes)))
	end := footprintNow()
	running.Wait()
	for _, s := range all {
		levels, err := measureLevels(t.Context(), p, s.plain.work)
		require.NoError(t, err)
		s.after = capacityOf(levels)
	}

	t.Logf("after a quarter: %v; at the end: %v\n%s", early, end, table(all, length))
	require.LessOrEqual(t, end.heap, early.heap+heapMay, "heap")
	require.LessOrEqual(t, end.rss, early.rss+rssMay, "memory of the process")
	require.LessOrEqual(t, end.goroutines, early.goroutines+goroutinesMay, "goroutines")
	for _, s := range all {
		for i := range parts {
			require.GreaterOrEqual(t, s.goodput(i, length), 0.9*s.capacity(), "%s, part %d of %d", s.subject.name, i+1, parts)
		}
		require.Zero(t, s.failed.Load(), s.subject.name)
		stats := s.limiter.Stats()
		require.Zero(t, stats.InFlight, s.subject.name)
		require.Zero(t, stats.Waiting, s.subject.name)
		require.Zero(t, stats.LateEnds, s.subject.name)
	}
}

// newSoaked starts a server, measures what it can do, and puts a second client
// behind a limiter.
func newSoaked(t *testing.T, p plan, s subject) *soaked {
	srv, err := s.start()
	servers.Require(t, err)
	t.Cleanup(srv.stop)
	k := &soaked{subject: s}
	k.plain, err = srv.client(nil)
	require.NoError(t, err)
	t.Cleanup(k.plain.close)
	levels, err := measureLevels(t.Context(), p, k.plain.work)
	require.NoError(t, err)
	k.before = capacityOf(levels)
	// A short queue keeps a server busy that does one thing at a time, and its callers
	// still have the time that they need when their turn comes.
	k.limiter, err = adaptive.New(adaptive.Config{Name: s.name, Queue: 4})
	require.NoError(t, err)
	k.limited, err = srv.client(k.limiter)
	require.NoError(t, err)
	t.Cleanup(k.limited.close)
	return k
}

func (s *soaked) load(ctx context.Context, p plan) {
	arrivals(ctx, p.warmup+p.length, 3*s.before, func(at time.Duration, due time.Time) {
		ctx, cancel := context.WithDeadline(ctx, due.Add(p.patience))
		defer cancel()
		err := s.limited.work(ctx)
		late := time.Since(due) > p.patience
		if at < p.warmup {
			return
		}
		s.arrived.Add(1)
		switch {
		case err == nil && !late:
			s.good[(at-p.warmup)*parts/p.length].Add(1)
		case errors.Is(err, adaptive.ErrRejected):
			s.rejected.Add(1)
		case late:
			s.late.Add(1)
		default:
			s.failed.Add(1)
		}
	})
}

func (s *soaked) capacity() float64 { return min(s.before, s.after) }

// goodput is that of a part of the soak, per second.
func (s *soaked) goodput(part int, length time.Duration) float64 {
	return float64(s.good[part].Load()) / (length / parts).Seconds()
}

func table(all []*soaked, length time.Duration) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "client\tserver\tcapacity before\tafter\tcalls\trejected\tlate\tgoodput in each quarter, of the lesser\tlimit")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%.0f/s\t%.0f/s\t%d\t%d\t%d\t", s.subject.name, s.subject.what, s.before, s.after,
			s.arrived.Load(), s.rejected.Load(), s.late.Load())
		for i := range parts {
			fmt.Fprintf(w, "%.2f ", s.goodput(i, length)/s.capacity())
		}
		fmt.Fprintf(w, "\t%d\n", s.limiter.Limit())
	}
	_ = w.Flush() // to a builder
	return b.String()
}

// footprint is what a process takes.
type footprint struct {
	heap, rss  int64 // bytes
	goroutines int
}

func (f footprint) String() string {
	return fmt.Sprintf("heap %.2f MiB, memory %.1f MiB, %d goroutines", float64(f.heap)/(1<<20), float64(f.rss)/(1<<20), f.goroutines)
}

const (
	looks          = 5
	lookEvery      = 200 * time.Millisecond
	footprintTakes = looks * lookEvery
)

// footprintNow is the least of a few looks: what calls in flight take comes and goes.
func footprintNow() (least footprint) {
	for i := range looks {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		f := footprint{heap: int64(m.HeapAlloc), rss: resident(), goroutines: runtime.NumGoroutine()}
		if i == 0 {
			least = f
		}
		least = footprint{min(least.heap, f.heap), min(least.rss, f.rss), min(least.goroutines, f.goroutines)}
		time.Sleep(lookEvery)
	}
	return least
}

// resident is the memory of this process that is in RAM; 0 where /proc does not
// tell.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
