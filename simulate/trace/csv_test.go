package trace_test

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestStampsOfAllKindsMeanTheSame(t *testing.T) {
	want := []int64{0, 680_590_000}
	for _, c := range []struct{ name, first, second string }{
		{"100 ns", "2023-11-16 18:15:46.0000000", "2023-11-16 18:15:46.6805900"},
		{"rfc 3339", "2023-11-16T18:15:46Z", "2023-11-16T18:15:46.68059Z"},
		{"rfc 3339 with local offsets", "2023-11-16T19:15:46+01:00", "2023-11-16T13:15:46.68059-05:00"},
		{"offset without colon", "2023-11-16T19:15:46+0100", "2023-11-16T13:15:46.68059-0500"},
		{"no zone", "2023-11-16T18:15:46", "2023-11-16T18:15:46.68059"},
		{"blank and zone", "2023-11-16 18:15:46Z", "2023-11-16 18:15:46.68059Z"},
		{"blank, blank, zone", "2023-11-16 19:15:46 +0100", "2023-11-16 18:15:46.68059 +0000"},
		{"blank, blank, zone with colon", "2023-11-16 19:15:46 +01:00", "2023-11-16 18:15:46.68059 +00:00"},
		{"named UTC", "2023-11-16 18:15:46 UTC", "2023-11-16 18:15:46.68059 UTC"},
		{"slashes", "2023/11/16 18:15:46", "2023/11/16 18:15:46.680590"},
		{"quoted comma", `"2023-11-16 18:15:46,000000"`, `"2023-11-16 18:15:46,680590"`},
		{"unix s", "1700158546", "1700158546.680590000"},
		{"unix ms", "1700158546000", "1700158546680.590"},
		{"unix us", "1700158546000000", "1700158546680590"},
		{"unix ns", "1700158546000000000", "1700158546680590000"},
		{"exponent", "1.700158546e9", "1.70015854668059e9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := read(t, "timestamp\n"+c.first+"\n"+c.second+"\n", trace.Options{})
			require.Equal(t, want, tr.Arrivals())
			require.Equal(t, time.Date(2023, 11, 16, 18, 15, 46, 0, time.UTC), tr.Start)
		})
	}
}

func TestUnixSecondsKeepTheirNanoseconds(t *testing.T) {
	require.Equal(t, []int64{0, 1}, read(t, "ts\n1700158546.680590000\n1700158546.680590001\n", trace.Options{}).Arrivals())
}

func TestRelativeStampsNeedAUnit(t *testing.T) {
	require.Equal(t, `f:2: t: "12" could be s, ms, us or ns, declare its unit (TimeUnit)`,
		refused(t, "t\n12\n", trace.Options{Columns: trace.Columns{Time: "t"}}))
	tr := read(t, "t\n12\n12.5\n", trace.Options{Columns: trace.Columns{Time: "t"}, TimeUnit: trace.Millis})
	require.Equal(t, []int64{0, 500_000}, tr.Arrivals())
	require.True(t, tr.Start.IsZero())
	for _, name := range []string{"time_ms", "Time (ms)", "timeMs", "time.millis", "start-time [msec]"} {
		require.Equal(t, []int64{0, 500_000}, read(t, name+"\n12\n12.5\n", trace.Options{}).Arrivals(), name)
	}
}

func TestLatenciesNeedAUnit(t *testing.T) {
	head := "ts,latency\n1700000000,"
	require.Equal(t, `f:2: latency: "12" could be s, ms, us or ns, declare its unit (LatencyUnit)`, refused(t, head+"12\n", trace.Options{}))
	for cell, want := range map[string]time.Duration{"12ms": 12 * ms, "1.5s": 1500 * ms, "15µs": 15 * time.Microsecond} {
		require.Equal(t, want, read(t, head+cell+"\n", trace.Options{}).Records[0].Latency)
	}
	for unit, want := range map[trace.Unit]time.Duration{"s": 250 * ms, "ms": 250 * time.Microsecond, "us": 250, "ns": 0} {
		require.Equal(t, want, read(t, head+"0.25\n", trace.Options{LatencyUnit: unit}).Records[0].Latency)
	}
	require.Equal(t, 50*time.Microsecond, read(t, head+"5e-05\n", trace.Options{LatencyUnit: trace.Seconds}).Records[0].Latency)
	require.Equal(t, 3*ms, read(t, "ts,Response Time (ms)\n1700000000,3\n", trace.Options{}).Records[0].Latency)
}

