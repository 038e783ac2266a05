package simulate

// A Report is one scenario played for several guards and seeds. Its JSON is the
// same, byte for byte, for the same scenario and seeds; all times in it are in
// seconds, all rates per second.
type Report struct {
	Version     int       `json:"version"` // of this document: 1
	Scenario    string    `json:"scenario"`
	Description string    `json:"description,omitempty"`
	Hash        string    `json:"hash"` // of the scenario with its own seed
	Seeds       []uint64  `json:"seeds"`
	Duration    float64   `json:"duration"`
	Right       float64   `json:"right"`   // the right limit at the start over all clients: what fixed:1x enforces
	Results     []*Result `json:"results"` // guard by guard in the order asked for, seed by seed; the oracle last
}

// Guards returns the names of the guards in the order of Results, each once.
func (r *Report) Guards() []string {
	var names []string
	for i, res := range r.Results {
		if i == 0 || res.Guard != r.Results[i-1].Guard {
			names = append(names, res.Guard)
		}
	}
	return names
}

// Of returns the results of one guard, seed by seed.
func (r *Report) Of(guard string) []*Result {
	var out []*Result
	for _, res := range r.Results {
		if res.Guard == guard {
			out = append(out, res)
		}
	}
	return out
}

// A Result is one run: one scenario, one guard, one seed. Times are in seconds.
type Result struct {
	Guard      string `json:"guard"`
	Seed       uint64 `json:"seed"`
	Repeatable bool   `json:"repeatable"` // false if the guard draws randomness of its own

	Score   float64 `json:"score"`   // 0 to 1, against the oracle
	Goodput float64 `json:"goodput"` // calls served in time, per second
	OfBest  float64 `json:"ofBest"`  // Goodput as a share of the oracle's
	Oracle  float64 `json:"oracle"`  // the oracle's multiple of the right limit; 0 unless this is the oracle

	// Calls, by how they ended. Offered is the sum of the others.
	Offered  uint64 `json:"offered"`
	Served   uint64 `json:"served"`   // answered in time
	Late     uint64 `json:"late"`     // timed out
	Failed   uint64 `json:"failed"`   // the downstream failed
	Rejected uint64 `json:"rejected"` // not sent, by the guard
	Refused  uint64 `json:"refused"`  // by the downstream
	Pending  uint64 `json:"pending"`  // not over when the run was

	Trips uint64 `json:"trips,omitempty"` // how often breakers opened, of all clients

	RejectedFor map[string]uint64 `json:"rejectedFor,omitempty"` // Rejected by adaptive.RejectReason, of single attempts

	Attempts uint64 `json:"attempts"` // first tries and retries, admitted or not
	Admitted uint64 `json:"admitted"` // of them, sent
	TimedOut uint64 `json:"timedOut"` // of them, admitted and timed out
	Wasted   uint64 `json:"wasted"`   // calls that the downstream worked on after their caller had left

	Latency Quantiles `json:"latency"` // of admitted attempts, from the arrival of the call to their end; time-outs included, fast errors and refusals not
	RTT     Quantiles `json:"rtt"`     // the same, from admission to end

	Limit    *Level  `json:"limit,omitempty"`    // enforced, summed over clients; nil without one
	InFlight Level   `json:"inFlight"`           // admitted and not yet ended, summed over clients
	Queue    Level   `json:"queue"`              // waiting at the downstream
	Fairness float64 `json:"fairness,omitempty"` // Jain's index of goodput for each call offered; 0 for a single client

	Makespan *float64 `json:"makespan,omitempty"` // from the start of a list of work to the end of its last call; nil if there is none, or not all were sent and over

	Derived
	Changes []Convergence `json:"changes,omitempty"`
	Windows []Window      `json:"windows,omitempty"` // that assertions ask for
	Classes []ClassResult `json:"classes,omitempty"` // in the order of Scenario.Classes
	Series  Series        `json:"series"`

	Events uint64 `json:"events"` // of the engine

	History *History `json:"-"` // nil unless Runner.History asked for it; the oracle has none
}

// Quantiles sums up a latency. All are 0 if there was no sample.
type Quantiles struct {
	Count uint64  `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// A Level sums up a quantity over time: the mean and the mode are weighted with
// how long each value held.
type Level struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	Mode float64 `json:"mode"`
}

// Convergence is how long after a change the guard was back at the oracle's side:
// the first of three bins of Series in a row with at least 85 % of its goodput
// and at most 1.5 times its mean latency.
type Convergence struct {
	At   float64  `json:"at"`
	Took *float64 `json:"took"` // nil if it never was, before the next change
}

// Bins is the number of bins of a Series.
const Bins = 240

// Series is a run over time, in Bins bins of equal length. A latency is 0 in a
// bin where no call ended.
type Series struct {
	Bin      float64   `json:"bin"`      // length of a bin
	Offered  []float64 `json:"offered"`  // per second
	Goodput  []float64 `json:"goodput"`  // per second
	Rejected []float64 `json:"rejected"` // per second
	Refused  []float64 `json:"refused"`  // per second
	Late     []float64 `json:"late"`     // per second
	Limit    []float64 `json:"limit"`    // mean
	InFlight []float64 `json:"inFlight"` // mean
	Queue    []float64 `json:"queue"`    // mean
	Mean     []float64 `json:"mean"`     // latency
	P50      []float64 `json:"p50"`      // latency
	P99      []float64 `json:"p99"`      // latency
}
