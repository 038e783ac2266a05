package pool

import "math/bits"

const (
	levels = MaxPriority - MinPriority + 1

	// ageing is how many later tasks one level of priority may be ahead of, as in
	// the queue of an adaptive.Limiter.
	ageing = 256
)

// queue is the jobs that wait: a list for each priority, first come first served,
// and between them whoever has the lowest turn. That is the number of jobs that
// joined before it, less ageing for each level of its priority.
//
// The list of normal priority is in front, beside what each job writes to.
type queue struct {
	filled uint // bit i: list i holds jobs
	n      int
	joined int
	list   [levels]jobs // see listOf
}

func listOf(j *job) int { return (j.pool.kind.Priority + levels) % levels }

func (q *queue) push(j *job) {
	i := listOf(j)
	j.turn = q.joined - ageing*j.pool.kind.Priority
	q.joined++
	q.list[i].push(j, line)
	q.filled |= 1 << i
	q.n++
}

// pushFront makes j, which was taken, the first of its level again.
func (q *queue) pushFront(j *job) {
	i := listOf(j)
	q.list[i].pushFront(j, line)
	q.filled |= 1 << i
	q.n++
}

func (q *queue) remove(j *job) {
	i := listOf(j)
	q.list[i].remove(j, line)
	if q.list[i].empty() {
		q.filled &^= 1 << i
	}
	q.n--
}

// first is the job to start next; nil if none waits.
func (q *queue) first() *job {
	if q.filled == 0 {
		return nil
	}
	first := q.list[bits.TrailingZeros(q.filled)].head
	for rest := q.filled & (q.filled - 1); rest != 0; rest &= rest - 1 {
		if j := q.list[bits.TrailingZeros(rest)].head; j.before(first) {
			first = j
		}
	}
	return first
}

// before reports whether j, of another priority than k, starts earlier.
func (j *job) before(k *job) bool {
	return j.turn < k.turn || j.turn == k.turn && j.pool.kind.Priority > k.pool.kind.Priority
}
