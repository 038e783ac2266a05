package trace_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate/trace"
)

func TestBadInputIsOneClearLine(t *testing.T) {
	const row = "1700000000000,300,a,200,OK,t 1-1,text,true,,1,1,1,1,http://x/,1,0,0\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "f: is empty, has no records"},
		{"blank", "\n \r\n\n", "f: is empty, has no records"},
		{"only a byte order mark", "\ufeff", "f: is empty, has no records"},
		{"header only", "ts,latency_ms\n", "f: has no records of format csv"},
		{"jtl header only", jtlHeader, "f: has no records of format jtl"},
		{"k6 without calls", "metric_name,timestamp,metric_value\nvus,1700000000,5\n", "f: has no records of format k6-csv"},
		{"k6 json without calls", k6JSON[:strings.Index(k6JSON, "\n")], "f: has no records of format k6-json"},
		{"NUL byte", "ts\n1700000000\n17000\x0000001\n", "f:3: has a NUL byte, must be text"},
		{"UTF-16 little endian", "\xff\xfet\x00s\x00", "f: is UTF-16, must be UTF-8"},
		{"UTF-16 big endian", "\xfe\xff\x00t\x00s", "f: is UTF-16, must be UTF-8"},
		{"UTF-16 without mark", "t\x00s\x00", "f: is UTF-16, must be UTF-8"},
		{"UTF-16 big endian without mark", "\x00t\x00s", "f: is UTF-16, must be UTF-8"},
		{"long line", "ts\n" + strings.Repeat("1", 1<<20+1) + "\n", "f:2: is longer than 1 MiB, must be a shorter line"},
		{"very long line", "ts\n" + strings.Repeat("1", 3<<20), "f:2: is longer than 1 MiB, must be a shorter line"},
		{"long record", "ts,a\n1700000000,\"" + strings.Repeat("1234567\n", 1<<17) + "\"\n", "f:2: is a record longer than 1 MiB, is a quote left open?"},
		{"open quote", "ts,a\n1700000000,\"x\n1700000000,x\n", "f:2: a quote is open at the end of the file, must be closed"},
		{"quote inside", "ts,a\n1700000000,x\"\"\n", `f:2: a: "x\"\"" has a quote inside, must be in quotes as a whole`},
		{"text after quote", "ts,a\n1700000000,\"x\"y\n", "f:2: a: text after the closing quote, must be a ','"},
		{"too few columns", "ts,a\n1700000000,1\n1700000000\n", "f:3: has 1 columns, must have 2 as the first line"},
		{"too many columns", "ts,a\n1700000000,1,2\n", "f:2: has 3 columns, must have 2 as the first line"},
		{"no stamp", "ts\n1700000000\nsoon\n", `f:3: ts: "soon" is no number, must be a number of s as in the first row`},
		{"empty stamp", "ts,a\n,1\n", `f:2: ts: "" is no stamp, must be like 2006-01-02T15:04:05.999Z or a number`},
		{"no date", "ts\n2023-02-30 00:00:00\n", `f:2: ts: "2023-02-30 00:00:00" is no stamp, must be like 2006-01-02T15:04:05.999Z or a number`},
		{"mixed dates", "ts\n2023-11-16 18:15:46\n2023-11-16T18:15:46Z\n", `f:3: ts: "2023-11-16T18:15:46Z" is no stamp as in the first row, must be like 2006-01-02 15:04:05`},
		{"number among dates", "ts\n2023-11-16 18:15:46\n1700158547\n", `f:3: ts: "1700158547" is no stamp as in the first row, must be like 2006-01-02 15:04:05`},
		{"date among numbers", "ts\n1700158547\n2023-11-16 18:15:46\n", `f:3: ts: "2023-11-16 18:15:46" is no number, must be a number of s as in the first row`},
		{"mixed units up", "ts\n1700158547\n1700158548000\n", `f:3: ts: "1700158548000" is out of range, must be a number of s as in the first row`},
		{"mixed units down", "ts\n1700158547000\n1700158548\n", `f:3: ts: "1700158548" is not a time in ms as in the first row: mixed units`},
		{"mixed units, declared", "time_ms\n5\n1700158548000\n", `f:3: time_ms: "1700158548000" is not a time in ms as in the first row: mixed units`},
		{"before 1970", "ts\n1969-12-31 23:59:59\n", "f:2: ts: is 1969-12-31, must be within 1970 and 2115"},
		{"far future", "ts\n2116-01-01 00:00:00\n", "f:2: ts: is 2116-01-01, must be within 1970 and 2115"},
		{"negative stamp", "time_ms\n-1\n", "f:2: time_ms: is out of range, must be within 1970 and 2115"},
		{"NaN stamp", "ts\nNaN\n", `f:2: ts: "NaN" must be finite, must be a stamp`},
		{"back in time", "ts\n1700000000\n1699999999.5\n", "f:3: ts: goes back by 500ms, must not be before the row above; or set Sort"},
		{"NaN latency", "ts,latency_ms\n1700000000,nan\n", `f:2: latency_ms: "nan" must be finite, must be a latency`},
		{"infinite latency", "ts,latency_ms\n1700000000,+Inf\n", `f:2: latency_ms: "+Inf" must be finite, must be a latency`},
		{"negative latency", "ts,latency_ms\n1700000000,-1\n", "f:2: latency_ms: is -1ms, a latency must not be negative"},
		{"negative latency with unit", "ts,latency\n1700000000,-1ms\n", "f:2: latency: is -1ms, a latency must not be negative"},
		{"endless latency", "ts,latency_s\n1700000000,2600000\n", "f:2: latency_s: is 722h13m20s, longer than 30 days: is the unit right?"},
		{"latency out of range", "ts,latency_s\n1700000000,1e300\n", `f:2: latency_s: "1e300" is out of range, must be a latency`},
		{"latencies with and without unit", "ts,latency\n1700000000,12ms\n1700000000,12\n", `f:3: latency: "12" is no latency with its unit as in the first row, must be like 12ms`},
		{"latency with a unit and a declared one", "ts,latency_ms\n1700000000,12\n1700000000,12ms\n", `f:3: latency_ms: "12ms" is no number, must be a latency`},
		{"no latency", "ts,latency_ms\n1700000000,\n", `f:2: latency_ms: "" is no number, must be a latency`},
		{"end before start", "start_ms,end_ms\n10,9\n", "f:2: end_ms: is 1ms before start_ms, must not be"},
		{"only ends", "end_ms,a\n10,9\n", "f:1: says when calls ended, must say when they arrived or how long they took too (Columns)"},
		{"two stamps", "ts,start\n1,2\n", `f:1: columns "ts" and "start" could both be the time, say which (Columns.Time)`},
		{"unknown columns", "a,b\n1,2\n", "f:1: has no column with a usual name for stamps, say which (Columns.Time): a, b"},
		{"jtl without success", "timeStamp,elapsed\n1700000000000,1\n", "f:1: has no column success, its columns are timeStamp, elapsed"},
		{"jtl outcome", strings.Replace(row+row, "true", "maybe", 2), `f:1: has no column with a usual name for stamps`},
		{"jtl outcome below", row + strings.Replace(row, "true", "maybe", 1), `f:2: success: is "maybe", must be true or false`},
		{"jtl threads", row + strings.Replace(row, ",1,1,http", ",1,-1,http", 1), `f:2: allThreads: is "-1", must be a number of threads`},
		{"jtl latency", row + strings.Replace(row, "300", "3e", 1), `f:2: elapsed: "3e" is no number, must be a latency`},
		{"vegeta code", vegetaCSV + "1700000000000000000,70000,5,0,12,,,l,3,GET,u,\n", `f:4: code: is "70000", must be a status of HTTP, or 0`},
		{"vegeta latency", vegetaCSV + "1700000000000000000,200,-5,0,12,,,l,3,GET,u,\n", `f:4: latency: is -5ns, a latency must not be negative`},
		{"vegeta json cut", vegetaJSON[:len(vegetaJSON)-20], "f:3: is no JSON object in one line: unexpected end of JSON input"},
		{"vegeta json with little in it", vegetaJSON + "{}\n", "f:4: is no result of vegeta, must have timestamp, latency and code"},
		{"vegeta json latency", vegetaJSON + `{"timestamp":"2023-11-14T22:13:20Z","latency":-1,"code":1}`, "f:4: latency: is -1ns, a latency must not be negative"},
		{"vegeta json stamp", vegetaJSON + `{"timestamp":"9999-11-14T22:13:20Z","latency":1,"code":1}`, "f:4: timestamp: is 9999-11-14, must be within 1970 and 2115"},
		{"vegeta json kind", vegetaJSON + `{"timestamp":"2023-11-14T22:13:20Z","latency":"1ms","code":1}`, "f:4: latency is a JSON string, must be a int64"},
		{"k6 json cut", k6JSON[:len(k6JSON)-5], "f:5: is no JSON object in one line: unexpected end of JSON input"},
		{"k6 json cut in another metric", k6JSON + `{"metric":"vus"`, "f:6: is no JSON object in one line"},
		{"k6 json infinite", k6JSON + `{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22Z","value":1e999}}`, "f:6: data: value is a JSON number 1e999, must be a float64"},
		{"k6 json huge", k6JSON + `{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22Z","value":1e300}}`, "f:6: data.value: is 277777h46m40s, longer than 30 days: is the unit right?"},
		{"k6 json negative", k6JSON + `{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22Z","value":-1e300}}`, "f:6: data.value: is -1ns, a latency must not be negative"},
		{"k6 json without value", k6JSON + `{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22Z"}}`, "f:6: data: has no time or no value, must have both"},
		{"k6 json without data", k6JSON + `{"metric":"http_req_duration","type":"Point"}`, "f:6: data: has no time or no value, must have both"},
		{"k6 json status", k6JSON + `{"metric":"http_req_duration","type":"Point","data":{"time":"2023-11-14T22:13:22Z","value":1,"tags":{"status":"x"}}}`, `f:6: data.tags.status: is "x", must be a status of HTTP, or 0`},
		{"json array", "[{}]", "f:1: is a JSON array, must be one object in each line"},
		{"other json", `{"log":{}}`, "f:1: is JSON of another kind, must be results of vegeta or k6"},
		{"json over several lines", "{\n\"metric\":1}", "f:1: is no JSON object in one line: unexpected end of JSON input"},
		{"xml", "<?xml version=\"1.0\"?>", "f:1: is XML, must be CSV: JMeter writes it with jmeter.save.saveservice.output_format=csv"},
		{"binary", "\x0d\x7f\x03\x01\x01\x06Result", "f:1: is binary, must be text: results of vegeta go through vegeta encode"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, refused(t, c.text, trace.Options{}), c.want)
		})
	}
}