func TestTwoOfTimeEndAndLatencyGiveTheThird(t *testing.T) {
	want := []trace.Record{rec(0, 5*ms, false), rec(3*ms, 1*ms, false)}
	for _, c := range []struct {
		text    string
		columns trace.Columns
	}{
		{"time_ms,latency_ms\n10,5\n13,1\n", trace.Columns{}},
		{"start_ms,end_ms\n10,15\n13,14\n", trace.Columns{}},
		{"end_ms,latency_ms\n14,1\n15,5\n", trace.Columns{}},
		{"time_ms,end_ms,latency_ms\n10,15,5\n13,14,1\n", trace.Columns{}},
		{"time_ms,request_time_ms\n14,1\n15,5\n", trace.Columns{Time: "-", End: "time_ms"}},
		{"time_ms,end_ms,latency_ms\n10,15,99\n13,14,99\n", trace.Columns{Time: "time_ms", End: "end_ms"}},
		{"time_ms,end_ms,latency_ms\n99,14,1\n98,15,5\n", trace.Columns{End: "end_ms", Latency: "latency_ms"}},
		{"a,b\n10ms,5\n", trace.Columns{Time: "2", Latency: "1"}},
	} {
		o := trace.Options{Columns: c.columns}
		if c.columns.Time == "2" {
			o.TimeUnit = trace.Millis
			require.Equal(t, []trace.Record{rec(0, 10*ms, false)}, read(t, c.text, o).Records)
			continue
		}
		require.Equal(t, want, read(t, c.text, o).Records, c.text)
	}
}

func TestColumnsByPositionNeedNoHeader(t *testing.T) {
	o := trace.Options{Columns: trace.Columns{Time: "2", Latency: "3", Status: "1"}, LatencyUnit: trace.Millis}
	want := []trace.Record{rec(0, 5*ms, false), rec(time.Second, 6*ms, true)}
	require.Equal(t, want, read(t, "200,1700000000,5\n503,1700000001,6\n", o).Records)
	require.Equal(t, want, read(t, "code,at,took\n200,1700000000,5\n503,1700000001,6\n", o).Records)
	require.Equal(t, want, read(t, "200|1700000000|5\n503|1700000001|6\n", o).Records)
	require.Equal(t, []int64{0, 1e9}, read(t, "1700000000\n1700000001\n", trace.Options{}).Arrivals(), "a list of stamps")
	require.Equal(t, []int64{0, 1e9}, read(t, "whatever\n1700000000\n1700000001\n", trace.Options{}).Arrivals(), "the only column")
}

func TestColumnsCanBeLeftOut(t *testing.T) {
	text := "ts,latency,status\n1700000000,12,done\n"
	tr := read(t, text, trace.Options{Columns: trace.Columns{Latency: "-", Status: "-"}})
	require.Zero(t, tr.Latencies().Count())
	require.Zero(t, tr.Failed)
}

func TestStatusIsAnOutcomeOrOfHTTP(t *testing.T) {
	for cell, want := range map[string]bool{"true": false, "False": true, "200": false, "399": false, "400": true, "503": true, "0": true, "1": false} {
		require.Equal(t, want, read(t, "ts,status\n1700000000,"+cell+"\n", trace.Options{}).Records[0].Failed, cell)
	}
	require.Equal(t, `f:2: status: is "done", must be true, false or a status of HTTP; Columns.Status "-" leaves it out`,
		refused(t, "ts,status\n1700000000,done\n", trace.Options{}))
}

func TestQuotedCellsMayHoldAnything(t *testing.T) {
	tr := read(t, "ts,\"a \"\"name\"\"\",latency_ms\n1700000000,\"x,\ny\"\"z\",\"5\"\n1700000001,\"\",6\n", trace.Options{})
	require.Equal(t, []trace.Record{rec(0, 5*ms, false), rec(time.Second, 6*ms, false)}, tr.Records)
	tr = read(t, "a,\"ts\"\r\n\"x\r\ny\",\"1700000000\"\r\n", trace.Options{})
	require.Len(t, tr.Records, 1, "CRLF after a quote")
	tr = read(t, "ts,\"b\"\n1700000000,1\nts,\"b\"\n1700000001,2\n", trace.Options{})
	require.Len(t, tr.Records, 2, "the header again, with quotes")
	require.Equal(t, `f:4: ts: goes back by 1s, must not be before the row above; or set Sort`,
		refused(t, "ts,a\n1700000000,\"1\n2\"\n1699999999,b\n", trace.Options{}), "lines count inside quotes")
}

func TestSortPutsRecordsInOrder(t *testing.T) {
	text := "time_ms,latency_ms\n30,3\n10,1\n30,4\n20,2\n"
	require.Equal(t, "f:3: time_ms: goes back by 20ms, must not be before the row above; or set Sort", refused(t, text, trace.Options{}))
	tr := read(t, text, trace.Options{Sort: true})
	require.Equal(t, []trace.Record{rec(0, 1*ms, false), rec(10*ms, 2*ms, false), rec(20*ms, 3*ms, false), rec(20*ms, 4*ms, false)}, tr.Records,
		"equal stamps stay as they were")

	text = "time_s,latency_ms\n"
	for i := range 500 {
		text += itoa(i*7%5) + "," + itoa(i) + "\n"
	}
	records := read(t, text, trace.Options{Sort: true}).Records
	for i, r := range records[1:] {
		require.True(t, r.At > records[i].At || r.At == records[i].At && r.Latency > records[i].Latency, "record %d", i+1)
	}
}

func BenchmarkReadCSV(b *testing.B) {
	const rows = 100_000
	text := []byte("ts,label,latency_ms\n")
	for i := range rows {
		text = append(text, strconv.FormatInt(1_700_000_000_000+int64(i), 10)+",GET /,12.5\n"...)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		tr, err := trace.Read("f", bytes.NewReader(text), trace.Options{})
		require.NoError(b, err)
		require.Len(b, tr.Records, rows)
	}
}
