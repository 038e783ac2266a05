package adaptive

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ParseLaw reads a built-in law: its name, then its constants as :key=value in
// any order, such as "vegas", "vegas:alpha=3:beta=6", "aimd:backoff=0.8" or
// "fixed:20". The String of a law is read back as the same law.
func ParseLaw(s string) (Law, error) {
	name, rest, has := strings.Cut(s, ":")
	var args []string
	if has {
		args = strings.Split(rest, ":")
	}
	switch name {
	case "fixed":
		return parseFixed(s, args)
	case "aimd":
		var a AIMD
		err := parseArgs(s, args, map[string]*float64{"increase": &a.Increase, "backoff": &a.Backoff, "tolerance": &a.Tolerance})
		return checked(a, err, a.faults(s))
	case "fair":
		var f Fair
		err := parseArgs(s, args, map[string]*float64{"queue": &f.Queue})
		return checked(f, err, f.faults(s))
	case "gradient":
		var g Gradient
		err := parseArgs(s, args, map[string]*float64{"tolerance": &g.Tolerance, "smoothing": &g.Smoothing})
		return checked(g, err, g.faults(s))
	case "knee":
		k, err := parseKnee(s, args)
		return checked(k, err)
	case "vegas":
		var v Vegas
		err := parseArgs(s, args, map[string]*float64{"alpha": &v.Alpha, "beta": &v.Beta})
		return checked(v, err, v.faults(s))
	}
	return nil, fmt.Errorf("adaptive: law %q is unknown; the laws are %s", s, strings.Join(lawNames[:], ", "))
}

var lawNames = [...]string{"aimd", "fair", "fixed", "gradient", "knee", "vegas"}

func checked(law Law, errs ...error) (Law, error) {
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return law, nil
}

func parseFixed(s string, args []string) (Law, error) {
	if len(args) == 0 {
		return Fixed{}, nil
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || len(args) > 1 || n < 1 || n > maxLimit {
		return nil, fmt.Errorf("adaptive: law %q: fixed takes one whole number from 1 to %d, as in fixed:20", s, maxLimit)
	}
	return Fixed{n}, nil
}

func parseArgs(s string, args []string, fields map[string]*float64) error {
	var faults []error
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		field := fields[key]
		x, err := strconv.ParseFloat(value, 64)
		switch {
		case field == nil:
			known := make([]string, 0, len(fields))
			for k := range fields {
				known = append(known, k)
			}
			slices.Sort(known)
			faults = append(faults, fmt.Errorf("adaptive: law %q: %q is no constant of it; they are %s", s, key, strings.Join(known, ", ")))
		case err != nil || math.IsNaN(x) || math.IsInf(x, 0):
			faults = append(faults, fmt.Errorf("adaptive: law %q: %s is %q, must be a finite number", s, key, value))
		default:
			*field = x
		}
	}
	return errors.Join(faults...)
}

func (f Fixed) faults(s string) error {
	return fault(f.Limit >= 0 && f.Limit <= maxLimit, s, "limit", float64(f.Limit), fmt.Sprintf("1 to %d", maxLimit))
}

func (a AIMD) faults(s string) error {
	d := a.withDefaults()
	return errors.Join(
		fault(d.Increase > 0, s, "increase", d.Increase, "above 0"),
		fault(d.Backoff > 0 && d.Backoff < 1, s, "backoff", d.Backoff, "above 0 and below 1"),
		fault(d.Tolerance > 1, s, "tolerance", d.Tolerance, "above 1"))
}

func (f Fair) faults(s string) error {
	d := f.withDefaults()
	return fault(d.Queue > 0, s, "queue", d.Queue, "above 0")
}

func (g Gradient) faults(s string) error {
	d := g.withDefaults()
	return errors.Join(
		fault(d.Tolerance >= 1, s, "tolerance", d.Tolerance, "at least 1"),
		fault(d.Smoothing > 0 && d.Smoothing <= 1, s, "smoothing", d.Smoothing, "above 0 and up to 1"))
}

func (v Vegas) faults(s string) error {
	d := v.withDefaults()
	return errors.Join(
		fault(d.Alpha > 0, s, "alpha", d.Alpha, "above 0"),
		fault(d.Beta > d.Alpha, s, "beta", d.Beta, fmt.Sprintf("above alpha, which is %v", d.Alpha)))
}

func fault(ok bool, law, key string, value float64, want string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("adaptive: law %q: %s is %v, must be %s", law, key, value, want)
}

// lawString writes the constants of law that differ from zero's.
func lawString(name string, law, zero any) string {
	v, z := reflect.ValueOf(law), reflect.ValueOf(zero)
	for i := range v.NumField() {
		if x := v.Field(i).Float(); x != z.Field(i).Float() {
			name += fmt.Sprintf(":%s=%v", strings.ToLower(v.Type().Field(i).Name), x)
		}
	}
	return name
}

// or is x, or what its zero stands for.
func or(x, def float64) float64 {
	if x == 0 {
		return def
	}
	return x
}
