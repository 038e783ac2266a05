package configfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/adaptive/configfile"
	"github.com/flyball-go/flyball/internal/strict"
)

const whole = `# what is tuned of the client of users
version: 1
limiter:
  name: users
  law: vegas:alpha=3
  initial: 10
  min: 2
  max: 200
  queue: -1
  max-wait: 250ms
breaker:
  rate: 0.25
  min-volume: 50
  open: {base: 2s, factor: 1.5}
expected:
  min-limit: 20
  max-limit: 60
  p99: 1m30s
  rejected: 0.02
provenance:
  flyball: devel
  seeds: [1, 2, 18446744073709551615]
  scenarios: {steady: 3f2a, surge: "0123"}
  score: 0.95
  kept: true
`

// trips stands for the Config of another package.
type trips struct {
	Rate      float64
	MinVolume int
	Window    time.Duration
	Open      growth
}

type growth struct {
	Base   time.Duration
	Factor float64
}

func (c trips) Validate() error {
	var faults []error
	if c.Rate > 1 {
		faults = append(faults, fmt.Errorf("trips: config: Rate is %v, must be at most 1", c.Rate))
	}
	if c.Window != 0 && c.Window < time.Millisecond {
		faults = append(faults, fmt.Errorf("trips: config: Window is %v, must be at least 1ms", c.Window))
	}
	if c.Open.Factor != 0 && c.Open.Factor < 1 {
		faults = append(faults, fmt.Errorf("trips: config: Open.Factor is %v, must be at least 1", c.Open.Factor))
	}
	return errors.Join(faults...)
}

// filled is want with what grows with package adaptive.
func filled(want string) string {
	var keys []string
	for i, t := 0, reflect.TypeFor[adaptive.Config](); i < t.NumField(); i++ {
		keys = append(keys, strict.KeyOf(t.Field(i).Name))
	}
	_, err := adaptive.ParseLaw("none")
	_, laws, _ := strings.Cut(err.Error(), "the laws are ")
	return strings.NewReplacer("LIMITER", strings.Join(keys, ", "), "LAWS", laws).Replace(want)
}

func wholeFile() (*configfile.File, *trips) {
	b := &trips{Rate: 0.25, MinVolume: 50, Open: growth{Base: 2 * time.Second, Factor: 1.5}}
	return &configfile.File{
		Limiter: adaptive.Config{
			Name: "users", Law: "vegas:alpha=3", Initial: 10, Min: 2, Max: 200, Queue: -1, MaxWait: 250 * time.Millisecond,
		},
		Sections: configfile.Sections{"breaker": b},
		Expected: adaptive.Envelope{MinLimit: 20, MaxLimit: 60, P99: 90 * time.Second, Rejected: 0.02},
		Provenance: map[string]any{
			"flyball": "devel", "seeds": []any{1, 2, uint64(18446744073709551615)},
			"scenarios": map[string]any{"steady": "3f2a", "surge": "0123"}, "score": 0.95, "kept": true,
		},
	}, b
}

func TestParseReadsEverySection(t *testing.T) {
	for name, data := range map[string]string{
		"as written":      whole,
		"with CRLF":       strings.ReplaceAll(whole, "\n", "\r\n"),
		"with a BOM":      "\ufeff" + whole,
		"in JSON":         jsonOf(t),
		"in JSON on tabs": strings.ReplaceAll(jsonOf(t), "  ", "\t"),
	} {
		t.Run(name, func(t *testing.T) {
			var b trips
			f, err := configfile.Parse("limiter.yaml", []byte(data), configfile.Sections{"breaker": &b})
			require.NoError(t, err)
			want, wantBreaker := wholeFile()
			want.Sections = f.Sections
			require.Equal(t, want, f)
			require.Equal(t, *wantBreaker, b)
		})
	}
}

func jsonOf(t *testing.T) string {
	f, _ := wholeFile()
	data, err := f.JSON()
	require.NoError(t, err)
	return string(data)
}

func TestParseTakesWhatIsLeftOutAsDefaults(t *testing.T) {
	b := trips{Rate: 0.9}
	f, err := configfile.Parse("x", []byte("version: 1"), configfile.Sections{"breaker": &b})
	require.NoError(t, err)
	require.Zero(t, f.Limiter)
	require.Zero(t, b, "what the program had before is not mixed in")
}

func TestParseSkipsASectionThatNobodyReads(t *testing.T) {
	_, err := configfile.Parse("x", []byte("version: 1\nbreaker: {whatever: 3}"), configfile.Sections{"breaker": nil})
	require.NoError(t, err)
}

func TestParseTellsAllFaultsWithTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "x: is empty, must be a configuration"},
		{"a comment", "# later\n", "x: is empty, must be a configuration"},
		{"a list", "- version: 1", "x:1: is a list, must be a mapping with one of version, limiter, breaker, expected, provenance"},
		{"no version", "limiter: {}", "x:1: version: is missing, must be 1"},
		{"another version", "version: 2", "x:1: version: is 2, must be 1"},
		{"a misspelled key", "version: 1\nlimiter:\n  max-wiat: 1s", "x:3: limiter.max-wiat: unknown key, must be max-wait?"},
		{"a Go name as key", "version: 1\nlimiter: {MaxWait: 1s}", "x:2: limiter.MaxWait: unknown key, must be max-wait?"},
		{"a strange key", "version: 1\npool: {}", "x:2: pool: unknown key, must be one of version, limiter, breaker, expected, provenance"},
		{"a key twice", "version: 1\nlimiter:\n  max: 3\n  max: 4", "x:4: limiter.max: is there twice, first on line 3"},
		{"a section twice", "version: 1\nlimiter: {}\nlimiter: {}", "x:3: limiter: is there twice, first on line 2"},
		{"null", "version: 1\nlimiter:\n  max:", "x:3: limiter.max: has no value; leave the key out instead"},
		{"null section", "version: 1\nlimiter:", "x:2: limiter: has no value; leave the key out instead"},
		{"1.5 for an int", "version: 1\nlimiter: {max: 1.5}", `x:2: limiter.max: is "1.5", must be a whole number`},
		{"text for an int", "version: 1\nlimiter: {max: many}", `x:2: limiter.max: is "many", must be a whole number`},
		{"quoted int", "version: 1\nlimiter: {max: \"5\"}", `x:2: limiter.max: is "5", must be a whole number`},
		{"leading zero", "version: 1\nlimiter: {max: 010}", `x:2: limiter.max: is 010, must have no leading zero`},
		{"hex", "version: 1\nlimiter: {max: 0x10}", `x:2: limiter.max: is "0x10", must be a whole number`},
		{"a huge int", "version: 1\nlimiter: {max: 99999999999999999999}", `x:2: limiter.max: is "99999999999999999999", must be a whole number`},
		{"no unit", "version: 1\nlimiter: {max-wait: 5}", "x:2: limiter.max-wait: is 5 without a unit, must be a duration such as 5s or 5ms"},
		{"no duration", "version: 1\nlimiter: {max-wait: soon}", `x:2: limiter.max-wait: is "soon", must be a duration such as 250ms or 2m`},
		{"a duration beyond int64", "version: 1\nlimiter: {max-wait: 9999999h}", `x:2: limiter.max-wait: is "9999999h", must be a duration such as 250ms or 2m`},
		{"NaN", "version: 1\nbreaker: {rate: .nan}", `x:2: breaker.rate: is ".nan", must be a finite number`},
		{"infinity", "version: 1\nbreaker: {rate: 1e999}", `x:2: breaker.rate: is "1e999", must be a finite number`},
		{"a section that is a list", "version: 1\nlimiter: [1]", "x:2: limiter: is a list, must be a mapping with one of LIMITER"},
		{"a list for a value", "version: 1\nlimiter: {max: [1]}", "x:2: limiter.max: is a list, must be a whole number"},
		{"a second document", "version: 1\n---\nversion: 1", "x:2: a second document, must be one a file"},
		{"an alias", "version: 1\nlimiter: &l {max: 3}\nbreaker: *l", "x:3: breaker: is an alias, must be a mapping with one of rate, min-volume, window, open"},
		{"a merge key", "version: 1\nlimiter: {<<: {max: 3}}", "x:2: limiter.<<: unknown key, must be one of LIMITER"},
		{"null in the provenance", "version: 1\nprovenance: {a: {b: ~}}", "x:2: provenance.a.b: has no value; leave the key out instead"},
		{"an alias in the provenance", "version: 1\nprovenance: {a: &a [1], b: *a}", "x:2: provenance.b: is an alias, must be a text, a number, a list or a mapping"},
		{"a law", "version: 1\nlimiter:\n  max: 9\n  law: vega", `x:4: limiter.law: "vega" is unknown; the laws are LAWS`},
		{"bounds the wrong way round", "version: 1\nlimiter:\n  max: 9\n  min: 12", "x:4: limiter.min: is 12, above Max 9"},
		{"fault in a nested mapping", "version: 1\nbreaker:\n  rate: 0.5\n  open:\n    factor: 0.5", "x:5: breaker.open.factor: is 0.5, must be at least 1"},
		{"an envelope", "version: 1\nexpected:\n  rejected: 2", "x:3: expected.rejected: is 2, must be above 0 and up to 1, or 0 for none"},
		{
			"many at once", "limiter:\n  max: -1\n  law: knees\n  queue: -2\n  max-wait: 3\nbreaker:\n  rate: 2\n  window: 1ns\nexpect: 1",
			`x:1: version: is missing, must be 1
x:2: limiter.max: is -1, must be 1 to 16777216, or 0 for 10000
x:3: limiter.law: "knees" is unknown; the laws are LAWS
x:4: limiter.queue: is -2, must be 0 for 1024, −1 for none, or a number of calls
x:5: limiter.max-wait: is 3 without a unit, must be a duration such as 3s or 3ms
x:7: breaker.rate: is 2, must be at most 1
x:8: breaker.window: is 1ns, must be at least 1ms
x:9: expect: unknown key, must be expected?`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := trips{Rate: 0.9}
			f, err := configfile.Parse("x", []byte(c.data), configfile.Sections{"breaker": &b})
			require.EqualError(t, err, filled(c.want))
			require.Nil(t, f)
			require.Equal(t, trips{Rate: 0.9}, b, "nothing of a faulty file comes through")
		})
	}
}

