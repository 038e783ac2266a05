package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Step is what was measured at one rate.
type Step struct {
	Rate float64       `json:"rate"` // calls a second that were to begin
	For  time.Duration `json:"for"`  // how long; the calls then in flight were waited for

	Sent    uint64            `json:"sent"`
	Unsent  uint64            `json:"unsent,omitempty"` // would have been more in flight than allowed
	OK      uint64            `json:"ok"`
	Errors  map[string]uint64 `json:"errors,omitempty"`  // by kind
	Refused uint64            `json:"refused,omitempty"` // of the errors, those that say that there is too much to do

	Rejected uint64 `json:"rejected,omitempty"` // not sent, by a guard in front of the target

	Goodput float64 `json:"goodput"` // calls a second that ended well within the step, its first fifth left out
	Begun   float64 `json:"begun"`   // calls a second that began, were rejected or unsent
	Most    int     `json:"most"`    // calls in flight

	Service  Times `json:"service"`  // from when a call began to when it ended well
	Response Times `json:"response"` // from when it should have begun
	Lag      Times `json:"lag"`      // from when it should have begun to when it did
	Waited   Times `json:"waited"`   // response times, with those of calls that timed out

	Trend Trend `json:"trend,omitzero"` // of response times while the rate was held

	Tight  bool   `json:"tight"`            // p99 and throughput are known as well as was asked for
	Passed bool   `json:"passed"`           // the target kept up
	Why    Reason `json:"why,omitempty"`    // it did not
	Detail string `json:"detail,omitempty"` // of Why, with the numbers
	Cut    bool   `json:"cut,omitempty"`    // ended before its time: see Run.Partial

	begun  time.Time
	logged *hdrhistogram.Histogram // of response times; nil of a step that was read from a file
}

// Times sums up a distribution. All are 0 if there was no call.
type Times struct {
	Mean time.Duration `json:"mean"`
	P50  time.Duration `json:"p50"`
	P90  time.Duration `json:"p90"`
	P99  time.Duration `json:"p99"`
	Max  time.Duration `json:"max"`

	Points []time.Duration `json:"points,omitempty"` // 200 quantiles, at (i + ½) / 200
}

// ErrorShare is of the calls that were sent.
func (s *Step) ErrorShare() float64 {
	if s.Sent == 0 {
		return 0
	}
	return float64(s.Sent-s.OK) / float64(s.Sent)
}

// A Reason is why a target did not keep up with a rate, or why nothing can be said.
type Reason string

const (
	TooManyErrors    Reason = "errors"        // share of errors
	TooSlow          Reason = "p99"           // p99 of response times beside that of the first step
	Flat             Reason = "throughput"    // does not rise with the rate
	Growing          Reason = "growing queue" // response times rise while the rate is held
	GeneratorAtLimit Reason = "generator saturated"
	OutOfRate        Reason = "rate cap" // it kept up with all that was allowed
	OutOfTime        Reason = "time cap"
)
