package trace

import (
	"bytes"
	"strconv"
	"time"
)

// A plan is which columns of a CSV file are read.
type plan struct{ time, end, latency, status column }

func readCSV(in *lines, o Options) (*Trace, error) {
	t, err := newTable(in, func(cells [][]byte) bool { return isHeader(cells, o.Columns) })
	if err != nil {
		return nil, err
	}
	p, err := newPlan(t, o.Columns)
	if err != nil {
		return nil, err
	}
	b := newBuilder(in, CSV, o)
	b.ordered = !o.Sort
	b.untimed = !p.latency.used() && !(p.time.used() && p.end.used())
	b.stamps.unit, b.spans.unit = o.TimeUnit, o.LatencyUnit
	for _, c := range []column{p.time, p.end} {
		if b.stamps.unit == "" && c.used() {
			b.stamps.unit = c.unit
		}
	}
	if b.spans.unit == "" {
		b.spans.unit = p.latency.unit
	}
	return b.table(t, func() (Record, bool, error) {
		r, err := p.record(t, b)
		return r, true, err
	})
}

// isHeader reports whether a first line names columns. It need not if the columns
// are given by position, or if there is only one.
func isHeader(cells [][]byte, c Columns) bool {
	i := position(c.Time)
	if i < 0 {
		i = position(c.End)
	}
	if i < 0 && len(cells) == 1 {
		i = 0
	}
	return i < 0 || i >= len(cells) || !isStamp(cells[i])
}

func newPlan(t *table, c Columns) (p plan, err error) {
	for _, r := range []struct {
		to           *column
		field, asked string
		usual        string
	}{
		{&p.time, "Time", c.Time, timeNames},
		{&p.end, "End", c.End, endNames},
		{&p.latency, "Latency", c.Latency, latencyNames},
		{&p.status, "Status", c.Status, statusNames},
	} {
		if *r.to, err = t.resolve(r.field, r.asked, r.usual); err != nil {
			return p, err
		}
	}
	if p.time.used() && p.end.used() && p.latency.used() { // two say it all, and what was asked for goes first
		switch none := (column{i: -1}); {
		case !given(c.End):
			p.end = none
		case !given(c.Latency):
			p.latency = none
		default:
			p.time = none
		}
	}
	switch {
	case p.time.used() || p.end.used() && p.latency.used():
		return p, nil
	case p.end.used():
		return p, t.at("").fault("says when calls ended, must say when they arrived or how long they took too (Columns)")
	case t.width == 1:
		p.time = column{i: 0, name: t.name(0)}
		return p, nil
	}
	return p, t.at("").fault("has no column with a usual name for stamps, say which (Columns.Time): %s", t.listed())
}

func (p plan) record(t *table, b *builder) (r Record, err error) {
	if p.time.used() {
		if r.At, err = b.stamp(t.at(p.time.name), t.cells[p.time.i]); err != nil {
			return r, err
		}
	}
	switch {
	case p.latency.used():
		r.Latency, err = b.spans.read(t.at(p.latency.name), t.cells[p.latency.i])
	case p.end.used():
		var end int64
		at := t.at(p.end.name)
		if end, err = b.stamps.read(at, t.cells[p.end.i]); err != nil {
			return r, err
		}
		if end < r.At {
			return r, at.fault("is %v before %s, must not be", time.Duration(r.At-end), clipped(p.time.name))
		}
		r.Latency = time.Duration(end - r.At)
		err = checkLatency(at, r.Latency)
	}
	if err != nil {
		return r, err
	}
	if !p.time.used() {
		if r.At, err = b.stamp(t.at(p.end.name), t.cells[p.end.i]); err != nil {
			return r, err
		}
		r.At -= int64(r.Latency)
	}
	if p.status.used() {
		r.Failed, err = failed(t.at(p.status.name), t.cells[p.status.i])
	}
	return r, err
}

// failed reads a status.
func failed(at place, cell []byte) (bool, error) {
	if isOutcome(cell) {
		return !bytes.EqualFold(cell, []byte("true")), nil
	}
	code, err := strconv.Atoi(string(cell))
	if err != nil || code < 0 || code > 999 {
		return false, at.fault(`is %s, must be true, false or a status of HTTP; Columns.Status "-" leaves it out`, quoted(cell))
	}
	return code == 0 || code >= 400, nil
}
