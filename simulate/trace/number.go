package trace

import (
	"bytes"
	"errors"
	"math"
	"strings"
)

var (
	errNoNumber  = errors.New("is no number")
	errNotFinite = errors.New("must be finite")
	errRange     = errors.New("is out of range")
)

// decimal reads a number of units of 10^exp, rounding half up: without a detour over
// float64, which has no nanoseconds left for a Unix time in seconds.
func decimal(cell []byte, exp int) (int64, error) {
	s := cell
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	var digits uint64
	kept, seen, fraction := 0, false, false
	i := 0
scan:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && !fraction:
			fraction = true
			continue
		case c < '0' || c > '9':
			break scan
		case kept < 19: // as many as a uint64 holds
			digits = digits*10 + uint64(c-'0')
			if digits > 0 {
				kept++
			}
			if fraction {
				exp--
			}
		case !fraction:
			exp++
		}
		seen = true
	}
	if !seen {
		return 0, notNumber(s)
	}
	if i < len(s) {
		e, ok := smallInt(s[i:])
		if !ok {
			return 0, errNoNumber
		}
		exp += e
	}
	for ; exp > 0 && digits > 0; exp-- {
		if digits > math.MaxInt64/10 {
			return 0, errRange
		}
		digits *= 10
	}
	for ; exp < -1 && digits > 0; exp++ {
		digits /= 10
	}
	if exp == -1 {
		digits = (digits + 5) / 10
	}
	if digits > math.MaxInt64 {
		return 0, errRange
	}
	if negative {
		return -int64(digits), nil
	}
	return int64(digits), nil
}

// smallInt reads the e-06 of 5e-06.
func smallInt(s []byte) (n int, ok bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 3 {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return sign * n, true
}

func notNumber(s []byte) error {
	switch strings.ToLower(string(bytes.TrimSpace(s[:min(len(s), 10)]))) {
	case "nan", "inf", "infinity":
		return errNotFinite
	}
	return errNoNumber
}
