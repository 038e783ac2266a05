package simulate

// deque is the calls that wait for a server, in a circular buffer.
type deque struct {
	buf  []*attempt // its length is a power of two
	from int
	n    int
}

func (q *deque) push(a *attempt) {
	if q.n == len(q.buf) {
		buf := make([]*attempt, max(64, 2*len(q.buf)))
		for i := range q.n {
			buf[i] = q.buf[(q.from+i)&(len(q.buf)-1)]
		}
		q.buf, q.from = buf, 0
	}
	q.buf[(q.from+q.n)&(len(q.buf)-1)] = a
	q.n++
}

func (q *deque) popFront() *attempt {
	a := q.buf[q.from]
	q.from = (q.from + 1) & (len(q.buf) - 1)
	q.n--
	return a
}

func (q *deque) popBack() *attempt {
	q.n--
	return q.buf[(q.from+q.n)&(len(q.buf)-1)]
}
