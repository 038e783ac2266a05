package adaptiveotel_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/contrib/adaptiveotel"
)

func limiter(t testing.TB, name string) *adaptive.Limiter {
	l, err := adaptive.New(adaptive.Config{Name: name, Law: "fixed:2", Queue: -1})
	require.NoError(t, err)
	return l
}

// rig is a provider that is read by hand.
type rig struct {
	*testing.T
	reader   *sdk.ManualReader
	provider *sdk.MeterProvider
}

func newRig(t *testing.T) *rig {
	reader := sdk.NewManualReader()
	return &rig{t, reader, sdk.NewMeterProvider(sdk.WithReader(reader))}
}

func (r *rig) collect() (metrics []metricdata.Metrics) {
	var all metricdata.ResourceMetrics
	require.NoError(r, r.reader.Collect(r.Context(), &all))
	for _, s := range all.ScopeMetrics {
		metrics = append(metrics, s.Metrics...)
	}
	return metrics
}

// values are all points of whole numbers by metric and attributes.
func (r *rig) values() map[string]int64 {
	v := map[string]int64{}
	for _, m := range r.collect() {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			for _, p := range sum.DataPoints {
				v[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
			}
		}
	}
	return v
}

var errDown = errors.New("down")

func TestMetricsSayWhatTheLimiterSays(t *testing.T) {
	stock := limiter(t, "stock")
	p, _ := stock.TryAcquire()
	p.Done(adaptive.TimedOut)
	p, _ = stock.TryAcquire()
	defer p.Release()
	users, err := breaker.New(limiter(t, "users"), breaker.Config{Consecutive: 3})
	require.NoError(t, err)
	for range 3 {
		require.ErrorIs(t, adaptive.Do(t.Context(), users, func(context.Context) error { return errDown }), errDown)
	}

	r := newRig(t)
	registration, err := adaptiveotel.Register(r.provider.Meter("test"), stock, users)
	require.NoError(t, err)
	v := r.values()
	for key, want := range map[string]int64{
		"flyball.limiter.limit flyball.limiter.name=stock":                                       2,
		"flyball.limiter.active_calls flyball.limiter.name=stock":                                1,
		"flyball.limiter.active_calls flyball.limiter.name=users":                                0,
		"flyball.limiter.calls flyball.limiter.name=stock,flyball.outcome=timed_out":             1,
		"flyball.limiter.calls flyball.limiter.name=users,flyball.outcome=failure":               3,
		"flyball.limiter.rejections flyball.limiter.name=stock,flyball.reject_reason=queue_full": 0,
		"flyball.breaker.state flyball.breaker.state_name=open,flyball.limiter.name=users":       1,
		"flyball.breaker.state flyball.breaker.state_name=closed,flyball.limiter.name=users":     0,
		"flyball.breaker.trips flyball.limiter.name=users":                                       1,
	} {
		got, there := v[key]
		require.True(t, there, key)
		require.Equal(t, want, got, key)
	}
	require.NotContains(t, v, "flyball.breaker.trips flyball.limiter.name=stock", "it has no breaker")

	require.NoError(t, registration.Unregister())
	require.Empty(t, r.values())
}

// Names and units as OpenTelemetry's conventions have them.
func TestNamesAndUnits(t *testing.T) {
	users, err := breaker.New(limiter(t, "users"), breaker.Config{})
	require.NoError(t, err)
	r := newRig(t)
	_, err = adaptiveotel.Register(r.provider.Meter("test"), users)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, m := range r.collect() {
		names[m.Name] = true
		require.Regexp(t, `^flyball\.(limiter|breaker)\.[a-z][a-z0-9]*(_[a-z0-9]+)*$`, m.Name)
		require.Regexp(t, `^(s|1|\{[a-z]+\})$`, m.Unit, m.Name)
		require.Regexp(t, regexp.MustCompile(`^[A-Z0-9].*\.$|; 0 if unknown\.$`), m.Description, m.Name)
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok && sum.IsMonotonic {
			require.NotEqual(t, "1", m.Unit, m.Name)
		}
	}
	require.Len(t, names, 18)
}

func TestLimitersWithoutANameOfTheirOwnAreRefused(t *testing.T) {
	_, err := adaptiveotel.Register(noop.Meter{}, limiter(t, "a"), limiter(t, ""), limiter(t, "a"))
	require.EqualError(t, err, "adaptiveotel: limiter 2 has no Name, which its metrics need as attribute\n"+
		`adaptiveotel: limiters 1 and 3 are both named "a"; one of them needs another Name`)
}

// Keys come from outside: they must not become attributes.
func TestKeysAddNoSeries(t *testing.T) {
	k, err := adaptive.NewKeyed[string](adaptive.KeyedConfig{Limiter: adaptive.Config{Name: "hosts"}, MaxKeys: 4}, adaptive.Parts{})
	require.NoError(t, err)
	r := newRig(t)
	_, err = adaptiveotel.Register(r.provider.Meter("test"), k)
	require.NoError(t, err)
	before := len(r.values())
	for i := range 100 {
		require.NoError(t, adaptive.Do(t.Context(), k.For(fmt.Sprint(i)), func(context.Context) error { return nil }))
	}
	v := r.values()
	require.Len(t, v, before)
	require.EqualValues(t, 100, v["flyball.limiter.calls flyball.limiter.name=hosts,flyball.outcome=success"], "with those evicted")
}
