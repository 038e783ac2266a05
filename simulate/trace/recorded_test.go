package trace_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

// recorded opens a public trace in the folder that FLYBALL_TRACES names.
func recorded(t *testing.T, name string) *trace.Trace {
	t.Helper()
	dir := os.Getenv("FLYBALL_TRACES")
	if dir == "" {
		t.Skip("FLYBALL_TRACES names no folder of recorded traces")
	}
	tr, err := trace.Open(filepath.Join(dir, name), trace.Options{})
	require.NoError(t, err)
	t.Log(tr.Summary())
	return tr
}

func TestRecordedArrivalsOfAnLLMService(t *testing.T) {
	tr := recorded(t, "AzureLLMInferenceTrace_conv.csv")
	s := tr.Stats()
	require.Equal(t, trace.CSV, tr.Format)
	require.EqualValues(t, 19_366, s.Count)
	require.Equal(t, 3501722*time.Millisecond, s.Span.Round(time.Millisecond))
	require.InDelta(t, 5.530, s.Rate, 0.0005)
	require.InDelta(t, 1.197, s.CV2, 0.0005)
	require.Equal(t, 19, s.Busiest)
	require.Zero(t, tr.Latencies().Count())
	require.Len(t, tr.Runs, 1)
	require.Zero(t, tr.Callers)
}

func TestRecordedLoadTestOfJMeter(t *testing.T) {
	tr := recorded(t, "jmeter_banakhalil.jtl")
	s := tr.Stats()
	require.Equal(t, trace.JTL, tr.Format)
	require.EqualValues(t, 1_400, s.Count)
	require.Equal(t, 25_397*time.Millisecond, s.Span)
	require.Equal(t, 860*time.Millisecond, s.P50)
	require.Equal(t, 2975*time.Millisecond, s.P95)
	require.Equal(t, 3027*time.Millisecond, s.P99)
	require.Equal(t, 3036*time.Millisecond, s.Max)
	require.Equal(t, 100, tr.Callers)
	require.Zero(t, tr.Failed)
}

func TestRecordedIntervalLogOfJHiccup(t *testing.T) {
	tr := recorded(t, "jHiccup-2.0.7S.logV2.hlog")
	s := tr.Stats()
	require.Equal(t, trace.HLog, tr.Format)
	require.Equal(t, 62, tr.Intervals)
	require.EqualValues(t, 48_761, s.Count)
	require.Equal(t, 329_727*time.Nanosecond, s.P50)
	require.Equal(t, 1_434_451_967*time.Nanosecond, s.P99)
	require.Equal(t, 1_803_550_719*time.Nanosecond, s.Max)
	require.Nil(t, tr.Arrivals())
}
