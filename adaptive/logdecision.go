package adaptive

import (
	"context"
	"log/slog"
	"sync"
)

// LogDecisions returns a [Parts.OnDecision] that writes decisions to log: at
// level Info if the limit moved, at Warn if reality has left Parts.Expected, else at
// Debug. It runs on the goroutine of a call that ended, so it takes little of
// its time: after a record that took t it drops what comes within 20 t, and the next
// record says how many were dropped.
func LogDecisions(log *slog.Logger) func(Decision) {
	d := &decisionLog{log: log, now: stopwatch()}
	return d.write
}

type decisionLog struct {
	log *slog.Logger
	now func() Instant

	mu      sync.Mutex // one log may serve many Limiters
	free    Instant    // when the next record may be written
	dropped int
}

// restPerWork keeps a slow handler to a twentieth of the time.
const restPerWork = 20

func (l *decisionLog) write(d Decision) {
	level := slog.LevelDebug
	switch {
	case d.Outside != "":
		level = slog.LevelWarn
	case d.From != d.To:
		level = slog.LevelInfo
	}
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	start := l.now()
	l.mu.Lock()
	if start < l.free {
		l.dropped++
		l.mu.Unlock()
		return
	}
	l.free = 1<<63 - 1 // others drop while this one writes
	dropped := l.dropped
	l.dropped = 0
	l.mu.Unlock()
	defer func() {
		end := l.now()
		l.mu.Lock()
		l.free = end.Add(restPerWork * end.Sub(start))
		l.mu.Unlock()
	}()
	attrs := []slog.Attr{
		slog.String("limiter", d.Name), slog.Int("from", d.From), slog.Int("to", d.To),
		slog.String("reason", d.Reason), slog.Float64("value", d.Value), slog.Float64("bound", d.Bound),
		slog.String("unless", d.Unless), slog.Int("samples", d.Samples), slog.Duration("median", d.Median),
		slog.Int("peak", d.PeakInFlight), slog.Int("blocked", d.Blocked),
	}
	if d.Outside != "" {
		attrs = append(attrs, slog.String("outside", d.Outside))
	}
	if dropped > 0 {
		attrs = append(attrs, slog.Int("dropped", dropped))
	}
	l.log.LogAttrs(ctx, level, "adaptive limit", attrs...)
}
