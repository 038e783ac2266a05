package fit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flyball-go/flyball/simulate/trace"
)

// closed says by what a trace shows that its callers waited for answers: that calls
// begin when others end, or the less often the more there are. It is "" if calls
// came whatever became of others.
func closed(t *trace.Trace) string {
	gaps, took := make([]float64, 0, len(t.Records)), make([]float64, 0, len(t.Records))
	for i, r := range t.Records {
		took = append(took, float64(r.Latency))
		if i > 0 {
			gaps = append(gaps, float64(r.At-t.Records[i-1].At))
		}
	}
	gap, apart := stat.PopMeanStdDev(gaps, nil)
	even := apart < 0.1*gap
	switch {
	case t.Callers > 0 && t.Format == trace.JTL: // which counts them
		return fmt.Sprintf("its %d callers took turns", t.Callers)
	case even && stat.PopStdDev(took, nil) > 3*apart:
		return "" // a metronome that minds no answer
	case t.Callers > 0:
		return fmt.Sprintf("%d calls were in flight nearly always", t.Callers)
	}
	if said := follows(t, gap); said != "" || even {
		return said
	}
	return yields(t)
}

// enough is how many calls it takes to see anything of that.
const enough = 50

// follows looks for calls that begin as soon as another ends. Chance alone makes it as
// many as there is time just after an end.
func follows(t *trace.Trace, gap float64) string {
	if len(t.Records) < enough {
		return ""
	}
	just := max(int64(gap/20), int64(t.Resolution))
	if t.Resolution < time.Millisecond {
		just = max(just, int64(50*time.Microsecond)) // a caller is not faster
	}
	ends := endsOf(t)
	near, at, soon := 0, 0, 0
	var after, from int64 // time just after an end
	for i, r := range t.Records {
		for at < len(ends) && ends[at].seenBy(i, r.At) {
			at++
		}
		if at > 0 && r.At-ends[at-1].at <= just {
			near++
		}
	}
	for ; soon < len(ends); soon++ {
		begin := max(ends[soon].at, from)
		from = ends[soon].at + just + int64(t.Resolution)
		after += from - begin
	}
	chance := float64(after) / float64(max(1, ends[len(ends)-1].at))
	share := float64(near) / float64(len(t.Records))
	if share-chance < 0.5*(1-chance) || chance > 0.8 {
		return ""
	}
	return fmt.Sprintf("%.0f %% of its calls begin within %v of the end of another, where chance makes it %.0f %%", 100*share, time.Duration(just), 100*chance)
}

// yields looks for calls that come less often while many are in flight, which
// independent ones do not: who waits for an answer does not call.
func yields(t *trace.Trace) string {
	ends := endsOf(t)
	var held, came []float64 // nanoseconds, and calls, by how many are in flight
	var now int64
	n, done := 0, 0
	pass := func(to int64) {
		for len(held) <= n {
			held, came = append(held, 0), append(came, 0)
		}
		held[n] += float64(to - now)
		now = to
	}
	for i, r := range t.Records {
		for done < len(ends) && ends[done].seenBy(i, r.At) {
			pass(ends[done].at)
			n--
			done++
		}
		pass(r.At)
		came[n]++
		n++
	}
	total := 0.0
	for _, h := range held {
		total += h
	}
	var few, many, fewTime, manyTime float64
	most := 0
	for n := range held {
		if fewTime < total/2 {
			few, fewTime, most = few+came[n], fewTime+held[n], n
		} else {
			many, manyTime = many+came[n], manyTime+held[n]
		}
	}
	if few < enough || manyTime == 0 {
		return ""
	}
	expected := manyTime * few / fewTime
	ratio := (many + 0.5) / expected
	if expected < enough || ratio > 0.8 || math.Log(ratio) > -4*math.Sqrt(1/few+1/max(1, many)) {
		return ""
	}
	return fmt.Sprintf("with more than %d in flight calls come at %.3g/s, with fewer at %.3g/s", most, many/manyTime*1e9, few/fewTime*1e9)
}

// An end is when a call of a trace ended, and which one it was.
type end struct {
	at   int64
	call int
}

// seenBy reports whether a call that begins at now begins after the end. On a coarse
// clock a call may end as it begins, but never before.
func (e end) seenBy(call int, now int64) bool { return e.at <= now && e.call < call }

// endsOf returns the ends of all calls, the earliest first.
func endsOf(t *trace.Trace) []end {
	ends := make([]end, len(t.Records))
	for i, r := range t.Records {
		ends[i] = end{r.At + int64(r.Latency), i}
	}
	slices.SortFunc(ends, func(a, b end) int { return cmp.Or(cmp.Compare(a.at, b.at), a.call-b.call) })
	return ends
}
