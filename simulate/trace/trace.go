package trace

import (
	"time"
)

// A Record is one call.
type Record struct {
	At      int64         // when it arrived, in nanoseconds after the first
	Latency time.Duration // how long it took; 0 in a trace without latencies
	Failed  bool
}

// A Trace is a file that was read. Nothing writes to it afterwards, so it may be
// read by many goroutines.
type Trace struct {
	Name       string
	Format     Format
	Start      time.Time     // of the first call or interval, in UTC; zero if the stamps count from elsewhere than 1970
	Records    []Record      // in the order of At; nil for HLog, which has no arrivals
	Intervals  int           // of an HLog
	Failed     int           // failures among Records
	Skipped    int           // rows that are no calls: JMeter's transaction totals
	Callers    int           // callers of a closed loop, if their number was constant; 0 means open or unknown
	Resolution time.Duration // the stamps are multiples of it: 1 s, 1 ms, 1 µs or 1 ns
	Runs       []Run         // what the file holds, cut at long pauses; at least one

	span      time.Duration
	timed     bool
	latencies Distribution // of an HLog
}

// A Run is a stretch of a trace between long pauses: one of several runs appended
// to one file.
type Run struct {
	First, Count int           // Records[First : First+Count], or intervals of an HLog
	Start        time.Duration // of its first call, after the first of the trace
	Span         time.Duration // from its first call to its last
}

// Arrivals returns when calls arrived, in nanoseconds after the first and in order;
// nil for an HLog.
func (t *Trace) Arrivals() []int64 {
	if t.Records == nil {
		return nil
	}
	at := make([]int64, len(t.Records))
	for i, r := range t.Records {
		at[i] = r.At
	}
	return at
}

// Latencies returns how long the calls took that did not fail; how long a failure
// takes (a refused connection, a time-out) is no service time. It is empty if the
// file has no latencies.
func (t *Trace) Latencies() Distribution {
	if !t.timed || t.Records == nil {
		return t.latencies
	}
	values := make([]time.Duration, 0, len(t.Records)-t.Failed)
	for _, r := range t.Records {
		if !r.Failed {
			values = append(values, r.Latency)
		}
	}
	return distributionOf(values)
}
