package trace_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

const ms = time.Millisecond

// read is Read of text, and must go well.
func read(t *testing.T, text string, o trace.Options) *trace.Trace {
	t.Helper()
	tr, err := trace.Read("f", strings.NewReader(text), o)
	require.NoError(t, err)
	return tr
}

// refused is the error of Read, which must be one line and come without a trace.
func refused(t *testing.T, text string, o trace.Options) string {
	t.Helper()
	tr, err := trace.Read("f", strings.NewReader(text), o)
	require.Error(t, err)
	require.Nil(t, tr, "a partial result")
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, len(err.Error()), 500)
	return err.Error()
}

func rec(at, latency time.Duration, failed bool) trace.Record {
	return trace.Record{At: int64(at), Latency: latency, Failed: failed}
}

const (
	vegetaCSV = `1700000000100000000,200,5000000,0,12,,aGk=,load,0,GET,http://x/,
1700000000000000000,500,7000000,0,12,500 Internal Server Error,,load,1,GET,http://x/,
1700000000250000000,0,30000000,0,0,"Get ""http://x/"": refused, sorry",,load,2,GET,http://x/,
`
	vegetaJSON = `{"attack":"","seq":0,"code":200,"timestamp":"2023-11-14T23:13:20.1+01:00","latency":5000000,"bytes_out":0,"bytes_in":12,"error":"","body":"aGk="}
{"attack":"","seq":1,"code":500,"timestamp":"2023-11-14T22:13:20Z","latency":7000000,"error":"500 Internal Server Error"}
{"attack":"","seq":2,"code":0,"timestamp":"2023-11-14T22:13:20.25Z","latency":30000000,"error":"refused"}
`
	k6CSV = `metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,status,extra_tags
http_reqs,1700000001,1.000000,,,,true,,GET,http://x/,200,
http_req_duration,1700000001,250.500000,,,,true,,GET,http://x/,200,
http_req_duration,1700000001,500.000000,,,1404,false,,GET,http://x/,404,
http_req_duration,1700000002,100.000000,,,,true,,GET,http://x/,404,
vus,1700000002,5.000000,,,,,,,,,
`
	k6JSON = `{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":["p(95)<200"],"submetrics":null},"metric":"http_req_duration"}
{"metric":"http_reqs","type":"Point","data":{"time":"2023-11-14T22:13:21Z","value":1,"tags":{"status":"200"}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-15T00:13:21.000001+02:00","value":250.5,"tags":{"expected_response":"true","status":"200","name":"\"Metric\""}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:21.000001Z","value":500,"tags":{"expected_response":"false","status":"404"}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22.000001Z","value":100,"tags":{"status":"503"}}}
`
	jtlRows = `1700000000100,250,login,200,OK,users 1-1,text,true,,771,258,2,2,http://x/,249,0,11
1700000000000,300,"buy, then
pay",500,Oops,users 1-2,text,false,"said ""no""",771,258,2,2,http://x/,299,0,11
1700000000500,600,all,200,"Number of samples in transaction : 2, number of failing samples : 1",users 1-2,,false,,771,258,2,2,null,0,0,0
1700000000400,50,login,200,OK,users 1-1,text,true,,771,258,2,2,http://x/,49,0,0
`
	jtlHeader = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)

