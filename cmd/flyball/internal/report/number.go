package report

import (
	"math"
	"strconv"
	"time"
)

// Seconds is Duration for a number of seconds.
func Seconds(s float64) string { return Duration(time.Duration(math.Round(s * 1e9))) }

// Duration returns d with three significant digits at most: "1.25 s", "330 ms".
func Duration(d time.Duration) string {
	v := float64(d)
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0"
	case v < 999.5:
		return digits(v) + " ns"
	case v < 999.5e3:
		return digits(v/1e3) + " µs"
	case v < 999.5e6:
		return digits(v/1e6) + " ms"
	case v < 9995e9:
		return digits(v/1e9) + " s"
	default:
		return digits(v/3600e9) + " h"
	}
}

// Count returns v with three significant digits at most: "12.4k", "3.05M".
func Count(v float64) string {
	switch a := math.Abs(v); {
	case a < 9995:
		return digits(v)
	case a < 999.5e3:
		return digits(v/1e3) + "k"
	case a < 999.5e6:
		return digits(v/1e6) + "M"
	default:
		return digits(v/1e9) + "G"
	}
}

// digits keeps three significant digits, or all before the point.
func digits(v float64) string {
	decimals := 0
	switch a := math.Abs(v); {
	case a < 9.995:
		decimals = 2
	case a < 99.95:
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		for s[len(s)-1] == '0' {
			s = s[:len(s)-1]
		}
		if s[len(s)-1] == '.' {
			s = s[:len(s)-1]
		}
	}
	return s
}
