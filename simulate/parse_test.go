package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/breaker"
)

const everything = `
name: everything
description: each key once
seed: 7
duration: 10m
timeout: 250ms
clients: {count: 3, skew: 4, clocks: 20ms, join: {every: 5s}}
wait: {queue: 60, max: 200ms}
retries: {count: 3, backoff: 10ms, budget: 0.1}
load:
  - {poisson: 160, for: 1m}
  - {constant: 1.5x, for: 1m}
  - {ramp: [100, 2x], for: 1m}
  - {sine: 300, amplitude: 190, period: 60s, for: 1m}
  - {mmpp: 270, high: 2, low: 0.67, hold: 2s, for: 1m}
  - {schedule: {0s: 160, 10s: 2x, 20s: 0}, for: 1m}
  - {work: 1000, at-once: 50, for: 1m}
  - {replay: stamps.csv, for: 1m}
  - {users: 100, think: {exp: 50ms}}
classes:
  - {name: gold, share: 0.25, service: {const: 5ms}, timeout: 1s}
  - {name: rest, share: 0.75}
downstream:
  servers: {0s: 20, 80s: 10}
  service: {bimodal: 50ms, slow: 0.1, times: 50, shift: {slow: 0.6, at: 60s, over: 30s}}
  queue: 10
  order: lifo
  network: 100ms
  usl: {sigma: 0.01, kappa: 0.0004}
  drop-stale: true
  rate-limit: {rate: 100, burst: 20, retry-after: 2s, then: refuse}
  hard-limit: {in-flight: 60, then: swallow}
faults:
  - {slow: 5, at: 60s, for: 30s, every: 2m}
  - {slow: 3, ramp: 5m}
  - {slow: 4, decay: 40s}
  - {errors: 0.05}
  - {refuse: 0.5, at: 1s}
  - {blackhole: 0.2, at: 1s, for: 2s}
  - {stall: 200ms, at: 5s, every: 5s}
  - {capacity: 0.5, at: 1s}
changes: [60s, 2m]
breaker: {silence: 2s, min-calls: 4, rate: 0.6, min-volume: 10, window: 5s, slow-rate: -1, consecutive: 8, at-floor: 3, open: {base: 1s, factor: 2, max: 1m, jitter: -1}, probe-share: 1, probe-within: 3s}
guards: [none, fixed:1x, oracle, aimd:backoff=0.8, vegas+breaker]
`

func TestEveryKeyIsRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(everything), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "stamps.csv"), []byte("timestamp\n2024-01-01T00:00:00Z\n2024-01-01T00:00:01.5Z\n"), 0o600))
	sc, err := Load(filepath.Join(dir, "s.yaml"))
	require.NoError(t, err)
	const s, m = time.Second, time.Minute
	require.Equal(t, &Scenario{
		Name: "everything", Description: "each key once", Seed: 7, Duration: 10 * m, Timeout: 250 * ms,
		Clients: Clients{Count: 3, Skew: 4, Clocks: 20 * ms, Join: []time.Duration{0, 5 * s, 10 * s}}, Wait: Wait{60, 200 * ms}, Retries: Retries{3, 10 * ms, 0.1},
		Load: []Phase{
			{Arrivals: Poisson, For: m, Rate: Rate{Value: 160}},
			{Arrivals: Constant, For: m, Rate: Rate{1.5, true}},
			{Arrivals: Ramp, For: m, Rate: Rate{Value: 100}, To: Rate{2, true}},
			{Arrivals: Sine, For: m, Rate: Rate{Value: 300}, Amplitude: 190, Period: m},
			{Arrivals: MMPP, For: m, Rate: Rate{Value: 270}, High: 2, Low: 0.67, Hold: 2 * s},
			{Arrivals: Schedule, For: m, Steps: []RateStep{{0, Rate{Value: 160}}, {10 * s, Rate{2, true}}, {20 * s, Rate{}}}},
			{Arrivals: Work, For: m, Work: 1000, AtOnce: 50},
			{Arrivals: Replay, For: m, Stamps: []time.Duration{0, 1500 * ms}},
			{Arrivals: Users, Users: 100, Think: Distribution{Kind: Exp, Mean: 50 * ms}},
		},
		Classes: []Class{{Name: "gold", Share: 0.25, Service: Distribution{Kind: Const, Mean: 5 * ms}, Timeout: s}, {Name: "rest", Share: 0.75}},
		Downstream: Downstream{
			Servers: []Step{{0, 20}, {80 * s, 10}},
			Service: Distribution{Kind: Bimodal, Mean: 50 * ms, Slow: 0.1, Times: 50, Shift: Shift{0.6, m, 30 * s}},
			Queue:   10, Order: LIFO, Network: 100 * ms, USL: USL{0.01, 0.0004}, DropStale: true,
			RateLimit: RateLimit{Rate: 100, Burst: 20, RetryAfter: 2 * s, Then: Refuse},
			HardLimit: HardLimit{60, Swallow},
		},
		Faults: []Fault{
			{Kind: Slow, Value: 5, At: m, For: 30 * s, Every: 2 * m},
			{Kind: Slow, Value: 3, Ramp: 5 * m}, {Kind: Slow, Value: 4, Decay: 40 * s},
			{Kind: Errors, Value: 0.05}, {Kind: Refusals, Value: 0.5, At: s},
			{Kind: Blackhole, Value: 0.2, At: s, For: 2 * s},
			{Kind: Stall, At: 5 * s, For: 200 * ms, Every: 5 * s}, {Kind: Capacity, Value: 0.5, At: s},
		},
		Changes: []time.Duration{m, 2 * m},
		Breaker: breaker.Config{
			Silence: 2 * s, MinCalls: 4, Rate: 0.6, MinVolume: 10, Window: 5 * s, SlowRate: -1, Consecutive: 8, AtFloor: 3,
			Open: breaker.Backoff{Base: s, Factor: 2, Max: m, Jitter: -1}, ProbeShare: 1, ProbeWithin: 3 * s,
		},
		Guards: []string{"none", "fixed:1x", "oracle", "aimd:backoff=0.8", "vegas+breaker"},
	}, sc)
}

