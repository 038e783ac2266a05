package trace

import (
	"bytes"
	"strconv"
)

// jtlColumns are JMeter's, in the order in which it writes them by default; before
// 5.0 without URL.
var jtlColumns = []string{
	"timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType", "success",
	"failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL", "Latency", "IdleTime", "Connect",
}

// jtlTotal begins the message of a row that sums up a transaction; the calls of it
// have rows of their own.
var jtlTotal = []byte("Number of samples in transaction")

const maxThreads = 1 << 20

func isJTLHeader(cells [][]byte) bool { return hasAll(cells, "timeStamp", "elapsed") }

func isJTLRow(cells [][]byte) bool {
	if len(cells) < 8 || len(cells[0]) != 13 || !isOutcome(cells[7]) {
		return false
	}
	_, noStamp := strconv.ParseUint(string(cells[0]), 10, 63)
	_, noLatency := strconv.ParseUint(string(cells[1]), 10, 63)
	return noStamp == nil && noLatency == nil
}

func isOutcome(cell []byte) bool {
	return bytes.EqualFold(cell, []byte("true")) || bytes.EqualFold(cell, []byte("false"))
}

// jtl is where a file of JMeter has its columns; −1 means nowhere.
type jtl struct{ stamp, elapsed, message, success, threads int }

func readJTL(in *lines, o Options) (*Trace, error) {
	t, err := newTable(in, func(cells [][]byte) bool { return !isJTLRow(cells) })
	if err != nil {
		return nil, err
	}
	c := jtl{0, 1, 4, 7, -1}
	if t.names != nil {
		c = jtl{t.find("timeStamp"), t.find("elapsed"), t.find("responseMessage"), t.find("success"), t.find("allThreads")}
	} else if t.width == len(jtlColumns) || t.width == len(jtlColumns)-1 {
		c.threads = 12
	}
	for i, at := range []int{c.stamp, c.elapsed, c.success} {
		if at < 0 {
			return nil, t.at("").fault("has no column %s, its columns are %s", []string{"timeStamp", "elapsed", "success"}[i], t.listed())
		}
	}
	b := newBuilder(in, JTL, o)
	b.spans.unit = Millis
	return b.table(t, func() (Record, bool, error) { return c.record(t, b) })
}

func (c jtl) record(t *table, b *builder) (r Record, ok bool, err error) {
	if c.message >= 0 && bytes.HasPrefix(t.cells[c.message], jtlTotal) {
		b.t.Skipped++
		return r, false, nil
	}
	if r.At, err = b.stamp(t.at("timeStamp"), t.cells[c.stamp]); err != nil {
		return r, false, err
	}
	if r.Latency, err = b.spans.read(t.at("elapsed"), t.cells[c.elapsed]); err != nil {
		return r, false, err
	}
	if !isOutcome(t.cells[c.success]) {
		return r, false, t.at("success").fault("is %s, must be true or false", quoted(t.cells[c.success]))
	}
	r.Failed = !bytes.EqualFold(t.cells[c.success], []byte("true"))
	if c.threads >= 0 {
		n, err := strconv.Atoi(string(t.cells[c.threads]))
		if err != nil || n < 0 || n > maxThreads {
			return r, false, t.at("allThreads").fault("is %s, must be a number of threads", quoted(t.cells[c.threads]))
		}
		b.countThreads(n)
	}
	return r, true, nil
}

// hasAll reports whether cells are a header with all names.
func hasAll(cells [][]byte, names ...string) bool {
	for _, name := range names {
		found := false
		for _, c := range cells {
			found = found || string(c) == name
		}
		if !found {
			return false
		}
	}
	return true
}
