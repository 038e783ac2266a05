package trace

import (
	"bytes"
	"errors"
	"time"
)

const maxStamp = 1 << 62 // nanoseconds since 1970: early in 2116

// layouts of dates; a fraction after the seconds needs no mention. A stamp without
// a zone is taken as UTC.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 UTC",
	"2006/01/02 15:04:05",
}

// stamps reads the points in time of one file, which are all of the kind of the
// first: dates in one layout, or numbers of one unit.
type stamps struct {
	unit   Unit // of numbers; "" until known
	layout string
	epoch  bool // they count from 1970, seen by their size
	known  bool
}

// read returns nanoseconds, since 1970 or since whatever the file counts from.
func (s *stamps) read(at place, cell []byte) (int64, error) {
	if !s.known {
		if err := s.learn(at, cell); err != nil {
			return 0, err
		}
	}
	if s.layout != "" {
		t, err := time.Parse(s.layout, string(cell))
		if err != nil {
			return 0, at.fault("%s is no stamp as in the first row, must be like %s", quoted(cell), s.layout)
		}
		return unixNano(at, t)
	}
	ns, err := decimal(cell, exponent[s.unit])
	if err != nil {
		return 0, at.fault("%s %w, must be a number of %s as in the first row", quoted(cell), err, s.unit)
	}
	if s.epoch != sinceEpoch(ns) {
		return 0, at.fault("%s is not a time in %s as in the first row: mixed units", quoted(cell), s.unit)
	}
	return ns, nil
}

func (s *stamps) learn(at place, cell []byte) error {
	if _, err := decimal(cell, 0); err == nil || errors.Is(err, errRange) {
		u, ok := epochUnit(cell)
		if s.unit == "" && !ok {
			return at.fault("%s could be s, ms, us or ns, declare its unit (TimeUnit)", quoted(cell))
		}
		if s.unit == "" {
			s.unit = u
		}
		s.known, s.epoch = true, ok && u == s.unit
		return nil
	} else if errors.Is(err, errNotFinite) {
		return at.fault("%s %w, must be a stamp", quoted(cell), err)
	}
	for _, l := range layouts {
		if _, err := time.Parse(l, string(cell)); err == nil {
			s.known, s.layout, s.epoch = true, l, true
			return nil
		}
	}
	return at.fault("%s is no stamp, must be like 2006-01-02T15:04:05.999Z or a number", quoted(cell))
}

// isStamp reports whether cell can be a stamp at all, as in a file without header.
func isStamp(cell []byte) bool {
	s := stamps{unit: Nanos}
	return s.learn(place{}, bytes.TrimSpace(cell)) == nil
}

// epochUnit is the unit in which cell is a recent time: there is one at most.
func epochUnit(cell []byte) (Unit, bool) {
	for _, u := range []Unit{Seconds, Millis, Micros, Nanos} {
		if ns, err := decimal(cell, exponent[u]); err == nil && sinceEpoch(ns) {
			return u, true
		}
	}
	return "", false
}

// sinceEpoch reports whether ns is a time from 2001 on, as a wrong unit would not be.
func sinceEpoch(ns int64) bool { return ns >= 1e18 && ns < maxStamp }

// unixNano refuses years that nanoseconds in an int64 do not reach.
func unixNano(at place, t time.Time) (int64, error) {
	if y := t.UTC().Year(); y < 1970 || y > 2115 {
		return 0, at.fault("is %s, must be within 1970 and 2115", t.Format(time.DateOnly))
	}
	return t.UnixNano(), nil
}
