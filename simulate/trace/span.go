package trace

import (
	"errors"
	"time"
)

const maxLatency = 30 * 24 * time.Hour // longer is a wrong unit

// spans reads the latencies of one file: all numbers of one unit, or all with their
// units.
type spans struct {
	unit  Unit
	text  bool
	known bool
}

func (s *spans) read(at place, cell []byte) (time.Duration, error) {
	n, err := decimal(cell, exponent[s.unit])
	if !s.known {
		if errors.Is(err, errNoNumber) {
			_, bad := time.ParseDuration(string(cell))
			s.text = bad == nil
		}
		s.known = true
		if !s.text && s.unit == "" && err == nil {
			return 0, at.fault("%s could be s, ms, us or ns, declare its unit (LatencyUnit)", quoted(cell))
		}
	}
	if s.text {
		d, err := time.ParseDuration(string(cell))
		if err != nil {
			return 0, at.fault("%s is no latency with its unit as in the first row, must be like 12ms", quoted(cell))
		}
		return d, checkLatency(at, d)
	}
	if err != nil {
		return 0, at.fault("%s %w, must be a latency", quoted(cell), err)
	}
	return time.Duration(n), checkLatency(at, time.Duration(n))
}

// checkLatency refuses what no call takes.
func checkLatency(at place, d time.Duration) error {
	if d < 0 {
		return at.fault("is %v, a latency must not be negative", d)
	}
	if d > maxLatency {
		return at.fault("is %v, longer than 30 days: is the unit right?", d)
	}
	return nil
}