// TestParseRefusesHostileFilesForLittle counts bytes instead of seconds: what a hostile
// file could cost, it costs in memory.
func TestParseRefusesHostileFilesForLittle(t *testing.T) {
	bomb := func(last rune) string {
		s := "version: 1\nprovenance:\n  a: &a [x, x, x, x, x, x, x, x, x]\n"
		for c := 'b'; c <= last; c++ {
			s += "  " + string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "]\n"
		}
		return s
	}
	for name, data := range map[string]string{
		"small bomb":   bomb('e'), // its 59 049 nodes would end, and be seen
		"alias bomb":   bomb('j'),
		"depth":        "version: 1\nprovenance: {a: " + strings.Repeat("[", 100_000),
		"closed depth": "version: 1\nprovenance: {a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}",
		"size":         "version: 1\n#" + strings.Repeat("x", 9<<20),
		"NUL":          "version: 1\nlimiter: {name: \"a\x00\"}",
		"binary":       "\xff\xfe\x00\x01\x02",
		"a tab indent": "version: 1\nlimiter:\n\tmax: 1",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := configfile.Parse("x", []byte(data), nil)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+2*len(data)))
			require.ErrorContains(t, err, "x:")
		})
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := configfile.Load(filepath.Join(dir, "missing.yaml"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = configfile.Load(dir, nil)
	require.EqualError(t, err, dir+": is a directory, must be a configuration file")
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	_, err = configfile.Load(fifo, nil)
	require.EqualError(t, err, fifo+": is no regular file, must be a configuration file")
}

func TestSectionsOfTheProgramAreChecked(t *testing.T) {
	type inner struct{ C chan int }
	for want, s := range map[string]configfile.Sections{
		`configfile: section "limiter": the name is taken, must be another one`:                             {"limiter": &trips{}},
		`configfile: section "breaker": is a configfile_test.trips, must be a pointer to a struct, or nil`:  {"breaker": trips{}},
		`configfile: section "breaker": is a *configfile_test.trips, must be a pointer to a struct, or nil`: {"breaker": (*trips)(nil)},
		`configfile: section "own": chan int is not plain data`:                                             {"own": &inner{}},
		`configfile: section "own": field hidden of struct { hidden int } is not exported`:                  {"own": &struct{ hidden int }{}},
	} {
		_, err := configfile.Parse("x", []byte("version: 1"), s)
		require.EqualError(t, err, want)
		_, err = (&configfile.File{Sections: s}).YAML()
		require.EqualError(t, err, want)
	}
}

// level has a text of its own.
type level int

func (l level) MarshalText() ([]byte, error) { return []byte([]string{"low", "high"}[l]), nil }

func (l *level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 0
	case "high":
		*l = 1
	default:
		return errors.New("must be low or high")
	}
	return nil
}

type plain struct {
	Level   level
	Small   int8
	Count   uint32
	Share   float32
	On      bool
	Steps   []time.Duration
	Rules   []struct{ After, P99 time.Duration }
	HTTPMax int
}

func TestAnyPlainStructIsASection(t *testing.T) {
	var p plain
	_, err := configfile.Parse("x", []byte(`version: 1
own:
  level: high
  small: -128
  count: 4294967295
  share: 0.5
  on: true
  steps: [1s, 2s]
  rules: [{after: 1s}, {p99: 2ms}]
  http-max: 3
`), configfile.Sections{"own": &p})
	require.NoError(t, err)
	want := plain{Level: 1, Small: -128, Count: 1<<32 - 1, Share: 0.5, On: true, Steps: []time.Duration{time.Second, 2 * time.Second}, HTTPMax: 3}
	want.Rules = append(want.Rules, struct{ After, P99 time.Duration }{After: time.Second}, struct{ After, P99 time.Duration }{P99: 2 * time.Millisecond})
	require.Equal(t, want, p)

	_, err = configfile.Parse("x", []byte("version: 1\nown: {level: mid, small: 128, count: -1, share: 1e300, on: yes, steps: 1s}"), configfile.Sections{"own": &p})
	require.EqualError(t, err, `x:2: own.level: is "mid": must be low or high
x:2: own.small: is 128, which is too big
x:2: own.count: is "-1", must be a whole number from 0 to 18446744073709551615
x:2: own.share: is 1e300, which is too big
x:2: own.on: is "yes", must be true or false`)
	require.Equal(t, want, p)
}