func TestEveryDistributionIsRead(t *testing.T) {
	for text, want := range map[string]Distribution{
		"{const: 5ms}":                 {Kind: Const, Mean: 5 * ms},
		"{exp: 5ms}":                   {Kind: Exp, Mean: 5 * ms},
		"{lognormal: 5ms, sigma: 0.5}": {Kind: Lognormal, Mean: 5 * ms, Shape: 0.5},
		"{gamma: 5ms, shape: 2}":       {Kind: Gamma, Mean: 5 * ms, Shape: 2},
		"{pareto: 5ms, alpha: 1.5}":    {Kind: Pareto, Mean: 5 * ms, Shape: 1.5},
		"{empirical: [1ms, 3ms]}":      {Kind: Empirical, Mean: 2 * ms, Values: []time.Duration{ms, 3 * ms}},
	} {
		sc, err := Parse("x.yaml", []byte(minimal("service: {exp: 50ms}", "service: "+text)))
		require.NoError(t, err, text)
		require.Equal(t, want, sc.Downstream.Service)
	}
}

func TestDefaultsAreThoseDocumented(t *testing.T) {
	sc, err := Parse("dir/small.yaml", []byte(minimal("", "")))
	require.NoError(t, err)
	require.Equal(t, &Scenario{
		Name: "small", Duration: time.Minute, Load: []Phase{{Arrivals: Poisson, Rate: Rate{Value: 480}}},
		Downstream: Downstream{Servers: []Step{{0, 20}}, Service: Distribution{Kind: Exp, Mean: 50 * ms}, Queue: -1},
	}, sc)
}

// minimal is the shortest scenario, with old replaced by new.
func minimal(old, new string) string {
	const text = "duration: 60s\nload: {poisson: 480}\ndownstream:\n  servers: 20\n  service: {exp: 50ms}\n"
	if old == "" {
		return text + new
	}
	return strings.Replace(text, old, new, 1)
}