// Of which most is beyond the buffer that lines are read through.
func TestALongLineIsReadWhole(t *testing.T) {
	for _, end := range []string{"", "\n", "\r\n"} {
		for _, n := range []int{64 << 10, 64<<10 - 1, 64<<10 + 1, 1 << 20} {
			line := "1700000000,"
			line += strings.Repeat("x", n-len(line)) + end
			tr, err := trace.Read("f", strings.NewReader("ts,a\n"+line), trace.Options{})
			require.NoError(t, err, "%d bytes", n)
			require.Len(t, tr.Records, 1)
		}
	}
}

func TestControlCharactersStayOutOfErrors(t *testing.T) {
	_, err := trace.Read("\x1b[31m\n", strings.NewReader("ts,\x1b[2J\n1700000000,\"x\"\x1b\n"), trace.Options{})
	require.EqualError(t, err, "?[31m?:2: ?[2J: text after the closing quote, must be a ','")
	require.NotContains(t, refused(t, "ts\n1700000000\n\x1b[2J\n", trace.Options{}), "\x1b")
}

func TestOptionsAreCheckedTogether(t *testing.T) {
	err := trace.Options{
		Format: "xls", TimeUnit: "min", LatencyUnit: "h", Pause: -1, MaxRecords: -1, MaxBytes: -1,
		Columns: trace.Columns{Time: "a", End: "b", Latency: "c"},
	}.Validate()
	for _, part := range []string{
		`Format is "xls", must be one of csv, vegeta-csv, vegeta-json, k6-csv, k6-json, jtl, hlog`, `TimeUnit is "min"`, `LatencyUnit is "h"`,
		"Columns has Time, End and Latency, must have two of them at most", "Pause is -1ns", "MaxRecords is -1", "MaxBytes is -1",
	} {
		require.ErrorContains(t, err, part)
	}
	require.NoError(t, trace.Options{}.Validate())
	require.Error(t, trace.Options{Format: trace.JTL, TimeUnit: trace.Millis}.Validate())
	require.Error(t, trace.Options{Format: trace.K6CSV, Columns: trace.Columns{Time: "t"}}.Validate())
	require.Error(t, trace.Options{Format: trace.VegetaJSON, LatencyUnit: trace.Millis}.Validate())
	require.NoError(t, trace.Options{Format: trace.HLog, LatencyUnit: trace.Micros}.Validate())
	require.Equal(t, "f: looks like jtl: trace: options: TimeUnit is for csv only: jtl says its own", refused(t, jtlRows, trace.Options{TimeUnit: trace.Seconds}))
	refused(t, "ts\n1700000000\n", trace.Options{Pause: -1})
}

