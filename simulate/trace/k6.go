package trace

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// k6Metric is the one that stands for a call. k6 stamps it when the call is over.
const k6Metric = "http_req_duration"

var k6Columns = []string{"metric_name", "timestamp", "metric_value"}

func isK6Header(cells [][]byte) bool { return hasAll(cells, k6Columns...) }

func readK6CSV(in *lines, o Options) (*Trace, error) {
	t, err := newTable(in, func([][]byte) bool { return true })
	if err != nil {
		return nil, err
	}
	for _, name := range k6Columns {
		if t.find(name) < 0 {
			return nil, t.at("").fault("has no column %s, its columns are %s", name, t.listed())
		}
	}
	metric, stamp, value := t.find("metric_name"), t.find("timestamp"), t.find("metric_value")
	expected, status, code := t.find("expected_response"), t.find("status"), t.find("error_code")
	text := func(i int) string {
		if i < 0 {
			return ""
		}
		return string(t.cells[i])
	}
	b := newBuilder(in, K6CSV, o)
	b.spans.unit = Millis
	return b.table(t, func() (r Record, ok bool, err error) {
		if string(t.cells[metric]) != k6Metric {
			return r, false, nil
		}
		if r.At, err = b.stamp(t.at("timestamp"), t.cells[stamp]); err != nil {
			return r, false, err
		}
		if r.Latency, err = b.spans.read(t.at("metric_value"), t.cells[value]); err != nil {
			return r, false, err
		}
		r.At -= int64(r.Latency)
		r.Failed, err = k6Failed(t.at("status"), text(expected), text(status), text(code))
		return r, true, err
	})
}

// k6Failed believes expected_response, which is true of a 404 only if the script
// said that it expects one; older files have only the status.
func k6Failed(at place, expected, status, code string) (bool, error) {
	switch {
	case expected == "true" || expected == "false":
		return expected == "false", nil
	case status == "":
		return code != "", nil
	}
	n, err := strconv.Atoi(status)
	if err != nil || n < 0 || n > 999 {
		return false, at.fault("is %s, must be a status of HTTP, or 0", quoted([]byte(status)))
	}
	return n == 0 || n >= 400 || code != "", nil
}

// A k6Line is a point, or the definition of a metric, which has other data.
type k6Line struct {
	Metric string          `json:"metric"`
	Type   string          `json:"type"`
	Data   json.RawMessage `json:"data"`
}

// A k6Point is the part of a point that is read; pointers, because what is missing
// must not pass for zero.
type k6Point struct {
	Time  *time.Time `json:"time"`
	Value *float64   `json:"value"`
	Tags  struct {
		Expected string `json:"expected_response"`
		Status   string `json:"status"`
		Code     string `json:"error_code"`
	} `json:"tags"`
}

func readK6JSON(in *lines, o Options) (*Trace, error) {
	b := newBuilder(in, K6JSON, o)
	return b.lines(func(line []byte) (r Record, ok bool, err error) {
		at := in.here()
		if !bytes.Contains(line, []byte(k6Metric)) { // nine of ten lines: checked, not decoded
			if !json.Valid(line) {
				return r, false, at.fault("is no JSON object in one line")
			}
			return r, false, nil
		}
		var l k6Line
		if err := json.Unmarshal(line, &l); err != nil {
			return r, false, at.fault("%w", jsonFault(err))
		}
		if l.Type != "Point" || l.Metric != k6Metric {
			return r, false, nil
		}
		var p k6Point
		if l.Data != nil {
			err = json.Unmarshal(l.Data, &p)
		}
		if err != nil {
			return r, false, at.at("data").fault("%w", jsonFault(err))
		}
		if p.Time == nil || p.Value == nil {
			return r, false, at.at("data").fault("has no time or no value, must have both")
		}
		ns := min(max(*p.Value*1e6, -1), 1e18) // milliseconds; the bounds are refused below
		r.Latency = time.Duration(math.Round(ns))
		if err := checkLatency(at.at("data.value"), r.Latency); err != nil {
			return r, false, err
		}
		if r.At, err = b.date(at.at("data.time"), *p.Time); err != nil {
			return r, false, err
		}
		r.At -= int64(r.Latency)
		r.Failed, err = k6Failed(at.at("data.tags.status"), p.Tags.Expected, p.Tags.Status, p.Tags.Code)
		return r, true, err
	})
}
