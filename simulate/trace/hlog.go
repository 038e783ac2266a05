package trace

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"time"
)

const yearOfSeconds = 365 * 24 * int64(time.Hour)

// An hlog is an interval log on its way in.
type hlog struct {
	in        *lines
	o         Options
	start     int64 // of the recording, by its comment
	base      int64 // what stamps count from
	based     bool
	intervals []interval
	counts    map[time.Duration]int64
	total     int64
}

type interval struct{ at, length int64 }

func readHLog(in *lines, o Options) (*Trace, error) {
	if o.LatencyUnit == "" {
		o.LatencyUnit = Nanos
	}
	h := &hlog{in: in, o: o, counts: map[time.Duration]int64{}}
	for {
		line, err := in.nextText()
		if errors.Is(err, io.EOF) {
			return h.finish()
		}
		if err != nil {
			return nil, err
		}
		switch line = bytes.TrimSpace(line); {
		case line[0] == '#':
			err = h.comment(line)
		case bytes.HasPrefix(line, []byte(`"StartTimestamp"`)), bytes.HasPrefix(line, []byte("StartTimestamp")):
		default:
			err = h.interval(line)
		}
		if err != nil {
			return nil, err
		}
	}
}

// comment reads the times that comments give.
func (h *hlog) comment(line []byte) error {
	for _, c := range []struct {
		key  string
		base bool
	}{{"StartTime", false}, {"BaseTime", true}} {
		text, ok := bytes.CutPrefix(line, []byte("#["+c.key+": "))
		if !ok {
			continue
		}
		if end := bytes.IndexAny(text, " ]"); end >= 0 {
			text = text[:end]
		}
		ns, err := h.seconds(c.key, text)
		if err != nil {
			return err
		}
		if c.base {
			h.base, h.based = ns, true
		} else {
			h.start, h.base, h.based = ns, 0, false // of the next log, where several are in one file
		}
	}
	return nil
}

func (h *hlog) seconds(key string, text []byte) (int64, error) {
	ns, err := decimal(text, exponent[Seconds])
	if err != nil {
		return 0, h.in.here().at(key).fault("is %s, %w: must be seconds", quoted(text), err)
	}
	if ns < 0 || ns >= maxStamp {
		return 0, h.in.here().at(key).fault("is %s, must be seconds, and before 2116", quoted(text))
	}
	return ns, nil
}

func (h *hlog) interval(line []byte) error {
	at := h.in.here()
	cells := bytes.Split(line, []byte{','})
	if bytes.HasPrefix(cells[0], []byte("Tag=")) {
		cells = cells[1:]
	}
	if len(cells) != 4 {
		return at.fault("has %d columns, must have start, length, maximum and histogram", len(cells))
	}
	stamp, err := h.seconds("StartTimestamp", cells[0])
	if err != nil {
		return err
	}
	length, err := h.seconds("Interval_Length", cells[1])
	if err != nil {
		return err
	}
	if !h.based { // stamps long before the start of the recording count from it
		if h.based = true; stamp < h.start-yearOfSeconds {
			h.base = h.start
		}
	}
	if stamp += h.base; stamp >= maxStamp {
		return at.at("StartTimestamp").fault("is out of range, must be before 2116")
	}
	if n := len(h.intervals); n > 0 && stamp < h.intervals[n-1].at && !h.o.Sort {
		back := time.Duration(h.intervals[n-1].at - stamp)
		return at.at("StartTimestamp").fault("goes back by %v, must not be before the line above; or set Sort", back)
	}
	if len(h.intervals) == h.o.MaxRecords {
		return at.fault("is one interval too many, must be %d at most", h.o.MaxRecords)
	}
	h.intervals = append(h.intervals, interval{stamp, length})
	return readHistogram(at.at("Interval_Compressed_Histogram"), cells[3], h.in.src.spend, h.count)
}

// count adds n samples of a value that the histogram gives in the log's unit.
func (h *hlog) count(at place, value, n int64) error {
	scale := int64(math.Pow10(exponent[h.o.LatencyUnit]))
	if value > int64(maxLatency)/scale {
		return at.fault("has a value of %d %s, longer than 30 days: is the unit right?", value, h.o.LatencyUnit)
	}
	if n > math.MaxInt64-h.total {
		return at.fault("counts more samples than a number of 64 bits")
	}
	d := time.Duration(value * scale)
	if _, ok := h.counts[d]; !ok && len(h.counts) == h.o.MaxRecords {
		return at.fault("is one value too many, must be %d different ones at most", h.o.MaxRecords)
	}
	h.total += n
	h.counts[d] += n
	return nil
}

func (h *hlog) finish() (*Trace, error) {
	if len(h.intervals) == 0 {
		return nil, h.in.fileFault("has no intervals")
	}
	if h.total == 0 {
		return nil, h.in.fileFault("has no samples in %d intervals", len(h.intervals))
	}
	slices.SortStableFunc(h.intervals, func(a, b interval) int { return int(min(max(a.at-b.at, -1), 1)) })
	first, end := h.intervals[0].at, int64(0)
	for i := range h.intervals {
		v := &h.intervals[i]
		v.at -= first
		end = max(end, v.at+v.length)
	}
	t := &Trace{
		Name: h.in.name, Format: HLog, Intervals: len(h.intervals), Resolution: time.Millisecond,
		span: time.Duration(end), timed: true, latencies: distributionOfCounts(h.counts),
	}
	if sinceEpoch(first) {
		t.Start = time.Unix(0, first).UTC()
	}
	t.Runs = runs(len(h.intervals), func(i int) int64 { return h.intervals[i].at }, h.o.Pause)
	return t, nil
}