// Each fault is one line that says where, what, and what would be right.
func TestFaultsNameLineKeyAndRemedy(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "lod: 3", "6: lod: unknown key, must be load?"},
		{"", "zebra: 3", "6: zebra: unknown key, must be one of name, description, seed, duration, load, classes, clients, timeout, wait, retries, downstream, faults, changes, breaker, guards"},
		{"", "duration: 9s", "6: duration: is there twice, first on line 1"},
		{"", "timeout: null", "6: timeout: has no value; leave the key out instead"},
		{"", "timeout:", "6: timeout: has no value; leave the key out instead"},
		{"", "faults: [~]", "6: faults[0]: has no value"},
		{"", "retries: 1.5", `6: retries: is "1.5", must be a whole number`},
		{"", "clients: 010", "6: clients: is 010, must have no leading zero"},
		{"", "clients: '3'", `6: clients: is "3", must be a whole number`},
		{"", "clients: 99999999999999999999", `6: clients: is "99999999999999999999", must be a whole number`},
		{"", "clients: 0", ""},
		{"", "clients: {count: 0, skew: 2}", "6: clients.count: is 0, must be from 1 to 10000"},
		{"", "clients: -2", "6: clients.count: is -2, must be from 1 to 10000"},
		{"", "clients: {count: 2, join: [0s, 5s, 6s]}", "6: clients.join: has 3 instants, must have one for each of the 2 clients"},
		{"", "clients: {count: 2, join: [1s, 5s]}", "6: clients.join: begins at 1s, must begin at 0s: somebody must call"},
		{"", "clients: {count: 3, join: [0s, 5s, 4s]}", "6: clients.join: is not in order at 4s"},
		{"", "clients: {join: {every: 30s}, count: 3}", "6: clients.join: has client 3 join at 1m0s, must be within the duration of 1m0s"},
		{"", "clients: {count: 10000, join: {every: 8000h}}", "6: clients.join: has client 2 join at 8000h0m0s, must be within the duration of 1m0s"},
		{"", "clients: {count: 3, join: {every: 0s}}", "6: clients.join: must say how long after one client the next joins, such as {every: 5s}"},
		{"", "clients: {count: 3, join: {after: 5s}}", "6: clients.join.after: unknown key, must be every"},
		{"", "clients: {join: {every: 5s}}", "6: clients.count: is 0, must be from 1 to 10000"},
		{"", "timeout: 5", "6: timeout: is 5 without a unit, must be a duration such as 5s or 5ms"},
		{"", "timeout: soon", `6: timeout: is "soon", must be a duration such as 250ms or 2m`},
		{"", "timeout: -1s", "6: timeout: is -1s, must be from 0 to 8784h0m0s"},
		{"", "seed: -1", `6: seed: is "-1", must be a whole number from 0 to 18446744073709551615`},
		{"", "wait: {queue: 0, max: 1s}", "6: wait.queue: is 0, must be from 1 to 1048576"},
		{"", "retries: {count: 2, backoff: 1s, budget: .nan}", `6: retries.budget: is ".nan", must be a finite number`},
		{"", "retries: {count: 2}", "6: retries.backoff: is missing, must be set where there is no timeout"},
		{"", "changes: [61s]", "6: changes[0]: is 1m1s, must be within the duration of 1m0s"},
		{"", "changes: [5s, 5s]", "6: changes[1]: is 5s, must be after the one before"},
		{"", "guards: [vega]", `6: guards[0]: guard "vega" is not known; a guard is none, oracle, breaker, nested, chained, coupled, fixed:1x, corelimit/NAME or a law, with +breaker after it if wanted: adaptive: law "vega" is unknown; the laws are `},
		{"", "faults: {slow: 2, errors: 1}", "6: faults: has slow and errors, must have only one of them"},
		{"", "faults: {at: 2s}", "6: faults: says not what it is, must have one of slow, errors, refuse, blackhole, stall, capacity"},
		{"", "faults: {errors: 1.2}", "6: faults.errors: is 1.2, must be a share from 0 to 1"},
		{"", "faults: {slow: 0}", "6: faults.slow: is 0, must be a factor above 0 and at most 1e6"},
		{"", "faults: {stall: 5s, every: 5s}", "6: faults.every: is 5s, must be longer than the fault lasts, and that must be said"},
		{"", "faults: {slow: 2, at: 60s}", "6: faults.at: is 1m0s, must be within the duration of 1m0s"},
		{"", "faults: {errors: 1, ramp: 1s}", "6: faults.ramp: unknown key, must be one of at, every, errors, for"},
		{"", "timeout: &t 5s\nwait: {queue: 1, max: *t}", "7: wait.max: is an alias, must be a duration such as 250ms or 2m"},
		{"{poisson: 480}", "{poison: 480}", "2: load.poison: unknown key, must be poisson?"},
		{"{poisson: 480}", "{poisson: -3}", "2: load.poisson: is -3, must be above 0"},
		{"{poisson: 480}", "{poisson: .inf}", `2: load.poisson: is ".inf", must be calls per second, or a multiple of the capacity such as 1.3x`},
		{"{poisson: 480}", "{poisson: 1e999}", `2: load.poisson: is "1e999", must be a finite number`},
		{"{poisson: 480}", "{poisson: 1e12}", "2: load: has 1e+12 calls per second, must be at most 1e8"},
		{"{poisson: 480}", "[{poisson: 4}, {poisson: 5}]", "2: load[0].for: is missing, must say how long the phase lasts; only the last may be open"},
		{"{poisson: 480}", "[{poisson: 4, for: 90s}, {poisson: 5}]", "2: load[1]: begins at 1m30s, after the end at 1m0s"},
		{"{poisson: 480}", "{ramp: 5}", `2: load.ramp: is "5", must be two rates such as [100, 1000]`},
		{"{poisson: 480}", "{sine: 10, amplitude: 20, period: 1s}", "2: load.amplitude: is 20, must be at most the rate of 10"},
		{"{poisson: 480}", "{mmpp: 10, high: 2, low: 1}", "2: load.hold: is 0s, must be above 0 and at most 8784h0m0s"},
		{"{poisson: 480}", "{schedule: 5}", `2: load.schedule: is "5", must be a mapping such as {0s: 100, 30s: 500}`},
		{"{poisson: 480}", "{schedule: {1s: 5}}", "2: load.schedule: must begin at 0s, as in {0s: 100, 30s: 500}"},
		{"{poisson: 480}", "{schedule: {}}", "2: load.schedule: must begin at 0s"},
		{"{poisson: 480}", "{schedule: {0s: 5, 2s: 3, 1s: 4}}", "2: load.schedule.1s: is not after the one before"},
		{"{poisson: 480}", "{schedule: {0s: 5, 2s: -3}}", "2: load.schedule.2s: is -3, must not be negative"},
		{"{poisson: 480}", "{schedule: {0s: 0}}", "2: load.schedule: is never above 0"},
		{"{poisson: 480}", "{schedule: {0s: 5, 2s: 6}, for: 2s}", "2: load.schedule.2s: is after the end of the phase at 2s"},
		{"{poisson: 480}", "{schedule: {0s: 5, 2s: 1e9}}", "2: load: has 1e+09 calls per second, must be at most 1e8"},
		{"{poisson: 480}", "{work: 0, at-once: 1}\nwait: {queue: 1}", "2: load.work: is 0, must be from 1 to 1073741824"},
		{"{poisson: 480}", "{work: 10, at-once: 0}", "2: load.at-once: is 0, must be from 1 to 100000"},
		{"{poisson: 480}", "{work: 10, at-once: 5}", "2: load.at-once: is 5, must be at most the 0 calls that may wait for a permit (wait.queue), or the list is rejected instead of worked off"},
		{"{poisson: 480}", "[{work: 1, at-once: 1, for: 1s}, {work: 1, at-once: 1}]\nwait: {queue: 1}", "2: load[1]: is a second list of work, must be the only one"},
		{"{poisson: 480}", "{users: 10, think: {const: 0s}}", "2: load.think.const: is 0s, must be above 0 and at most 8784h0m0s"},
		{"{poisson: 480}", "{replay: stamps.csv}", "2: load.replay: names the file stamps.csv, which only a scenario in a file may do"},
		{"{poisson: 480}", "{poisson: 480, foor: 3s}", "2: load.foor: unknown key, must be for?"},
		{"servers: 20", "servers: 0", "4: downstream.servers: is 0, must be from 1 to 1048576"},
		{"servers: 20", "servers: [20]", "4: downstream.servers: is a list, must be a number, or a mapping such as {0s: 20, 80s: 10}"},
		{"servers: 20", "servers: {1s: 20}", "4: downstream.servers: begins at 1s, must begin at 0s"},
		{"servers: 20", "servers: {0s: 20, 2s: 3, 1s: 4}", "4: downstream.servers.1s: is not after the one before"},
		{"servers: 20", "servers: 20\n  order: fif", `5: downstream.order: is "fif", must be fifo, lifo or ps`},
		{"servers: 20", "servers: 20\n  queue: -3", "5: downstream.queue: is -3, must be 0 or more; leave it out for a queue without bound"},
		{"servers: 20", "servers: 20\n  drop-stale: yes", `5: downstream.drop-stale: is "yes", must be true or false`},
		{"{exp: 50ms}", "50ms", `5: downstream.service: is "50ms", must be a mapping with one of const, exp, lognormal, gamma, pareto, bimodal, empirical, trace`},
		{"{exp: 50ms}", "{pareto: 50ms, alpha: 1}", "5: downstream.service.alpha: is 1, must be above 1, or the mean is infinite"},
		{"{exp: 50ms}", "{lognormal: 50ms, sigma: -1}", "5: downstream.service.sigma: is -1, must not be negative"},
		{"{exp: 50ms}", "{gamma: 50ms, shape: 0}", "5: downstream.service.shape: is 0, must be above 0"},
		{"{exp: 50ms}", "{bimodal: 50ms, slow: 1.5, times: 2}", "5: downstream.service.slow: is 1.5, must be a share from 0 to 1"},
		{"{exp: 50ms}", "{empirical: t.csv}", `5: downstream.service.empirical: is "t.csv", must be a duration such as 250ms or 2m`},
		{"{exp: 50ms}", "{trace: t.csv}", "5: downstream.service.trace: names the file t.csv, which only a scenario in a file may do"},
		{"{exp: 50ms}", "{trace: [t.csv]}", "5: downstream.service.trace: is a list, must be the name of a recorded trace"},
		{"{exp: 50ms}", "{trace: t.csv, unit: h}", `5: downstream.service.unit: is "h", must be s, ms, us or ns`},
		{"{exp: 50ms}", "{empirical: []}", "5: downstream.service.empirical: has no values"},
		{"duration: 60s", "duration: -60s", "1: duration: is -1m0s, must be above 0 and at most 8784h0m0s"},
		{"duration: 60s\n", "", "1: duration: is missing, must be how long the run lasts, such as 60s"},
	} {
		_, err := Parse("x.yaml", []byte(minimal(c.old, c.new)))
		if c.want == "" {
			require.NoError(t, err, c.new)
			continue
		}
		require.Error(t, err, c.new)
		require.NotContains(t, err.Error(), "\n", c.new)
		require.Contains(t, err.Error(), "x.yaml:"+c.want, c.new)
	}
}

