package trace

import (
	"errors"
	"io"
	"maps"
	"slices"
	"time"
)

// A builder gathers the records of one file.
type builder struct {
	in      *lines
	o       Options
	t       *Trace
	stamps  stamps
	spans   spans
	ordered bool          // refuse a stamp before the one above; off where rows are written when calls end
	untimed bool          // there are no latencies
	prev    int64         // stamp of the row above
	grain   int64         // all stamps are multiples of it
	threads map[int]int64 // rows by the threads they count
}

func newBuilder(in *lines, f Format, o Options) *builder {
	return &builder{in: in, o: o, t: &Trace{Name: in.name, Format: f}, grain: int64(time.Second)}
}

// table reads all records of t; record returns false for a row that is none.
func (b *builder) table(t *table, record func() (r Record, ok bool, err error)) (*Trace, error) {
	for {
		err := t.next()
		if errors.Is(err, io.EOF) {
			return b.finish()
		}
		if err != nil {
			return nil, err
		}
		if r, ok, err := record(); err != nil {
			return nil, err
		} else if ok {
			err = b.add(t.at(""), r)
			if err != nil {
				return nil, err
			}
		}
	}
}

// lines reads all records of a file with one in a line.
func (b *builder) lines(record func(line []byte) (r Record, ok bool, err error)) (*Trace, error) {
	for {
		line, err := b.in.nextText()
		if errors.Is(err, io.EOF) {
			return b.finish()
		}
		if err != nil {
			return nil, err
		}
		if r, ok, err := record(line); err != nil {
			return nil, err
		} else if ok {
			err = b.add(b.in.here(), r)
			if err != nil {
				return nil, err
			}
		}
	}
}

// stamp reads the stamp of a row.
func (b *builder) stamp(at place, cell []byte) (int64, error) {
	ns, err := b.stamps.read(at, cell)
	if err != nil {
		return 0, err
	}
	return ns, b.note(at, ns)
}

// date is stamp for one that is decoded already.
func (b *builder) date(at place, t time.Time) (int64, error) {
	b.stamps.epoch = true
	ns, err := unixNano(at, t)
	if err != nil {
		return 0, err
	}
	return ns, b.note(at, ns)
}

func (b *builder) note(at place, ns int64) error {
	if ns < 0 || ns >= maxStamp {
		return at.fault("is out of range, must be within 1970 and 2115")
	}
	if b.ordered && ns < b.prev {
		return at.fault("goes back by %v, must not be before the row above; or set Sort", time.Duration(b.prev-ns))
	}
	b.prev = ns
	for ns%b.grain != 0 {
		b.grain /= 1000
	}
	return nil
}

func (b *builder) countThreads(n int) {
	if b.threads == nil {
		b.threads = map[int]int64{}
	}
	b.threads[n]++
}

func (b *builder) add(at place, r Record) error {
	if len(b.t.Records) == b.o.MaxRecords {
		return at.fault("is one record too many, must be %d at most", b.o.MaxRecords)
	}
	if r.Failed {
		b.t.Failed++
	}
	b.t.Records = append(b.t.Records, r)
	return nil
}

// finish makes the trace of the records.
func (b *builder) finish() (*Trace, error) {
	t := b.t
	if len(t.Records) == 0 {
		return nil, b.in.fileFault("has no records of format %s", t.Format)
	}
	byArrival := func(a, b Record) int { return int(min(max(a.At-b.At, -1), 1)) }
	if !slices.IsSortedFunc(t.Records, byArrival) {
		slices.SortStableFunc(t.Records, byArrival)
	}
	first := t.Records[0].At
	for i := range t.Records {
		t.Records[i].At -= first
	}
	if b.stamps.epoch {
		t.Start = time.Unix(0, first).UTC()
	}
	t.timed = !b.untimed
	t.Resolution = time.Duration(b.grain)
	at := func(i int) int64 { return t.Records[i].At }
	t.Runs = runs(len(t.Records), at, b.o.Pause)
	t.span = time.Duration(at(len(t.Records) - 1))
	t.Callers = b.callers()
	return t, nil
}

// callers is the number of callers of a closed loop: the threads that the file
// itself counts in most rows, else the calls in flight if they stayed at one number
// for four fifths of the time.
func (b *builder) callers() int {
	if b.threads != nil {
		n, rows := mode(b.threads)
		if rows*2 >= int64(len(b.t.Records)) {
			return n
		}
		return 0
	}
	if !b.t.timed {
		return 0
	}
	ends := make([]int64, len(b.t.Records))
	for i, r := range b.t.Records {
		ends[i] = r.At + int64(r.Latency)
	}
	slices.Sort(ends)
	held := map[int]int64{} // nanoseconds by calls in flight
	flying, done := 0, 0
	var busy, now int64
	for done < len(ends) {
		next, step := ends[done], -1
		if started := done + flying; started < len(ends) && b.t.Records[started].At < next {
			next, step = b.t.Records[started].At, 1
		}
		if flying > 0 {
			held[flying] += next - now
			busy += next - now
		}
		now = next
		flying += step
		if step < 0 {
			done++
		}
	}
	if n, ns := mode(held); n > 1 && float64(ns) >= 0.8*float64(busy) {
		return n
	}
	return 0
}

// mode is the key with the highest count, the lowest key of several.
func mode(counts map[int]int64) (key int, count int64) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > count {
			key, count = k, counts[k]
		}
	}
	return key, count
}
