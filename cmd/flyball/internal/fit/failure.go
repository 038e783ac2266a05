package fit

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/simulate"
)

// A Failure is a kind of error, and at which load it is met.
type Failure struct {
	Kind  string
	From  float64 // the lowest rate with more than one in a thousand of it, calls a second
	Share float64 // of the calls at the rate with most of it
	At    float64 // that rate
	Sheds bool    // it comes with load and goes with it: the twin refuses calls beyond a bound
}

// rare is a share of errors that is not worth a word.
const rare = 0.001

// failuresOf are the kinds of errors of all rates, the commonest first.
func failuresOf(rates [][]load.Step, capacity float64) []Failure {
	found := map[string]*Failure{}
	calm := map[string]bool{}
	for _, at := range rates {
		sent, errors := 0.0, map[string]float64{}
		for _, s := range at {
			sent += float64(s.Sent)
			for kind, n := range s.Errors {
				errors[kind] += float64(n)
			}
		}
		for kind, n := range errors {
			share := n / sent
			if share <= rare {
				continue
			}
			rate := at[0].Rate
			calm[kind] = calm[kind] || rate <= capacity/2
			f := found[kind]
			if f == nil {
				f = &Failure{Kind: kind, From: rate}
				found[kind] = f
			}
			if share > f.Share {
				f.Share, f.At = share, rate
			}
		}
	}
	var out []Failure
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		f := found[kind]
		f.Sheds = !calm[kind] && (strings.HasPrefix(kind, "status ") || strings.HasPrefix(kind, "connection "))
		out = append(out, *f)
	}
	slices.SortStableFunc(out, func(a, b Failure) int { return cmp.Compare(b.Share, a.Share) })
	return out
}

// shed is how many calls of a step were turned away for want of room.
func (t *Twin) shed(s *load.Step) (n uint64) {
	for _, f := range t.Failures {
		if f.Sheds {
			n += s.Errors[f.Kind]
		}
	}
	return n
}

// bound lets the downstream refuse what is beyond as many calls as were there when
// calls were turned away. The callers' side may have had more in flight, on the
// network; where most were turned away the queue was full, and then latency tells
// its length (Little's law).
func (t *Twin) bound(rates [][]load.Step) {
	t.Sheds = math.MaxInt
	share, full := 0.0, 0.0
	for _, at := range rates {
		for i := range at {
			s := &at[i]
			turned := float64(t.shed(s)) / float64(s.Sent)
			if turned <= 0.01 {
				continue
			}
			t.Sheds = min(t.Sheds, s.Most)
			if turned > share {
				share, full = turned, s.Goodput*s.Service.P90.Seconds()
			}
		}
	}
	if share > 0.05 {
		t.Sheds = max(1, min(t.Sheds, int(math.Round(full))))
	}
	switch {
	case t.Sheds == math.MaxInt:
		t.Sheds = 0
	case t.Model == Scaled:
		t.Downstream.HardLimit = simulate.HardLimit{InFlight: t.Sheds, Then: simulate.Refuse}
	default:
		t.Downstream.Queue = max(0, t.Sheds-t.Downstream.Servers[0].Servers)
	}
}
