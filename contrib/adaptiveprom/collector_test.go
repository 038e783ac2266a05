package adaptiveprom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/contrib/adaptiveprom"
)

func limiter(t testing.TB, name string) *adaptive.Limiter {
	l, err := adaptive.New(adaptive.Config{Name: name, Law: "fixed:2", Queue: -1})
	require.NoError(t, err)
	return l
}

func registry(t testing.TB, reporters ...adaptive.Reporter) (*prometheus.Registry, *adaptiveprom.Collector) {
	c, err := adaptiveprom.New(reporters...)
	require.NoError(t, err)
	r := prometheus.NewPedanticRegistry()
	require.NoError(t, r.Register(c))
	return r, c
}

func ends(err error) func(context.Context) error { return func(context.Context) error { return err } }

var errDown = errors.New("down")

func TestMetricsSayWhatTheLimiterSays(t *testing.T) {
	stock := limiter(t, "stock")
	require.NoError(t, adaptive.Do(t.Context(), stock, ends(nil)))
	require.Error(t, adaptive.Do(t.Context(), stock, ends(adaptive.Refuse(errDown, 0))))
	p, _ := stock.TryAcquire()
	defer p.Release()
	q, _ := stock.TryAcquire()
	q.Done(adaptive.TimedOut)
	q.Done(adaptive.TimedOut)
	q, _ = stock.TryAcquire()
	defer q.Release()
	require.ErrorIs(t, adaptive.Do(t.Context(), stock, ends(nil)), adaptive.ErrRejected)

	users, err := breaker.New(limiter(t, "users"), breaker.Config{Consecutive: 3})
	require.NoError(t, err)
	for range 3 {
		require.ErrorIs(t, adaptive.Do(t.Context(), users, ends(errDown)), errDown)
	}

	_, c := registry(t, stock, users)
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP flyball_limit Calls that may be in flight.
# TYPE flyball_limit gauge
flyball_limit{limiter="stock"} 2
flyball_limit{limiter="users"} 2
# HELP flyball_in_flight Places taken by calls in flight.
# TYPE flyball_in_flight gauge
flyball_in_flight{limiter="stock"} 2
flyball_in_flight{limiter="users"} 0
# HELP flyball_calls_total Calls that ended, by outcome.
# TYPE flyball_calls_total counter
flyball_calls_total{limiter="stock",outcome="abandoned"} 0
flyball_calls_total{limiter="stock",outcome="failure"} 0
flyball_calls_total{limiter="stock",outcome="ignored"} 0
flyball_calls_total{limiter="stock",outcome="refused"} 1
flyball_calls_total{limiter="stock",outcome="success"} 1
flyball_calls_total{limiter="stock",outcome="timed_out"} 1
flyball_calls_total{limiter="users",outcome="abandoned"} 0
flyball_calls_total{limiter="users",outcome="failure"} 3
flyball_calls_total{limiter="users",outcome="ignored"} 0
flyball_calls_total{limiter="users",outcome="refused"} 0
flyball_calls_total{limiter="users",outcome="success"} 0
flyball_calls_total{limiter="users",outcome="timed_out"} 0
# HELP flyball_late_ends_total Calls that were ended again after their end.
# TYPE flyball_late_ends_total counter
flyball_late_ends_total{limiter="stock"} 1
flyball_late_ends_total{limiter="users"} 0
# HELP flyball_breaker_state 1 for the state the circuit breaker is in, 0 for the others.
# TYPE flyball_breaker_state gauge
flyball_breaker_state{limiter="users",state="closed"} 0
flyball_breaker_state{limiter="users",state="disabled"} 0
flyball_breaker_state{limiter="users",state="forced_closed"} 0
flyball_breaker_state{limiter="users",state="forced_open"} 0
flyball_breaker_state{limiter="users",state="half_open"} 0
flyball_breaker_state{limiter="users",state="open"} 1
# HELP flyball_breaker_opened_total How often the circuit breaker opened by itself.
# TYPE flyball_breaker_opened_total counter
flyball_breaker_opened_total{limiter="users"} 1
`), "flyball_limit", "flyball_in_flight", "flyball_calls_total", "flyball_late_ends_total", "flyball_breaker_state", "flyball_breaker_opened_total"))
}

func TestMetricsAreNamedAsPrometheusWants(t *testing.T) {
	users, err := breaker.New(limiter(t, "users"), breaker.Config{})
	require.NoError(t, err)
	r, _ := registry(t, users)
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestLimitersWithoutANameOfTheirOwnAreRefused(t *testing.T) {
	_, err := adaptiveprom.New(limiter(t, "a"), limiter(t, ""), limiter(t, "a"))
	require.EqualError(t, err, "adaptiveprom: limiter 2 has no Name, which its metrics need as label\n"+
		`adaptiveprom: limiters 1 and 3 are both named "a"; one of them needs another Name`)
}

// Keys come from outside: they must not become labels.
func TestKeysAddNoSeries(t *testing.T) {
	k, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{Limiter: adaptive.Config{Name: "hosts"}, MaxKeys: 4}, adaptive.Parts{})
	require.NoError(t, err)
	_, c := registry(t, k)
	before := testutil.CollectAndCount(c)
	for i := range 100 {
		require.NoError(t, adaptive.Do(t.Context(), k.For(fmt.Sprint(i)), ends(nil)))
		if i%10 == 0 {
			require.EqualValues(t, i+1, k.Report().Stats.Ended[adaptive.Success])
		}
	}
	require.Equal(t, before, testutil.CollectAndCount(c))
}

func TestNamesAreTextInLabels(t *testing.T) {
	r, _ := registry(t, limiter(t, "a\"b\\c\nd"), limiter(t, "ünïcode"))
	_, err := r.Gather()
	require.NoError(t, err)
}

func TestScrapesWhileCallsGoOn(t *testing.T) {
	stock := limiter(t, "stock")
	r, _ := registry(t, stock)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for ctx.Err() == nil {
			_ = adaptive.Do(ctx, stock, ends(nil)) // err: the end of ctx
			time.Sleep(time.Millisecond)
		}
	}()
	for range 20 {
		_, err := r.Gather()
		require.NoError(t, err)
	}
	stop()
	<-over
}
