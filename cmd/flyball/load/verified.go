package load

import "time"

// Verified is what a second measurement made of a prediction: the target called at
// multiples of its knee, with and without a guard.
type Verified struct {
	Guard     string        `json:"guard"`     // the file it is from
	Setting   string        `json:"setting"`   // what that says
	Timeout   time.Duration `json:"timeout"`   // of a call, waiting included
	Length    time.Duration `json:"length"`    // of a measurement
	Warm      time.Duration `json:"warm"`      // of it, left out at its start
	Tolerance float64       `json:"tolerance"` // of goodput and p99
	Cells     []Cell        `json:"cells"`     // in the order in which they were measured
}

// A Cell is one measurement beside its prediction.
type Cell struct {
	Times     float64       `json:"times"`   // of the knee's rate
	Guarded   bool          `json:"guarded"` // else the client was a plain one
	Measured  Step          `json:"measured"`
	Predicted Predicted     `json:"predicted"`
	Settled   time.Duration `json:"settled"`         // how long the target then took until it answered as quickly as ever
	Again     bool          `json:"again,omitempty"` // a first measurement was not as predicted; this is the second
	Judged    bool          `json:"judged"`          // the prediction has to hold here
	Off       float64       `json:"off"`             // the larger error of goodput and p99, as a share of what was measured
	Of        string        `json:"of"`              // which it is
	Within    bool          `json:"within"`          // the tolerance; of no meaning unless Judged
}

// Predicted is what a twin says of a rate.
type Predicted struct {
	Goodput  float64       `json:"goodput"` // calls a second that are answered in time
	P50      time.Duration `json:"p50"`     // as Step.Waited has them
	P99      time.Duration `json:"p99"`
	Rejected float64       `json:"rejected"` // share of the calls offered
}

// Failed are the cells in which the prediction had to hold and did not.
func (v *Verified) Failed() (failed []Cell) {
	for _, c := range v.Cells {
		if c.Judged && !c.Within {
			failed = append(failed, c)
		}
	}
	return failed
}

// Calls is how many were made, without those of the warm-up.
func (v *Verified) Calls() (n uint64) {
	for _, c := range v.Cells {
		n += c.Measured.Sent
	}
	return n
}

// At is the cell of a multiple of the knee; nil if it was not measured.
func (v *Verified) At(times float64, guarded bool) *Cell {
	for i := range v.Cells {
		if c := &v.Cells[i]; c.Times == times && c.Guarded == guarded {
			return c
		}
	}
	return nil
}

// Offered is how many calls were to be made.
func (s *Step) Offered() uint64 { return s.Sent + s.Rejected + s.Unsent }

// RejectedShare is of the calls offered.
func (s *Step) RejectedShare() float64 {
	return float64(s.Rejected+s.Unsent) / max(1, float64(s.Offered()))
}