func TestAllFaultsAreToldInTheOrderOfTheFile(t *testing.T) {
	_, err := Parse("x.yaml", []byte("seed: x\nload: {poisson: -1}\ntimeout: 5\nduration: 5s\ndownstream: {servers: 0, service: {exp: 1ms}}\n"))
	require.EqualError(t, err, `x.yaml:1: seed: is "x", must be a whole number from 0 to 18446744073709551615
x.yaml:2: load.poisson: is -1, must be above 0
x.yaml:3: timeout: is 5 without a unit, must be a duration such as 5s or 5ms
x.yaml:5: downstream.servers: is 0, must be from 1 to 1048576`)
}

func TestValidateFindsWhatYAMLCannotSay(t *testing.T) {
	sc := simple(100, 5, time.Minute)
	require.NoError(t, sc.Validate())
	sc.Load = append(sc.Load, Phase{Arrivals: "never"})
	sc.Downstream.Order = "x"
	sc.Faults = []Fault{{Kind: "y"}}
	require.ErrorContains(t, sc.Validate(), `load[1]: is "never", must be one of`)
	require.ErrorContains(t, sc.Validate(), `downstream.order: is "x"`)
	require.ErrorContains(t, sc.Validate(), `faults[0]: is "y"`)
	_, err := Run(t.Context(), sc, "none")
	require.Error(t, err)
}

