package trace

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Usual names of columns, without blanks, case and unit.
var (
	timeNames    = "timestamp time ts date datetime start starttime startedat arrival arrivaltime arrivedat"
	endNames     = "end endtime endedat finish finishedat completedat"
	latencyNames = "latency duration elapsed responsetime servicetime requesttime rtt took"
	statusNames  = "success status statuscode httpstatus"
)

var unitWords = map[string]Unit{
	"s": Seconds, "sec": Seconds, "secs": Seconds, "seconds": Seconds,
	"ms": Millis, "msec": Millis, "millis": Millis, "milliseconds": Millis,
	"us": Micros, "µs": Micros, "μs": Micros, "usec": Micros, "micros": Micros, "microseconds": Micros,
	"ns": Nanos, "nsec": Nanos, "nanos": Nanos, "nanoseconds": Nanos,
}

// A column is one that is read; position −1 means none.
type column struct {
	i    int
	name string // for errors
	unit Unit   // that its name says
}

func (c column) used() bool { return c.i >= 0 }

// plain takes a column name apart: response_time_ms, "Response Time (ms)" and
// responseTimeMs are responsetime in ms.
func plain(name string) (base string, unit Unit) {
	var words []string
	upper := true // the letter before is upper case, or none
	begun := false
	for _, r := range name {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case !letter:
			begun = false
			continue
		case !begun || unicode.IsUpper(r) && !upper:
			words = append(words, "")
		}
		begun, upper = true, unicode.IsUpper(r)
		words[len(words)-1] += string(unicode.ToLower(r))
	}
	if n := len(words); n > 1 {
		if u, ok := unitWords[words[n-1]]; ok {
			return strings.Join(words[:n-1], ""), u
		}
	}
	return strings.Join(words, ""), ""
}

// resolve finds the column that the options name, or the one with a usual name.
func (t *table) resolve(field, asked, usual string) (column, error) {
	none := column{i: -1}
	switch {
	case asked == "-" || asked == "" && t.names == nil:
		return none, nil
	case asked == "":
		found := none
		for i, name := range t.names {
			base, unit := plain(name)
			if base == "" || !strings.Contains(" "+usual+" ", " "+base+" ") {
				continue
			}
			if found.used() {
				return none, t.at("").fault("columns %q and %q could both be the %s, say which (Columns.%s)",
					clipped(found.name), clipped(name), strings.ToLower(field), field)
			}
			found = column{i, name, unit}
		}
		return found, nil
	}
	i := t.find(asked)
	if i >= 0 && slices.Contains(t.names[i+1:], t.names[i]) {
		return none, t.at("").fault("has two columns %q, give the position (Columns.%s)", clipped(asked), field)
	}
	if at := position(asked); i < 0 && at < t.width {
		i = at
	}
	if i < 0 {
		return none, t.at("").fault("has no column %q (Columns.%s), its columns are %s", clipped(asked), field, t.listed())
	}
	var unit Unit
	if t.names != nil {
		_, unit = plain(t.names[i])
	}
	return column{i, t.name(i), unit}, nil
}

func (t *table) listed() string {
	if t.names == nil {
		return "1 to " + itoa(t.width) + ", without names"
	}
	return clipped(strings.Join(t.names, ", "))
}

// position is the column that asked gives by number, −1 if it gives none.
func position(asked string) int {
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		return -1
	}
	return n - 1
}

func itoa(n int) string { return strconv.Itoa(n) }
