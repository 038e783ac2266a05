package trace_test

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

// fuzzed reads data twice; it must be one whole trace or one line, the same each time.
func fuzzed(t *testing.T, data []byte, o trace.Options) (*trace.Trace, bool) {
	o.MaxRecords, o.MaxBytes = 10_000, 4<<20
	tr, err := trace.Read("f", bytes.NewReader(data), o)
	again, errAgain := trace.Read("f", bytes.NewReader(data), o)
	require.Equal(t, tr, again)
	require.Equal(t, err, errAgain)
	if err != nil {
		require.Nil(t, tr)
		require.True(t, strings.HasPrefix(err.Error(), "f:"), err)
		require.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }), "%q", err)
		require.Less(t, len(err.Error()), 1000)
		return nil, false
	}

	failed, count := 0, 0
	for i, r := range tr.Records {
		require.False(t, i == 0 && r.At != 0 || i > 0 && r.At < tr.Records[i-1].At, "record %d at %d", i, r.At)
		require.False(t, r.Latency < 0, "record %d took %v", i, r.Latency)
		if r.Failed {
			failed++
		}
	}
	require.Equal(t, failed, tr.Failed)
	for _, r := range tr.Runs {
		require.Equal(t, count, r.First)
		count += r.Count
	}
	require.Equal(t, len(tr.Records)+tr.Intervals, count)
	require.Positive(t, count)

	d := tr.Latencies()
	require.True(t, slices.IsSorted(d.Values) && slices.IsSorted(d.UpTo))
	s := tr.Stats()
	require.True(t, s.P50 <= s.P90 && s.P90 <= s.P95 && s.P95 <= s.P99 && s.P99 <= s.Max)
	require.True(t, s.Rate >= 0 && s.CV2 >= 0 && !math.IsInf(s.Rate, 0) && !math.IsInf(s.CV2, 0), "%+v", s)
	require.True(t, s.Active <= s.Span && s.Active >= 0, "%+v", s)
	require.NotContains(t, tr.Summary(), "\n")
	return tr, true
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		vegetaCSV, vegetaJSON, k6CSV, k6JSON, jtlHeader + jtlRows, jtlRows, intervals(plain(-5, 3), plain(1)),
		"ts,latency\n2023-11-16 18:15:46.6805900,5ms\n", "start_ms,end_ms,success\n1,2,true\n", "\ufeffts\r\n1700000000\r\n", "\xff\xfet\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzed(t, data, trace.Options{}) })
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,\"2\"\n"), "a", "2", "", "s", true)
	f.Add([]byte("a|b|c\n1|2|503\n0|3|200\n"), "-", "b", "3", "ms", true)
	f.Add([]byte("2023-11-16T18:15:46Z,1ms\n"), "1", "2", "", "", false)
	f.Fuzz(func(t *testing.T, data []byte, at, latency, status, unit string, sort bool) {
		o := trace.Options{
			Format: trace.CSV, Sort: sort, TimeUnit: trace.Unit(unit), LatencyUnit: trace.Unit(unit),
			Columns: trace.Columns{Time: at, Latency: latency, Status: status},
		}
		if o.Validate() == nil {
			fuzzed(t, data, o)
		}
	})
}

func FuzzHistogram(f *testing.F) {
	f.Add(int32(2), int64(1), int64(3_600_000_000_000), []byte{9, 6, 17, 2})
	f.Add(int32(5), int64(20_000), int64(math.MaxInt64), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, digits int32, lowest, highest int64, counts []byte) {
		e := plain()
		e.digits, e.lowest, e.highest, e.tail, e.payload = digits, lowest, highest, string(counts), int32(len(counts))
		tr, ok := fuzzed(t, []byte(intervals(e)), trace.Options{})
		if ok && tr.Latencies().Count() > 0 {
			// A value is at most the highest one that its step can hold; the first bucket has up
			// to 2¹⁸ steps, each as wide as lowest at most, however low highest is.
			first := float64(1<<18) * float64(max(lowest, 1))
			require.LessOrEqual(t, float64(tr.Stats().Max)/2, max(float64(highest), first))
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"12", "0.25", "5e-05", "1700158546.680590001", "1e300", "-0", "+.5", "1.", "00000000000000000000001", "NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "\"|;,\t\r\n\x00") || strings.TrimSpace(s) != s || len(s) > 100 {
			return
		}
		tr, err := trace.Read("f", strings.NewReader("time_ms,latency_s\n0,"+s+"\n"), trace.Options{})
		ratio, ok := new(big.Rat).SetString(s)
		if strings.ContainsAny(s, "/_xXpPbBoO") || strings.Contains(strings.ToLower(s), "e") && len(s[strings.IndexAny(s, "eE")+1:]) > 4 {
			ok = false
		}
		if !ok {
			return
		}
		ns := ratio.Mul(ratio, big.NewRat(1e9, 1))
		exact, _ := ns.Float64()
		if exact < -0.5 || exact > float64(30*24*time.Hour) {
			require.Error(t, err, s)
			return
		}
		if err == nil {
			require.InDelta(t, exact, float64(tr.Records[0].Latency), 0.5+exact*1e-15, s)
		}
	})
}
