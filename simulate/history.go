package simulate

import (
	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
)

// A History is what the guards of a run decided. It is not part of a Report's
// JSON; a Runner keeps it if Runner.History is set.
type History struct {
	Decisions []Decided // in order of time
	Trips     []Tripped // in order of time
}

// Decided is a decision on a limit. Of each bin of Series a History has the one
// that moved a limit the most, and, if none moved, the last one if it gave
// another reason than the one before.
type Decided struct {
	At       float64 `json:"at"`
	Client   int     `json:"client"` // of the fleet, from 0
	From     int     `json:"from"`
	To       int     `json:"to"`
	Decision string  `json:"decision"` // in words, with the numbers that led to it
}

// Tripped is a change of state of a breaker.
type Tripped struct {
	At     float64 `json:"at"`
	Client int     `json:"client"`
	State  string  `json:"state"` // it is in from now on
}

// historian writes a History.
type historian struct {
	history History
	best    adaptive.Decision // of the bin that is filling
	client  int               // who made it
	any     bool              // there is one
	reason  string            // of the last one kept
}

// parts adds what the historian listens to. A nil historian adds nothing.
func (h *historian) parts(client int, p *adaptive.Parts) {
	if h != nil {
		p.OnDecision = func(d adaptive.Decision) { h.decided(client, d) }
	}
}

func (h *historian) decided(client int, d adaptive.Decision) {
	if !h.any || moved(d) > 0 && moved(d) >= moved(h.best) || moved(h.best) == 0 {
		h.best, h.client, h.any = d, client, true
	}
}

func moved(d adaptive.Decision) int { return max(d.To-d.From, d.From-d.To) }

// closeBin keeps the decision of the bin that ends.
func (h *historian) closeBin() {
	if h == nil || !h.any {
		return
	}
	d := h.best
	if d.From != d.To || d.Reason != h.reason {
		h.history.Decisions = append(h.history.Decisions, Decided{d.At.Seconds(), h.client, d.From, d.To, d.String()})
		h.reason = d.Reason
	}
	h.any, h.best = false, adaptive.Decision{}
}

// trips are what a breaker of client tells.
func (h *historian) trips(client int) func(breaker.Change) {
	if h == nil {
		return nil
	}
	return func(c breaker.Change) {
		h.history.Trips = append(h.history.Trips, Tripped{c.At.Seconds(), client, c.To.String()})
	}
}

// result is what was written, and nil if nobody asked.
func (h *historian) result() *History {
	if h == nil {
		return nil
	}
	h.closeBin()
	return &h.history
}