// No input makes Parse panic or hang, and what it accepts can be played.
func FuzzScenario(f *testing.F) {
	f.Add(everything)
	f.Add(minimal("", ""))
	f.Add(minimal("", "wait: {queue: 3}\nclients: 3\nretries: {count: 2, backoff: 1ms}\n"))
	f.Fuzz(func(t *testing.T, text string) {
		sc, err := Parse("x.yaml", []byte(text))
		if err != nil || sc.Clients.Count > 100 {
			return
		}
		for _, p := range sc.Load {
			if p.Users > 1000 {
				return
			}
		}
		require.NoError(t, sc.Validate())
		kind, err := parseGuard("fixed:3")
		require.NoError(t, err)
		r, err := newRun(sc, kind)
		require.NoError(t, err)
		if _, err = r.play(t.Context(), 20_000); err != nil {
			require.ErrorContains(t, err, "budget")
		}
	})
}

func TestAFaultThatOnlyFollowsFromAnotherIsNotTold(t *testing.T) {
	for _, wrong := range []string{"timout: 1s", "timeout: 1"} {
		_, err := Parse("a.yaml", []byte("duration: 60s\nload: {poisson: 100}\n"+wrong+"\nretries: 2\ndownstream: {servers: 4, service: {exp: 20ms}}\n"))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "retries.backoff")
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := Parse("a.yaml", []byte("duraton: 60s\nload: {poisson: 100}\nchanges: [30s]\ndownstream: {servers: 4, service: {exp: 20ms}}\n"))
	require.EqualError(t, err, "a.yaml:1: duraton: unknown key, must be duration?")
}
