package trace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Format is a kind of file.
type Format string

const (
	Auto       Format = "" // what the content looks like
	CSV        Format = "csv"
	VegetaCSV  Format = "vegeta-csv"  // vegeta encode --to csv
	VegetaJSON Format = "vegeta-json" // vegeta encode --to json
	K6CSV      Format = "k6-csv"      // k6 run --out csv=…
	K6JSON     Format = "k6-json"     // k6 run --out json=…
	JTL        Format = "jtl"         // JMeter's CSV, with or without its header line
	HLog       Format = "hlog"        // HdrHistogram interval log with V2 histograms
)

var formats = []Format{Auto, CSV, VegetaCSV, VegetaJSON, K6CSV, K6JSON, JTL, HLog}

// A Unit is what a bare number counts.
type Unit string

const (
	Seconds Unit = "s"
	Millis  Unit = "ms"
	Micros  Unit = "us"
	Nanos   Unit = "ns"
)

// exponent is of ten, from nanoseconds.
var exponent = map[Unit]int{Seconds: 9, Millis: 6, Micros: 3, Nanos: 0}

// Columns says which columns of a CSV file to read: by name in the header line, or
// by position from 1 (then the header may be absent). "" looks for a usual name,
// "-" means none. Two of Time, End and Latency give the third.
type Columns struct {
	Time    string // when the call arrived
	End     string // when it was over
	Latency string // how long it took: a number, or with its unit as in 12ms
	Status  string // true or false, or a status of HTTP: 0 and 400 on are failures
}

// Options say how to read a file. The zero Options look at the content and ask
// (with an error) where it is ambiguous.
type Options struct {
	Format      Format
	Columns     Columns       // CSV only; Auto takes a file whose Columns are set for CSV
	TimeUnit    Unit          // of bare stamps in CSV; "" reads the column's name, then the size of a Unix time
	LatencyUnit Unit          // of bare latencies in CSV, "" reads the column's name; of the values in HLog, "" means ns
	Sort        bool          // sort a CSV or HLog that goes back in time, instead of refusing it
	Pause       time.Duration // a longer pause starts another run; 0 means 10 minutes or 100 median gaps, the longer
	MaxRecords  int           // refuse files with more; 0 means 10,000,000
	MaxBytes    int64         // refuse files with more, unpacked; 0 means 4 GiB
}

const (
	defaultMaxRecords = 10_000_000
	defaultMaxBytes   = 4 << 30
	minPause          = 10 * time.Minute
)

// Validate returns all faults of o, joined, or nil.
func (o Options) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("trace: options: "+format, args...))
	}
	if !slices.Contains(formats, o.Format) {
		fault("Format is %q, must be one of %s", o.Format, joined(formats[1:]))
	}
	for _, u := range []struct {
		name string
		unit Unit
	}{{"TimeUnit", o.TimeUnit}, {"LatencyUnit", o.LatencyUnit}} {
		if _, ok := exponent[u.unit]; !ok && u.unit != "" {
			fault("%s is %q, must be s, ms, us or ns", u.name, u.unit)
		}
	}
	if o.Format != Auto {
		faults = append(faults, o.fits(o.Format))
	}
	if c := o.Columns; given(c.Time) && given(c.End) && given(c.Latency) {
		fault("Columns has Time, End and Latency, must have two of them at most")
	}
	if o.Pause < 0 {
		fault("Pause is %v, must not be negative", o.Pause)
	}
	if o.MaxRecords < 0 {
		fault("MaxRecords is %d, must not be negative", o.MaxRecords)
	}
	if o.MaxBytes < 0 {
		fault("MaxBytes is %d, must not be negative", o.MaxBytes)
	}
	return errors.Join(faults...)
}

// fits says what of o has no meaning in a file of format f.
func (o Options) fits(f Format) error {
	switch {
	case f != CSV && o.Columns != Columns{}:
		return fmt.Errorf("trace: options: Columns is for csv only, not for %s", f)
	case f != CSV && o.TimeUnit != "":
		return fmt.Errorf("trace: options: TimeUnit is for csv only: %s says its own", f)
	case f != CSV && f != HLog && o.LatencyUnit != "":
		return fmt.Errorf("trace: options: LatencyUnit is for csv and hlog only: %s says its own", f)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Format == Auto && o.Columns != (Columns{}) {
		o.Format = CSV
	}
	if o.MaxRecords == 0 {
		o.MaxRecords = defaultMaxRecords
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	return o
}

func given(column string) bool { return column != "" && column != "-" }

func joined(fs []Format) string {
	words := make([]string, len(fs))
	for i, w := range fs {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
