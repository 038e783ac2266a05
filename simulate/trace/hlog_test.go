package trace_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

// An encoded histogram, by its parts: counts as V2 writes them, a negative one for
// as many empty places.
type encoded struct {
	packed, cookie  uint32
	digits          int32
	lowest, highest int64
	payload         int32 // 0 means what it is
	counts          []int64
	tail            string // after the counts
	flush           bool   // the end of the packed bytes comes in a block of its own
}

func plain(counts ...int64) encoded {
	return encoded{packed: 0x1c849314, cookie: 0x1c849313, digits: 2, lowest: 1, highest: 3_600_000_000_000, counts: counts}
}

func zigzag(n int64) []byte {
	u := uint64(n)<<1 ^ uint64(n>>63)
	var b []byte
	for len(b) < 8 && u >= 0x80 {
		b = append(b, byte(u)|0x80)
		u >>= 7
	}
	return append(b, byte(u))
}

func (e encoded) String() string {
	var counts, inner, outer bytes.Buffer
	for _, n := range e.counts {
		counts.Write(zigzag(n))
	}
	if e.payload == 0 {
		e.payload = int32(counts.Len())
	}
	for _, v := range []any{e.cookie, e.payload, int32(0), e.digits, e.lowest, e.highest, 1.0} {
		_ = binary.Write(&inner, binary.BigEndian, v)
	}
	inner.Write(counts.Bytes())
	inner.WriteString(e.tail)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(inner.Bytes())
	if e.flush {
		_ = w.Flush()
	}
	_ = w.Close()
	_ = binary.Write(&outer, binary.BigEndian, e.packed)
	_ = binary.Write(&outer, binary.BigEndian, uint32(z.Len()))
	outer.Write(z.Bytes())
	return base64.StdEncoding.EncodeToString(outer.Bytes())
}

const hlogHead = `#[Logged with a test]
#[Histogram log format version 1.2]
#[StartTime: 1441812279.474 (seconds since epoch), Wed Sep 09 08:24:39 PDT 2015]
"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
`

func intervals(es ...encoded) string {
	text := hlogHead
	for i, e := range es {
		text += fmt.Sprintf("%d.127,1.007,2.769,%s\n", i, e)
	}
	return text
}

func TestIntervalLogMergesItsHistograms(t *testing.T) {
	// Two digits are 256 steps of 1, then 128 of 2 up to 511, 128 of 4 up to 1023 …
	text := intervals(plain(-5, 3, -9, 1), plain(-5, 1, -249, 2, 1), plain(-257, 7))
	for _, text := range []string{text, strings.ReplaceAll(text, "\n0.1", "\nTag=a b,0.1"), strings.TrimPrefix(text, hlogHead)} {
		tr := read(t, text, trace.Options{})
		require.Equal(t, trace.HLog, tr.Format)
		require.Equal(t, 3, tr.Intervals)
		require.Equal(t, trace.Distribution{
			Values: []time.Duration{5, 15, 255, 257, 259},
			UpTo:   []int64{4, 5, 7, 8, 15},
		}, tr.Latencies())
		s := tr.Stats()
		require.EqualValues(t, 15, s.Count)
		require.Equal(t, 3007*ms, s.Span)
		require.Zero(t, s.Rate)
		require.Nil(t, tr.Arrivals())
		require.Nil(t, tr.Records)
	}
	require.Equal(t, time.Date(2015, 9, 9, 15, 24, 39, 601e6, time.UTC), read(t, text, trace.Options{}).Start)
	require.Equal(t, "f: hlog, 3 intervals, 15 samples in 3.007s, from 2015-09-09 15:24:39 UTC, latency p50 257ns p95 259ns p99 259ns max 259ns",
		read(t, text, trace.Options{}).Summary())
}

func TestCoarseHistogramsCountTheirLowestValues(t *testing.T) {
	e := plain(1, 1, -254, 1) // steps of 16,384: 0, 16,384, and 4,194,304 in steps of 32,768
	e.lowest = 20_000
	// Read back as in a histogram that discerns from 1: 16,384 to 16,511 look the same there.
	require.Equal(t, []time.Duration{0, 16_511, 4_227_071}[:2], read(t, intervals(e), trace.Options{}).Latencies().Values[:2])
	require.Equal(t, 4_194_304+32_768-1, int(read(t, intervals(e), trace.Options{}).Latencies().Quantile(1)))
}

