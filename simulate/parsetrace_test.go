package simulate

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recorded loads a minimal scenario beside a trace t.csv.
func recorded(t *testing.T, trace, old, new string) (*Scenario, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t.csv"), []byte(trace), 0o600))
	path := filepath.Join(dir, "s.yaml")
	require.NoError(t, os.WriteFile(path, []byte(minimal(old, new)), 0o600))
	return Load(path)
}

const oddColumns = "ready,began,took,queued,status\n" +
	"1,1700000000000,10,5,200\n" +
	"1,1700000000500,30,5,200\n" +
	"1,1700000001000,10,5,200\n" +
	"1,1700000002000,0,5,200\n" +
	"1,1700000003000,9999,5,500\n"

func TestServiceTimesComeFromARecordedTrace(t *testing.T) {
	trace := "time,latency_ms,status\n1700000000,10,200\n1700000001,30,200\n1700000002,10,200\n1700000003,0,200\n1700000004,9999,503\n"
	sc, err := recorded(t, trace, "{exp: 50ms}", "{trace: t.csv}")
	require.NoError(t, err)
	want := Distribution{Kind: Empirical, Mean: 12500 * time.Microsecond, Values: []time.Duration{1, 10 * ms, 30 * ms}, UpTo: []int64{1, 3, 4}}
	require.Equal(t, want, sc.Downstream.Service, "without those that failed; one was too short to measure")

	s := newSampler(want)
	rnd := newStream(1, "test", 0).sequence()
	drawn := map[float64]int{}
	for range 40_000 {
		drawn[s.at(0, rnd)]++
	}
	require.InEpsilon(t, 10_000, drawn[1], 0.05)
	require.InEpsilon(t, 20_000, drawn[10e6], 0.05)
	require.InEpsilon(t, 10_000, drawn[30e6], 0.05)
	require.Len(t, drawn, 3)
}

func TestATraceSaysWhichColumnInWhichUnit(t *testing.T) {
	times := []time.Duration{0, 500 * ms, time.Second, 2 * time.Second, 3 * time.Second}
	sc, err := recorded(t, oddColumns, "{poisson: 480}", "{unit: ms, column: began, replay: t.csv}")
	require.NoError(t, err)
	require.Equal(t, []Phase{{Arrivals: Replay, Stamps: times}}, sc.Load, "the order of the keys does not matter")

	stamped := "time,took,queued\n1700000000,10,5\n1700000001,30,6\n"
	sc, err = recorded(t, stamped, "{exp: 50ms}", "{trace: t.csv, column: queued, unit: us}")
	require.NoError(t, err)
	require.Equal(t, []time.Duration{5000, 6000}, sc.Downstream.Service.Values)
}

// A log of HdrHistogram has counts of latencies, and no single calls.
func TestAHistogramLogHasServiceTimes(t *testing.T) {
	const log = `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
0.127,1.007,2.769,HISTFAAAACt4nJJpmSzMwMDAwgABTFCakYGB2c1gxwIG+w8QAU42QSZAAAAA//9gNgRw
1.127,1.007,2.769,HISTFAAAAC14nJJpmSzMwMDAxgABTFCakYGB2c1gxwIG+w8QAU6mj8wsTIAAAAD//2zdBVU=
`
	sc, err := recorded(t, log, "{exp: 50ms}", "{trace: t.csv}")
	require.NoError(t, err)
	require.Equal(t, []time.Duration{5, 15, 255, 257}, sc.Downstream.Service.Values)
	require.Equal(t, []int64{4, 5, 7, 8}, sc.Downstream.Service.UpTo)
}

func TestFaultsOfATraceNameLineKeyAndRemedy(t *testing.T) {
	for _, c := range []struct{ trace, old, new, want string }{
		{"time\n1700000000\n1700000001\n", "{exp: 50ms}", "{trace: t.csv}", "s.yaml:5: downstream.service.trace: t.csv has no latencies"},
		{"time,took\n1,2\n", "{exp: 50ms}", "{trace: t.csv, column: queued}", "s.yaml:5: downstream.service.trace: "},
		{oddColumns, "{poisson: 480}", "{replay: t.csv}", "s.yaml:2: load.replay: "},
		{oddColumns, "{poisson: 480}", "{replay: t.csv, column: began, unit: years}", `s.yaml:2: load.unit: is "years", must be s, ms, us or ns`},
		{oddColumns, "{poisson: 480}", "{replay: ../t.csv}", "s.yaml:2: load.replay: names the file ../t.csv, which must be in the folder of the scenario"},
	} {
		_, err := recorded(t, c.trace, c.old, c.new)
		require.ErrorContains(t, err, c.want, c.new)
	}
	sc := simple(1, 1, time.Second)
	sc.Downstream.Service = Distribution{Kind: Empirical, Values: []time.Duration{ms, 2 * ms}, UpTo: []int64{3, 2}}
	require.ErrorContains(t, sc.Validate(), "downstream.service.upTo: must be one rising number for each of the values")
}
