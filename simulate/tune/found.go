package tune

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// Found is the answer of a search. A score is what a run is worth by the
// objective, as a share of what the best fixed limit is worth in that scenario.
type Found struct {
	Version   int               `json:"version"` // of this document: 1
	Plan      Plan              `json:"plan"`
	Keep      bool              `json:"keep"` // what is in force, for want of something that is surely better
	Why       string            `json:"why"`
	Answer    Setting           `json:"answer"` // what is in force if Keep, else the winner
	Winner    Setting           `json:"winner"` // of the search, whether or not it stood the trial
	InForce   Setting           `json:"inForce"`
	Trials    []Trial           `json:"trials"`
	Envelope  adaptive.Envelope `json:"envelope"` // of the answer, over all runs of the trials
	Scenarios []ScenarioFound   `json:"scenarios"`
	Front     []Trade           `json:"front"`
	Effects   []Effect          `json:"effects"`
	Seeds     []uint64          `json:"seeds"`  // that the search saw
	Unseen    []uint64          `json:"unseen"` // that judged
	Played    Played            `json:"played"`
}

// Played is the work of a search.
type Played struct {
	Candidates int    `json:"candidates"`
	Void       int    `json:"void"` // points of the space that were no valid setting
	VoidFor    string `json:"voidFor,omitempty"`
	Runs       int    `json:"runs"`
	Resumed    int    `json:"resumed"` // of them, from the journal
	Calls      uint64 `json:"calls"`
	Events     uint64 `json:"events"`
}

// ScenarioFound is one scenario beside its best fixed limit.
type ScenarioFound struct {
	Name  string `json:"name"`
	Fixed int    `json:"fixed"` // the best fixed limit of one client; 0 if none is worth anything
	Seen  Seen   `json:"seen"`  // what the answer does on unseen seeds, on the downstream as modelled
	Was   Seen   `json:"was"`   // the same, for what is in force
}

// Seen is the worst of several runs.
type Seen struct {
	Score    float64 `json:"score"`
	Goodput  float64 `json:"goodput"`  // per second
	P99      float64 `json:"p99"`      // seconds
	Rejected float64 `json:"rejected"` // share
}

// Trial is the winner beside what is in force, on unseen seeds and one downstream.
type Trial struct {
	Change      Change  `json:"change"`
	Runs        int     `json:"runs"`        // of each
	Winner      float64 `json:"winner"`      // worst score
	InForce     float64 `json:"inForce"`     // worst score
	Better      int     `json:"better"`      // runs in which the winner has the higher score
	Held        int     `json:"held"`        // runs in which the winner keeps every bound
	HeldInForce int     `json:"heldInForce"` // the same, for what is in force
}

// worthwhile is how much better the winner must be for a change to pay.
const worthwhile = 1.01

// reliable is the share of runs from which on what is in force is said to keep the
// bounds: then the winner must not keep them any less.
const reliable = 0.9

// conclude puts the winner and what is in force to the trial.
func (w *search) conclude(ctx context.Context, screened []*entry, winner, inForce *entry) (*Found, error) {
	unseen := w.unseenSeeds()
	both := []*entry{winner, inForce}
	if winner == inForce {
		both = both[:1]
	}
	if err := w.play(ctx, "trial on unseen seeds", both, unseen, len(changes)); err != nil {
		return nil, err
	}
	f := &Found{
		Version: 1, Plan: w.Plan(), Winner: winner.setting, InForce: inForce.setting,
		Seeds: w.seeds(searchSeeds), Unseen: unseen,
		Front: w.front(), Effects: w.effects(screened),
		Played: Played{
			Candidates: len(w.entries), Void: w.void, Runs: w.progress.Done, Resumed: w.progress.Resumed,
			Calls: w.progress.Calls, Events: w.progress.Events,
		},
	}
	if w.fault != nil {
		f.Played.VoidFor = w.fault.Error()
	}
	for c := range changes {
		if t, any := w.trial(c, winner, inForce); any {
			f.Trials = append(f.Trials, t)
		}
	}
	f.Keep, f.Why = w.decide(f.Trials, winner == inForce)
	answer := winner
	if f.Keep {
		answer = inForce
	}
	f.Answer, f.Envelope = answer.setting, w.envelope(answer)
	for s, sc := range w.Scenarios {
		f.Scenarios = append(f.Scenarios, ScenarioFound{sc.Name, w.yard[s].limit, w.seen(s, answer), w.seen(s, inForce)})
	}
	return f, nil
}