func TestAllDigitsAndRangesAreDecoded(t *testing.T) {
	for digits, steps := range []int64{2, 32, 256, 2048, 32768, 262144} { // powers of two above 2, 20, 200 …
		e := plain(-(steps - 1), 1, 1) // the last step of the first bucket, the first of the second
		e.digits, e.highest = int32(digits), math.MaxInt64
		d := read(t, intervals(e), trace.Options{}).Latencies()
		require.Equal(t, []time.Duration{time.Duration(steps - 1), time.Duration(steps + 1)}, d.Values, "%d digits", digits)
	}
}

func TestEmptyIntervalsCountNothing(t *testing.T) {
	tr := read(t, intervals(plain(), plain(-4608), plain(0, 1)), trace.Options{})
	require.Equal(t, 3, tr.Intervals)
	require.EqualValues(t, 1, tr.Latencies().Count())
	require.Equal(t, "f: has no samples in 2 intervals", refused(t, intervals(plain(), plain(-4608)), trace.Options{}))
}

func TestLargeCountsAreDecoded(t *testing.T) {
	for _, n := range []int64{1, 63, 64, 8191, 8192, 1 << 40, 1<<55 - 1, 1 << 55, math.MaxInt64} {
		require.Equal(t, n, read(t, intervals(plain(-3, n)), trace.Options{}).Latencies().Count())
	}
}

func TestValuesOfIntervalLogsMayHaveAnotherUnit(t *testing.T) {
	require.Equal(t, 5*time.Microsecond, read(t, intervals(plain(-5, 1)), trace.Options{LatencyUnit: trace.Micros}).Latencies().Quantile(0.5))
}

func TestSeveralLogsInOneFileAreRuns(t *testing.T) {
	again := strings.Replace(intervals(plain(1), plain(1)), "1441812279", "1441898679", 1) // a day later
	tr := read(t, intervals(plain(1), plain(1), plain(1))+again, trace.Options{})
	require.Equal(t, 5, tr.Intervals)
	require.Equal(t, []trace.Run{{First: 0, Count: 3, Span: 2 * time.Second}, {First: 3, Count: 2, Start: 24 * time.Hour, Span: time.Second}}, tr.Runs)
}

func TestIntervalStampsMayBeAbsoluteOrHaveABase(t *testing.T) {
	row := ",1.000,0.1," + plain(1).String() + "\n"
	want := time.Unix(1_441_812_280, 0).UTC()
	start := "#[StartTime: 1441812279.0 (seconds since epoch), x]\n"
	require.Equal(t, want, read(t, start+"1441812280.000"+row, trace.Options{}).Start)
	require.Equal(t, want, read(t, start+"1.000"+row, trace.Options{}).Start)
	require.Equal(t, want, read(t, "#[BaseTime: 1441812270.0 (seconds since epoch)]\n10.000"+row, trace.Options{}).Start)
	require.True(t, read(t, "10.000"+row, trace.Options{}).Start.IsZero())
}