func TestFormatsAreKnownByTheirContent(t *testing.T) {
	vegeta := []trace.Record{rec(0, 7*ms, true), rec(100*ms, 5*ms, false), rec(250*ms, 30*ms, true)}
	jmeter := []trace.Record{rec(0, 300*ms, true), rec(100*ms, 250*ms, false), rec(400*ms, 50*ms, false)}
	at := time.Unix(1_700_000_000, 0).UTC()
	for _, c := range []struct {
		name, text string
		format     trace.Format
		start      time.Time
		grain      time.Duration
		records    []trace.Record
	}{
		{"vegeta csv", vegetaCSV, trace.VegetaCSV, at, ms, vegeta},
		{"vegeta json", vegetaJSON, trace.VegetaJSON, at, ms, vegeta},
		{
			"k6 csv stamps ends", k6CSV, trace.K6CSV, at.Add(500 * ms), time.Second,
			[]trace.Record{rec(0, 500*ms, true), rec(249_500*time.Microsecond, 250_500*time.Microsecond, false), rec(1400*ms, 100*ms, false)},
		},
		{
			"k6 json stamps ends", k6JSON, trace.K6JSON, at.Add(500*ms + time.Microsecond), time.Microsecond,
			[]trace.Record{rec(0, 500*ms, true), rec(249_500*time.Microsecond, 250_500*time.Microsecond, false), rec(1400*ms, 100*ms, true)},
		},
		{"jtl", jtlHeader + jtlRows, trace.JTL, at, ms, jmeter},
		{"jtl without header", jtlRows, trace.JTL, at, ms, jmeter},
		{"jtl with its header twice", jtlHeader + jtlRows[:strings.Index(jtlRows, "\n")+1] + jtlHeader + jtlRows[strings.Index(jtlRows, "\n")+1:], trace.JTL, at, ms, jmeter},
		{"jtl with semicolons", strings.ReplaceAll("timeStamp,elapsed,success\n1700000000000,300,false\n1700000000100,250,true\n1700000000400,50,true\n", ",", ";"), trace.JTL, at, ms, jmeter},
		{"csv", "ts,latency_ms,success\n1700000000000,300,false\n1700000000100,250,true\n1700000000400,50,true\n", trace.CSV, at, ms, jmeter},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range []string{c.text, strings.ReplaceAll(c.text, "\n", "\r\n"), "\ufeff" + c.text, "\n \n" + strings.TrimSuffix(c.text, "\n")} {
				tr := read(t, text, trace.Options{})
				require.Equal(t, c.format, tr.Format)
				require.Equal(t, c.records, tr.Records)
				require.Equal(t, c.start, tr.Start)
				require.Equal(t, c.grain, tr.Resolution)
				forced := read(t, text, trace.Options{Format: c.format})
				require.Equal(t, tr, forced)
			}
		})
	}
}

func TestFailuresCountAndTeachNoLatency(t *testing.T) {
	tr := read(t, vegetaCSV, trace.Options{})
	require.Equal(t, 2, tr.Failed)
	require.EqualValues(t, 1, tr.Latencies().Count())
	require.Equal(t, 5*ms, tr.Latencies().Quantile(0.5))
	require.Equal(t, []int64{0, int64(100 * ms), int64(250 * ms)}, tr.Arrivals())
}

func TestVegetaFailsWhatIsNo2xxOr3xx(t *testing.T) {
	for code, want := range map[string]bool{"0": true, "199": true, "200": false, "399": false, "400": true} {
		require.Equal(t, want, read(t, "1700000000000000000,"+code+",1,0,0,,,a,0\n", trace.Options{}).Records[0].Failed, code)
	}
	require.True(t, read(t, "1700000000000000000,200,1,0,0,body cut,,a,0\n", trace.Options{}).Records[0].Failed)
}

func TestTransactionTotalsOfJMeterAreNoCalls(t *testing.T) {
	tr := read(t, jtlRows, trace.Options{})
	require.Equal(t, 1, tr.Skipped)
	require.Equal(t, 2, tr.Callers)
	require.Contains(t, tr.Summary(), "1 transaction totals skipped, closed loop of 2 callers")
}

func TestThreadsThatChangeAreNoClosedLoop(t *testing.T) {
	head := "timeStamp,elapsed,success,allThreads\n"
	require.Zero(t, read(t, head+"1700000000000,1,true,1\n1700000000001,1,true,2\n1700000000002,1,true,3\n", trace.Options{}).Callers)
	require.Equal(t, 3, read(t, head+"1700000000000,1,true,1\n1700000000001,1,true,3\n1700000000002,1,true,3\n", trace.Options{}).Callers)
}

func TestCallsInFlightThatStayTheSameAreAClosedLoop(t *testing.T) {
	closed, open := "time_ms,latency_ms\n", "time_ms,latency_ms\n"
	for i := range 40 {
		closed += itoa(i*50) + ",100\n" // each call begins when the one before the last ends
		open += itoa(i*50) + "," + itoa(20+i%7*40) + "\n"
	}
	require.Equal(t, 2, read(t, closed, trace.Options{}).Callers)
	require.Zero(t, read(t, open, trace.Options{}).Callers)
	require.Zero(t, read(t, "time_ms,latency_ms\n0,100\n100,100\n", trace.Options{}).Callers, "one call at a time says nothing")
	require.Zero(t, read(t, "time_ms\n0\n0\n100\n100\n", trace.Options{}).Callers, "no latencies")
}

