package speed

import (
	"fmt"
	"strings"
)

// A wanted figure is one that was set before anything was measured.
type wanted struct {
	text  string // what it is about
	group string
	modes string // separated by blanks; "" means every mode of the group

	of          func(sample) float64 // a figure of the contender itself; nil means a ratio of times
	over, under string               // the ratio's
	less        string               // taken from over first; "" means nothing

	least bool // the bound is the least and not the most
	bound float64
}

// section is the part of the limiter, of the breaker, of the pool.
type section struct {
	title string
	all   []wanted
}

const everyMode = ""

var sections = []section{
	{"Limiter", []wanted{
		{text: "TryAcquire and Done, every call timed", group: "admit", modes: "serial", over: "flyball_try", under: "ref_c2", bound: 1.35},
		{text: "TryAcquire and Done, every call timed", group: "admit", modes: "procs=2 x64", over: "flyball_try", under: "ref_c2", bound: 1.3},
		{text: "TryAcquire and Done, timed when it must", group: "admit", modes: "serial", over: "flyball_sampled", under: "ref_c2", bound: 0.45},
		{text: "TryAcquire and Done, timed when it must", group: "admit", modes: "procs=2", over: "flyball_sampled", under: "ref_c2", bound: 0.65},
		{text: "with defer Release", group: "admit", modes: "serial", over: "flyball_defer_release", under: "ref_c2", bound: 1.45},
		{text: "with defer Release", group: "admit", modes: "procs=2 x64", over: "flyball_defer_release", under: "ref_c2", bound: 1.4},
		{text: "Do with a context", group: "admit", modes: "serial", over: "flyball_do", under: "ref_c2", bound: 1.65},
		{text: "Do with a context", group: "admit", modes: "procs=2 x64", over: "flyball_do", under: "ref_c2", bound: 1.6},
		{text: "TryAcquire at the limit", group: "reject", over: "flyball_reject", under: "ref_c2", bound: 0.2},
		{text: "Acquire at the limit", group: "reject", over: "flyball_reject_acquire", under: "ref_c2", bound: 0.2},
		{text: "times that go-concurrency-limits takes, every call timed", group: "admit", over: "gcl_default_vegas", under: "flyball_try", least: true, bound: 3},
		{text: "times that failsafe-go takes, every call timed", group: "admit", over: "failsafe_try", under: "flyball_try", least: true, bound: 3},
		{text: "times that failsafe-go's Run takes, every call timed", group: "admit", over: "failsafe_run", under: "flyball_try", least: true, bound: 8},
		{text: "times that go-concurrency-limits takes, as shipped", group: "admit", over: "gcl_default_vegas", under: "flyball_sampled", least: true, bound: 3},
		{text: "times that failsafe-go takes, as shipped", group: "admit", over: "failsafe_try", under: "flyball_sampled", least: true, bound: 3},
		{text: "times that failsafe-go's Run takes, as shipped", group: "admit", over: "failsafe_run", under: "flyball_sampled", least: true, bound: 8},
		{text: "a crowd on 8 permits", group: "contended", over: "flyball", under: "xsync_semaphore", bound: 1.1},
		{text: "the luckiest goroutine's share to the unluckiest's", group: "contended", of: sample.spread, over: "flyball", bound: 1.1},
		{text: "allocations of a call", group: "admit", of: sample.allocations, over: "flyball_try", bound: 0},
		{text: "allocations of a call in Do", group: "admit", of: sample.allocations, over: "flyball_do", bound: 0},
		{text: "allocations of a rejection", group: "reject", of: sample.allocations, over: "flyball_reject_acquire", bound: 0},
	}},
	{"Breaker", []wanted{
		{text: "limiter, breaker and classification, closed", group: "breaker", over: "breaker", under: "limiter", bound: 1.25},
		{text: "the same in Do", group: "breaker", over: "breaker_do", under: "limiter_do", bound: 1.25},
		{text: "open", group: "breaker", over: "breaker_open", under: "ref_c2", bound: 0.3},
		{text: "allocations of a call, closed", group: "breaker", of: sample.allocations, over: "breaker", bound: 0},
	}},
	{"Pool", []wanted{
		{text: "Go, a fixed limit", group: "pool", over: "flyball_go", under: "pond_go", bound: 1.2},
		{text: "Go, an adaptive limit, without one permit", group: "pool", over: "flyball_go_adaptive", less: "flyball_permit", under: "pond_go", bound: 1.2},
		{text: "tasks of 20 µs", group: "pool-20us", over: "flyball_go", under: "ideal", bound: 1.05},
		{text: "tasks of 20 µs, an adaptive limit", group: "pool-20us", over: "flyball_go_adaptive", under: "ideal", bound: 1.05},
		{text: "allocations of a task", group: "pool", of: sample.allocations, over: "flyball_go", bound: 0},
		{text: "allocations of a task with a result", group: "pool", of: sample.allocations, over: "flyball_submit", bound: 1},
	}},
}

// verdict is whether a bound is kept. It is open while the interval holds the bound.
func (w wanted) verdict(e estimate) string {
	low, high := e.low, e.high
	if w.least {
		low, high = -high, -low
	}
	bound := w.bound
	if w.least {
		bound = -bound
	}
	switch {
	case high <= bound:
		return "met"
	case low > bound:
		return "missed"
	}
	return "open"
}

// is measures w in one mode.
func (w wanted) is(m *Measured, mode string) (estimate, error) {
	if w.of == nil {
		return m.ratio(w.group, mode, w.over, w.less, w.under)
	}
	s := series{w.group, mode, w.over}
	if len(m.samples[s]) == 0 {
		return estimate{}, fmt.Errorf("%s was not measured", s)
	}
	return estimateOf(m.each(s, w.of)), nil
}

func (w wanted) figure() string {
	switch {
	case w.of != nil:
		return w.over
	case w.less != "":
		return fmt.Sprintf("(%s − %s) / %s", w.over, w.less, w.under)
	}
	return w.over + " / " + w.under
}

// lines are w in each of its modes, in words.
func (w wanted) lines(m *Measured) ([]string, error) {
	modes := strings.Fields(w.modes)
	if w.modes == everyMode {
		modes = m.modes[w.group]
	}
	sign := "<="
	if w.least {
		sign = ">="
	}
	var out []string
	for _, mode := range modes {
		e, err := w.is(m, mode)
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%s, %s, `%s`: wanted %s %s, is %s: %s", w.text, mode, w.figure(), sign, short(w.bound), e, w.verdict(e)))
	}
	return out, nil
}