// trial compares on one change; it is false if that changes no scenario.
func (w *search) trial(c int, winner, inForce *entry) (t Trial, any bool) {
	t = Trial{Change: changes[c], Winner: math.Inf(1), InForce: math.Inf(1)}
	for s, worlds := range w.worlds {
		if worlds[c] == nil {
			continue
		}
		for _, seed := range w.unseenSeeds() {
			at := spot{s, c, seed}
			a, b := w.relative(winner, at), w.relative(inForce, at)
			t.Runs++
			t.Winner, t.InForce = min(t.Winner, a), min(t.InForce, b)
			if a > b {
				t.Better++
			}
			if winner.cells[at].Near <= 1 {
				t.Held++
			}
			if inForce.cells[at].Near <= 1 {
				t.HeldInForce++
			}
		}
	}
	return t, t.Runs > 0
}

// decide reports whether to keep what is in force, and why or why not.
func (w *search) decide(trials []Trial, same bool) (keep bool, why string) {
	if same {
		return true, "no candidate did better in the search than what is in force"
	}
	base := trials[0]
	if base.Winner <= worthwhile*base.InForce {
		return true, fmt.Sprintf("in the worst of %d unseen runs the winner reaches %.3f of the best fixed limit and what is in force %.3f, which is not %.0f %% more", base.Runs, base.Winner, base.InForce, 100*(worthwhile-1))
	}
	for _, t := range trials {
		switch {
		case t.Winner < t.InForce:
			return true, fmt.Sprintf("on a downstream %s the winner's worst is %.3f of the best fixed limit and that of what is in force %.3f", t.Change.Name, t.Winner, t.InForce)
		case t.Held < t.HeldInForce && float64(t.HeldInForce) >= reliable*float64(t.Runs):
			return true, fmt.Sprintf("on a downstream %s the winner keeps the bounds in %d of %d runs and what is in force in %d", t.Change.Name, t.Held, t.Runs, t.HeldInForce)
		}
	}
	return false, fmt.Sprintf("in the worst of %d unseen runs the winner reaches %.3f of the best fixed limit and what is in force %.3f, and it is no worse on any changed downstream", base.Runs, base.Winner, base.InForce)
}

// seen is the worst of what e did in a scenario, on unseen seeds.
func (w *search) seen(s int, e *entry) Seen {
	out := Seen{Score: math.Inf(1), Goodput: math.Inf(1)}
	for _, seed := range w.unseenSeeds() {
		at := spot{s, 0, seed}
		c := e.cells[at]
		out.Score, out.Goodput = min(out.Score, w.relative(e, at)), min(out.Goodput, c.Goodput)
		out.P99, out.Rejected = max(out.P99, c.P99), max(out.Rejected, c.Rejected)
	}
	return out
}

// envelope is what holds for all runs of e in the trial.
func (w *search) envelope(e *entry) adaptive.Envelope {
	low, high, rtt, rejected := math.Inf(1), 0.0, 0.0, 0.0
	for _, seed := range w.unseenSeeds() {
		for s, worlds := range w.worlds {
			for c := range worlds {
				if worlds[c] == nil {
					continue
				}
				x := e.cells[spot{s, c, seed}]
				low, high = min(low, x.Low), max(high, x.High)
				rtt, rejected = max(rtt, x.RTT), max(rejected, x.Rejected)
			}
		}
	}
	return adaptive.Envelope{
		MinLimit: int(math.Floor(low)), MaxLimit: int(math.Ceil(high)),
		P99:      time.Duration(up(rtt*1e9, 2)),
		Rejected: min(1, up(rejected, 2)),
	}
}

// up rounds x up to so many digits.
func up(x float64, digits int) float64 {
	if x <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-float64(digits-1))
	return math.Ceil(x/unit-1e-9) * unit
}