func TestBadIntervalLogsAreOneClearLine(t *testing.T) {
	with := func(change func(*encoded)) string {
		e := plain(-5, 3)
		change(&e)
		return intervals(plain(1), e)
	}
	raw := func(b []byte) string { return hlogHead + "0.1,1.0,1.0," + base64.StdEncoding.EncodeToString(b) + "\n" }
	const key = "f:6: Interval_Compressed_Histogram: "
	for _, c := range []struct{ name, text, want string }{
		{"comments only", hlogHead, "f: has no intervals"},
		{"V0", with(func(e *encoded) { e.packed = 0x1c849309 }), key + "is a V0 histogram, must be V2"},
		{"V1", with(func(e *encoded) { e.packed = 0x1c849312 }), key + "is a V1 histogram, must be V2"},
		{"doubles", with(func(e *encoded) { e.packed = 0x0c72124f }), key + "has the cookie 0xc72124f, must be a V2 histogram"},
		{"V1 inside", with(func(e *encoded) { e.cookie = 0x1c849301 }), key + "has the cookie 0x1c849301 inside, must be of V2"},
		{"too many digits", with(func(e *encoded) { e.digits = 6 }), key + "is damaged: it says 1 to 3600000000000 with 6 digits"},
		{"negative digits", with(func(e *encoded) { e.digits = -1 }), key + "is damaged: it says"},
		{"upside down", with(func(e *encoded) { e.lowest, e.highest = 100, 99 }), key + "is damaged: it says 100 to 99"},
		{"too coarse", with(func(e *encoded) { e.lowest, e.highest = 1<<61, math.MaxInt64 }), key + "is damaged: it says"},
		{"negative length", with(func(e *encoded) { e.payload = -1 }), key + "is damaged: it says -1 bytes of counts"},
		{"too long", with(func(e *encoded) { e.payload = math.MaxInt32 }), key + "is damaged: it says 2147483647 bytes of counts"},
		{"longer than it says", with(func(e *encoded) { e.tail = "x" }), key + "is damaged: it says 2 bytes of counts, and has another number"},
		{"shorter than it says", with(func(e *encoded) { e.payload = 3 }), key + "is damaged: it says 3 bytes of counts, and has another number"},
		{"a count cut", with(func(e *encoded) { e.tail, e.payload = "\xff", 3 }), key + "is damaged: unexpected EOF"},
		{"past the end", with(func(e *encoded) { e.counts = []int64{-100_000, 1} }), key + "is damaged: counts go past the last of"},
		{"past the end by one", with(func(e *encoded) { e.counts = []int64{1, -4608} }), key + "is damaged: counts go past the last of 4608 places"},
		{"far past the end", with(func(e *encoded) { e.counts = []int64{math.MinInt64} }), key + "is damaged: counts go past the last of"},
		{"too many samples", with(func(e *encoded) { e.counts = []int64{math.MaxInt64} }), key + "counts more samples than a number of 64 bits"},
		{"endless value", with(func(e *encoded) { e.highest, e.counts = math.MaxInt64, []int64{-7000, 1} }), key + "has a value of"},
		{"no base64", intervals(plain(1)) + "1.1,1.0,1.0,HISTF?\n", key + "is damaged: illegal base64 data at input byte 5"},
		{"cut", raw(make([]byte, 7)), "f:5: Interval_Compressed_Histogram: is cut short: 7 bytes"},
		{"cut inside", raw([]byte{0x1c, 0x84, 0x93, 0x14, 0, 0, 0, 9, 1}), "f:5: Interval_Compressed_Histogram: is cut short: 1 bytes, must be 9"},
		{"no zlib", raw([]byte{0x1c, 0x84, 0x93, 0x14, 0, 0, 0, 2, 1, 1}), "f:5: Interval_Compressed_Histogram: is damaged: zlib: invalid header"},
		{"no histogram", hlogHead + "0.1,1.0,1.0\n", "f:5: has 3 columns, must have start, length, maximum and histogram"},
		{"NaN stamp", hlogHead + "NaN,1.0,1.0,x\n", `f:5: StartTimestamp: is "NaN", must be finite: must be seconds`},
		{"negative length of time", hlogHead + "0.1,-1.0,1.0,x\n", `f:5: Interval_Length: is "-1.0", must be seconds, and before 2116`},
		{"no start", "#[StartTime: soon]\n" + hlogHead, `f:1: StartTime: is "soon", is no number: must be seconds`},
		{"far future", "#[BaseTime: 4000000000 x]\n4000000000,1,1,x", "f:2: StartTimestamp: is out of range, must be before 2116"},
		{"back in time", intervals(plain(1), plain(1)) + "0.5,1.0,1.0," + plain(1).String(), "f:7: StartTimestamp: goes back by 627ms, must not be before the line above; or set Sort"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, refused(t, c.text, trace.Options{}), c.want)
		})
	}
	require.Contains(t, refused(t, intervals(plain(1), plain(1)), trace.Options{MaxRecords: 1}), "f:6: is one interval too many")
	require.Contains(t, refused(t, intervals(plain(1, 1)), trace.Options{MaxRecords: 1}), "is one value too many")
	text := intervals(plain(1))
	require.Contains(t, refused(t, text, trace.Options{MaxBytes: int64(len(text))}), "bytes unpacked", "what a histogram unpacks to counts too")
	sorted := read(t, intervals(plain(1), plain(1))+"0.5,1.0,1.0,"+plain(1).String(), trace.Options{Sort: true})
	require.Equal(t, 3, sorted.Intervals)
}

func TestDamageInsideAHistogramIsFound(t *testing.T) {
	for _, flush := range []bool{false, true} {
		e := plain(-5, 3, -9, 1)
		e.flush = flush
		require.Equal(t, 1, read(t, intervals(e), trace.Options{}).Intervals)
		raw, err := base64.StdEncoding.DecodeString(e.String())
		require.NoError(t, err)
		for i := 8; i < len(raw); i++ { // the sum at the end covers all after the head
			damaged := bytes.Clone(raw)
			damaged[i] ^= 1
			refused(t, hlogHead+"0.1,1.0,1.0,"+base64.StdEncoding.EncodeToString(damaged), trace.Options{})
		}
	}
}