func TestRunsAreCutAtLongPauses(t *testing.T) {
	day := 24 * time.Hour
	text := "time_s,latency_ms\n0,1\n1,1\n2,1\n259200,1\n259202,1\n"
	tr := read(t, text, trace.Options{})
	require.Equal(t, []trace.Run{{First: 0, Count: 3, Start: 0, Span: 2 * time.Second}, {First: 3, Count: 2, Start: 3 * day, Span: 2 * time.Second}}, tr.Runs)
	s := tr.Stats()
	require.Equal(t, 3*day+2*time.Second, s.Span)
	require.Equal(t, 4*time.Second, s.Active)
	require.InDelta(t, 0.75, s.Rate, 1e-12)
	require.InDelta(t, 0.125, s.CV2, 1e-12) // gaps of 1, 1 and 2 s
	require.Contains(t, tr.Summary(), "2 runs (pauses of 71h59m58s left out)")

	require.Len(t, read(t, text, trace.Options{Pause: 1500 * ms}).Runs, 3)
	require.Len(t, read(t, text, trace.Options{Pause: 4 * day}).Runs, 1)
	hourly := "time_s\n0\n3600\n7200\n10800\n100000\n"
	require.Len(t, read(t, hourly, trace.Options{}).Runs, 1, "a pause is long beside the usual gap")
	minutes := "time_s\n0\n60\n120\n180\n240\n6240\n6300\n12301\n"
	require.Len(t, read(t, minutes, trace.Options{}).Runs, 2, "of pauses of 6,000 and 6,001 seconds")
}

func TestStatsOfAMetronome(t *testing.T) {
	s := read(t, "time_ms\n0\n100\n200\n300\n1200\n1300\n", trace.Options{Pause: time.Hour}).Stats()
	require.EqualValues(t, 6, s.Count)
	require.Equal(t, 1300*ms, s.Span)
	require.Equal(t, 4, s.Busiest, "0 to 300; a second is half-open")
	require.InDelta(t, 5/1.3, s.Rate, 1e-12)
	require.Zero(t, read(t, "time_ms\n0\n100\n200\n", trace.Options{}).Stats().CV2)

	one := read(t, "time_ms\n7\n", trace.Options{}).Stats()
	require.Equal(t, trace.Stats{Count: 1, Busiest: 1}, one)
	same := read(t, "time_ms\n7\n7\n7\n", trace.Options{}).Stats()
	require.Equal(t, trace.Stats{Count: 3, Busiest: 3}, same)
}

func TestBusiestSecondBeginsAnywhere(t *testing.T) {
	require.Equal(t, 3, read(t, "time_ms\n0\n900\n1000\n1899\n1900\n", trace.Options{}).Stats().Busiest)
}

func TestQuantilesAreNearestRanks(t *testing.T) {
	text := "time_s,latency_ms\n"
	for i := 100; i >= 1; i-- {
		text += itoa(100-i) + "," + itoa(i) + "\n"
	}
	d := read(t, text, trace.Options{}).Latencies()
	require.EqualValues(t, 100, d.Count())
	for q, want := range map[float64]time.Duration{-1: 1, 0: 1, 0.005: 1, 0.01: 1, 0.011: 2, 0.07: 7, 0.5: 50, 0.99: 99, 0.991: 100, 1: 100, 2: 100} {
		require.Equal(t, want*ms, d.Quantile(q), "q = %v", q)
	}
	require.Equal(t, 50*ms+500*time.Microsecond, d.Mean())
	var none trace.Distribution
	most := trace.Distribution{Values: []time.Duration{1, 2}, UpTo: []int64{35, math.MaxInt64}} // no float64
	require.Equal(t, time.Duration(2), most.Quantile(1))
	require.Equal(t, time.Duration(1), most.Quantile(0))
	require.Zero(t, none.Quantile(0.5)+none.Mean()+time.Duration(none.Count()))
}

func TestSummaryOfStampsToTheSecond(t *testing.T) {
	require.Equal(t,
		"f: k6-csv, 3 calls in 1.4s, from 2023-11-14 22:13:20 UTC, mean 1.429/s, inter-arrival cv² 0.414, busiest second 2, "+
			"stamps to the second only, latency p50 100ms p95 250.5ms p99 250.5ms max 250.5ms, 1 failed",
		read(t, k6CSV, trace.Options{}).Summary())
	tr, err := trace.Read("\x1b[2Jx\n", strings.NewReader("time_ms\n5\n"), trace.Options{})
	require.NoError(t, err)
	require.Equal(t, "?[2Jx?: csv, 1 calls in 0s", tr.Summary())
}
