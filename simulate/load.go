package simulate

import (
	"strconv"
	"time"
)

// Arrivals is how the calls of a phase come.
type Arrivals string

const (
	Poisson  Arrivals = "poisson"  // at random, Rate per second
	Constant Arrivals = "constant" // evenly spaced, Rate per second
	Ramp     Arrivals = "ramp"     // at random, from Rate at its start to To at its end
	Sine     Arrivals = "sine"     // at random, Rate + Amplitude·sin(2πt/Period), t since the start of the run
	MMPP     Arrivals = "mmpp"     // at random, bursts: Rate·High and Rate·Low in turn, each for an exponential time of mean Hold
	Replay   Arrivals = "replay"   // at the recorded Stamps
	Schedule Arrivals = "schedule" // at random, at the rates of Steps
	Users    Arrivals = "users"    // a closed loop: each of Users calls, waits for the end, thinks, calls again
	Work     Arrivals = "work"     // a list of Work calls, made as fast as AtOnce workers can
)

// A Phase is a stretch of load.
type Phase struct {
	Arrivals  Arrivals        `json:"arrivals"`
	For       time.Duration   `json:"for"`                 // how long it lasts; 0 means to the end of the run
	Rate      Rate            `json:"rate"`                // over all clients
	To        Rate            `json:"to"`                  // of Ramp
	Amplitude float64         `json:"amplitude,omitempty"` // of Sine, calls per second
	Period    time.Duration   `json:"period,omitempty"`    // of Sine
	High      float64         `json:"high,omitempty"`      // of MMPP, a factor
	Low       float64         `json:"low,omitempty"`       // of MMPP, a factor
	Hold      time.Duration   `json:"hold,omitempty"`      // of MMPP
	Users     int             `json:"users,omitempty"`     // of Users
	Think     Distribution    `json:"think"`               // of Users
	Stamps    []time.Duration `json:"stamps,omitempty"`    // of Replay: from the start of the phase, in order
	Steps     []RateStep      `json:"steps,omitempty"`     // of Schedule, in order, the first at 0
	Work      int             `json:"work,omitempty"`      // of Work; one phase of a scenario may have it, see Result.Makespan
	AtOnce    int             `json:"atOnce,omitempty"`    // of Work: each worker waits in Wait for its turn and calls again when a call is over
}

// RateStep is a rate from an instant on.
type RateStep struct {
	At   time.Duration `json:"at"`   // since the start of the phase
	Rate Rate          `json:"rate"` // 0 means no calls
}

// A Rate is a number of calls per second, or, if OfCapacity is set, a multiple
// of what the downstream can serve at that moment: "480" or "1.3x".
type Rate struct {
	Value      float64 `json:"value"`
	OfCapacity bool    `json:"ofCapacity,omitempty"`
}

// String returns the rate as a scenario writes it.
func (r Rate) String() string {
	s := strconv.FormatFloat(r.Value, 'g', -1, 64)
	if r.OfCapacity {
		s += "x"
	}
	return s
}