func TestColumnsThatAreAskedForMustBeThere(t *testing.T) {
	ask := func(text, column string) string {
		return refused(t, text, trace.Options{Columns: trace.Columns{Time: column}, TimeUnit: trace.Seconds})
	}
	require.Equal(t, `f:1: has no column "when" (Columns.Time), its columns are a, b`, ask("a,b\n1,2\n", "when"))
	require.Equal(t, `f:1: has no column "3" (Columns.Time), its columns are a, b`, ask("a,b\n1,2\n", "3"))
	require.Equal(t, `f:1: has no column "0" (Columns.Time), its columns are a, b`, ask("a,b\n1,2\n", "0"))
	require.Equal(t, `f:1: has two columns "a", give the position (Columns.Time)`, ask("a,a\n1,2\n", "a"))
	o := trace.Options{Columns: trace.Columns{Time: "1", Latency: "x"}, TimeUnit: trace.Seconds}
	require.Equal(t, `f:1: has no column "x" (Columns.Latency), its columns are 1 to 2, without names`, refused(t, "1,2\n", o))
}

func TestMoreRecordsThanAllowedAreRefused(t *testing.T) {
	o := trace.Options{MaxRecords: 2}
	require.Len(t, read(t, "time_s\n1\n2\n", o).Records, 2)
	require.Equal(t, "f:4: is one record too many, must be 2 at most", refused(t, "time_s\n1\n2\n3\n", o))
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestGzipIsUnpacked(t *testing.T) {
	want := read(t, vegetaCSV, trace.Options{})
	require.Equal(t, want, read(t, string(pack(t, vegetaCSV)), trace.Options{}))
	half := strings.Index(vegetaCSV, "\n") - 3
	members := string(pack(t, vegetaCSV[:half])) + string(pack(t, vegetaCSV[half:]))
	require.Equal(t, want, read(t, members, trace.Options{}), "members put one after the other")
}

func TestDamagedGzipIsNeverAPartialTrace(t *testing.T) {
	text := "ts\n" + strings.Repeat("1700000000\n", 100)
	packed := pack(t, text)
	for n := 2; n < len(packed); n++ {
		refused(t, string(packed[:n]), trace.Options{})
	}
	require.Contains(t, refused(t, string(packed[:len(packed)-1]), trace.Options{}), ": is cut short: unexpected EOF")
	sum := bytes.Clone(packed)
	sum[len(sum)-8] ^= 1
	require.Contains(t, refused(t, string(sum), trace.Options{}), ": is damaged: gzip: invalid checksum")
	require.Contains(t, refused(t, string(packed)+"junk of ten", trace.Options{}), ": is damaged: gzip: invalid header")
	require.Equal(t, "f: is packed twice, unpack it once", refused(t, string(pack(t, string(packed))), trace.Options{}))
}

func TestBombsAreRefused(t *testing.T) {
	bomb := pack(t, "ts\n"+strings.Repeat("1700000000\n", 1<<18))
	require.Contains(t, refused(t, string(bomb), trace.Options{}), "unpacks to more than 200 times its size")
	log := pack(t, "ts\n"+strings.Repeat("1700000000\n", 1<<14))
	require.Less(t, len(log)*200, 11<<14)
	require.Len(t, read(t, string(log), trace.Options{}).Records, 1<<14, "small files may pack well")
	text := "time_s\n1\n2\n"
	require.Len(t, read(t, text, trace.Options{MaxBytes: 11}).Records, 2)
	for _, in := range []string{text, string(pack(t, text))} {
		require.Contains(t, refused(t, in, trace.Options{MaxBytes: 10}), "is more than 10 bytes unpacked, the most that are read")
	}
}

func TestReaderErrorsComeThrough(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := trace.Read("f", iotest.ErrReader(broken), trace.Options{})
	require.ErrorIs(t, err, broken)
	_, err = trace.Read("f", io.MultiReader(strings.NewReader("ts\n1700000000\n"), iotest.ErrReader(broken)), trace.Options{})
	require.ErrorIs(t, err, broken)
	tr, err := trace.Read("f", iotest.OneByteReader(strings.NewReader(vegetaCSV)), trace.Options{})
	require.NoError(t, err)
	require.Equal(t, read(t, vegetaCSV, trace.Options{}), tr)
}

func TestOpenTakesRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	require.NoError(t, os.WriteFile(path, []byte("ts\n1700000000\n"), 0o600))
	tr, err := trace.Open(path, trace.Options{})
	require.NoError(t, err)
	require.Equal(t, path, tr.Name)

	_, err = trace.Open(dir, trace.Options{})
	require.EqualError(t, err, dir+": is a directory, must be a file")
	_, err = trace.Open(filepath.Join(dir, "none"), trace.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	if info, err := os.Stat(os.DevNull); err == nil && info.Mode()&os.ModeDevice != 0 {
		_, err = trace.Open(os.DevNull, trace.Options{})
		require.EqualError(t, err, os.DevNull+": is a device or socket, must be a regular file")
	}
}
