package trace

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// Columns of vegeta's CSV, which has no header line.
const (
	vegetaStamp = iota
	vegetaCode
	vegetaLatency
	_ // bytes out
	_ // bytes in
	vegetaError
	vegetaMinWidth = 8 // later versions added columns at the end
)

func isVegetaRow(cells [][]byte) bool {
	if len(cells) < vegetaMinWidth || len(cells[vegetaStamp]) != 19 {
		return false
	}
	for _, c := range cells[:vegetaError] {
		if _, err := strconv.ParseUint(string(c), 10, 63); err != nil {
			return false
		}
	}
	return true
}

func readVegetaCSV(in *lines, o Options) (*Trace, error) {
	t, err := newTable(in, func([][]byte) bool { return false })
	if err != nil {
		return nil, err
	}
	if t.width < vegetaMinWidth {
		return nil, t.at("").fault("has %d columns, must have vegeta's: at least %d", t.width, vegetaMinWidth)
	}
	b := newBuilder(in, VegetaCSV, o)
	b.stamps.unit, b.spans.unit = Nanos, Nanos
	return b.table(t, func() (r Record, ok bool, err error) {
		if r.At, err = b.stamp(t.at("timestamp"), t.cells[vegetaStamp]); err != nil {
			return r, false, err
		}
		if r.Latency, err = b.spans.read(t.at("latency"), t.cells[vegetaLatency]); err != nil {
			return r, false, err
		}
		code, err := strconv.ParseUint(string(t.cells[vegetaCode]), 10, 16)
		if err != nil {
			return r, false, t.at("code").fault("is %s, must be a status of HTTP, or 0", quoted(t.cells[vegetaCode]))
		}
		r.Failed = vegetaFailed(code, len(t.cells[vegetaError]) > 0)
		return r, true, nil
	})
}

func vegetaFailed(code uint64, failed bool) bool { return failed || code < 200 || code >= 400 }

// vegetaResult is the part of a result that is read; pointers, because what is
// missing must not pass for zero.
type vegetaResult struct {
	Timestamp *time.Time `json:"timestamp"`
	Latency   *int64     `json:"latency"`
	Code      *uint16    `json:"code"`
	Error     string     `json:"error"`
}

func readVegetaJSON(in *lines, o Options) (*Trace, error) {
	b := newBuilder(in, VegetaJSON, o)
	return b.lines(func(line []byte) (r Record, ok bool, err error) {
		at := in.here()
		var v vegetaResult
		if err := json.Unmarshal(line, &v); err != nil {
			return r, false, at.fault("%w", jsonFault(err))
		}
		if v.Timestamp == nil || v.Latency == nil || v.Code == nil {
			return r, false, at.fault("is no result of vegeta, must have timestamp, latency and code")
		}
		if r.At, err = b.date(at.at("timestamp"), *v.Timestamp); err != nil {
			return r, false, err
		}
		r.Latency = time.Duration(*v.Latency)
		r.Failed = vegetaFailed(uint64(*v.Code), v.Error != "")
		return r, true, checkLatency(at.at("latency"), r.Latency)
	})
}

// jsonFault is an error of encoding/json in a few words.
func jsonFault(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return errors.New("is no JSON object in one line: " + syntax.Error())
	case errors.As(err, &kind):
		return errors.New(clipped(kind.Field) + " is a JSON " + clipped(kind.Value) + ", must be a " + kind.Type.String())
	}
	return errors.New(clipped(err.Error()))
}
