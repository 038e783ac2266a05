package trace_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/flyball-go/flyball/simulate/trace"
)

// The content says what it is: here, results that vegeta wrote as CSV.
func ExampleRead() {
	const results = `1700000000000000000,200,5000000,0,12,,,load,0,GET,http://example/,
1700000000250000000,200,9000000,0,12,,,load,1,GET,http://example/,
1700000000500000000,503,1000000,0,0,503 Service Unavailable,,load,2,GET,http://example/,
`
	t, err := trace.Read("results.csv", strings.NewReader(results), trace.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Summary())
	fmt.Println(t.Arrivals())
	// Output:
	// results.csv: vegeta-csv, 3 calls in 500ms, from 2023-11-14 22:13:20 UTC, mean 4.000/s, inter-arrival cv² 0.000, busiest second 3, latency p50 5ms p95 9ms p99 9ms max 9ms, 1 failed
	// [0 250000000 500000000]
}

// Any CSV will do when it is said which columns are which.
func ExampleColumns() {
	const log = `host,done at,request time,code
a,2023-11-16 18:15:46.500,0.250,200
b,2023-11-16 18:15:46.900,0.400,502
`
	t, err := trace.Read("access.csv", strings.NewReader(log), trace.Options{
		Columns:     trace.Columns{End: "done at", Latency: "request time", Status: "code"},
		LatencyUnit: trace.Seconds,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range t.Records {
		fmt.Println(time.Duration(r.At), r.Latency, r.Failed)
	}
	// Output:
	// 0s 250ms false
	// 250ms 400ms true
}

// What is ambiguous is refused, with where it is and what would help.
func ExampleOptions() {
	_, err := trace.Read("calls.csv", strings.NewReader("timestamp,latency\n1700000000,12\n"), trace.Options{})
	fmt.Println(err)
	// Output:
	// calls.csv:2: latency: "12" could be s, ms, us or ns, declare its unit (LatencyUnit)
}

// A Distribution of recorded latencies is a service time to draw from.
func ExampleDistribution() {
	t, err := trace.Read("calls.csv", strings.NewReader("timestamp,latency\n1700000000,12ms\n1700000001,14ms\n1700000002,90ms\n"), trace.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := t.Latencies()
	for _, u := range []float64{0.2, 0.6, 0.9} { // uniform random numbers
		fmt.Println(d.Quantile(u))
	}
	// Output:
	// 12ms
	// 14ms
	// 90ms
}
