package corelimit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/platinummonkey/go-concurrency-limits/core"
	"github.com/platinummonkey/go-concurrency-limits/limit"
	"github.com/platinummonkey/go-concurrency-limits/limiter"
	"github.com/platinummonkey/go-concurrency-limits/strategy"
	"github.com/stretchr/testify/require"
)

// spied is a limit and what it was told.
type spied struct {
	core.Limit
	spy
}

func (s *spied) EstimatedLimit() int                              { return s.Limit.EstimatedLimit() }
func (s *spied) NotifyOnChange(consumer core.LimitChangeListener) { s.Limit.NotifyOnChange(consumer) }
func (s *spied) OnSample(start, rtt int64, inFlight int, drop bool) {
	s.spy.OnSample(start, rtt, inFlight, drop)
	s.Limit.OnSample(start, rtt, inFlight, drop)
}

// The same calls go through a Limiter under our window and through their
// DefaultLimiter; both must admit the same ones and tell their limit the same.
func TestWindowsAreThoseOfTheirDefaultLimiter(t *testing.T) {
	for _, c := range []struct {
		name    string
		make    func() core.Limit
		every   time.Duration
		takes   func(i int) time.Duration
		outcome func(i int) adaptive.Outcome
		calls   int
		least   int // windows that the run must have seen
	}{
		{
			name: "plenty of calls", calls: 20_000, every: time.Millisecond, least: 18,
			make:    func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes:   func(i int) time.Duration { return time.Duration(5+i*7%11) * time.Millisecond },
			outcome: func(i int) adaptive.Outcome { return adaptive.Success },
		},
		{
			name: "few calls, so that windows are longer than a second", calls: 1000, every: 30 * time.Millisecond, least: 8,
			make:    func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes:   func(i int) time.Duration { return time.Duration(50+i*7%11) * time.Millisecond },
			outcome: func(i int) adaptive.Outcome { return adaptive.Success },
		},
		{
			name: "drops, which are not round trips", calls: 20_000, every: time.Millisecond, least: 15,
			make:  func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes: func(i int) time.Duration { return time.Duration(5+i*7%11) * time.Millisecond },
			outcome: func(i int) adaptive.Outcome {
				if i%1000 < 200 {
					return adaptive.Refused
				}
				return adaptive.Success
			},
		},
		{
			name: "time-outs, which are not round trips either", calls: 20_000, every: time.Millisecond, least: 6,
			make: func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes: func(i int) time.Duration {
				if i%1000 < 900 {
					return 100 * time.Millisecond
				}
				return time.Duration(5+i*7%11) * time.Millisecond
			},
			outcome: func(i int) adaptive.Outcome {
				if i%1000 < 900 {
					return adaptive.TimedOut
				}
				return adaptive.Success
			},
		},
		{
			name: "round trips that grow within a window of many parts", calls: 30_000, every: time.Millisecond, least: 3,
			make:  func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes: func(i int) time.Duration { return time.Duration(5+i%3000/100) * time.Millisecond },
			outcome: func(i int) adaptive.Outcome {
				if i%20 > 0 {
					return adaptive.Refused
				}
				return adaptive.Success
			},
		},
		{
			name: "round trips below the threshold, which do not exist", calls: 20_000, every: time.Millisecond, least: 4,
			make: func() core.Limit { return limit.NewAIMDLimit("", 10, 0.9, 1, nil) },
			takes: func(i int) time.Duration {
				if i%32 == 0 {
					return 300 * time.Microsecond
				}
				return 50 * time.Microsecond
			},
			outcome: func(i int) adaptive.Outcome { return adaptive.Success },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mine, theirs := &spied{Limit: c.make()}, &spied{Limit: c.make()}
				start := time.Now()
				ours, err := adaptive.NewWith(adaptive.Config{Queue: -1}, adaptive.Parts{
					Law:   NewWindowed(func() core.Limit { return mine }),
					Clock: adaptive.Clock{Now: func() adaptive.Instant { return adaptive.Instant(time.Since(start)) }},
				})
				require.NoError(t, err)
				other, err := limiter.NewDefaultLimiter(theirs, 1e9, 1e9, 1e5, 100, strategy.NewSimpleStrategy(10), limit.NoopLimitLogger{}, core.EmptyMetricRegistryInstance)
				require.NoError(t, err)

				for i := range c.calls {
					p, ok := ours.TryAcquire()
					listener, theyDo := other.Acquire(context.Background())
					require.Equal(t, theyDo, ok, "call %d", i)
					if ok {
						time.AfterFunc(c.takes(i)+time.Duration(i+1), func() { // no two end at once, and none as one begins
							if c.outcome(i) == adaptive.Success {
								p.Done(adaptive.Success)
								listener.OnSuccess()
							} else {
								p.Done(c.outcome(i))
								listener.OnDropped()
							}
						})
					}
					time.Sleep(c.every)
				}
				time.Sleep(time.Minute)

				require.Equal(t, other.EstimatedLimit(), ours.Limit())
				require.GreaterOrEqual(t, len(theirs.samples), c.least)
				require.Len(t, mine.samples, len(theirs.samples))
				for i, s := range theirs.samples {
					m := mine.samples[i]
					require.InEpsilon(t, s.rtt, m.rtt, 0.065, "window %d", i) // a bucket is that wide
					require.Equal(t, s.drop, m.drop, "window %d", i)
					require.Equal(t, s.inFlight, m.inFlight, "window %d", i)
				}
			})
		})
	}
}
