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
type queue struct {
	filled uint // bit i: level i holds jobs
	n      int
	joined int
	level  [levels]jobs
}

func levelOf(j *job) int { return j.pool.kind.Priority - MinPriority }

func (q *queue) push(j *job) {
	i := levelOf(j)
	j.turn = q.joined - ageing*i
	q.joined++
	q.level[i].push(j, line)
	q.filled |= 1 << i
	q.n++
}

// pushFront makes j, which was taken, the first of its level again.
func (q *queue) pushFront(j *job) {
	i := levelOf(j)
	q.level[i].pushFront(j, line)
	q.filled |= 1 << i
	q.n++
}

func (q *queue) remove(j *job) {
	i := levelOf(j)
	q.level[i].remove(j, line)
	if q.level[i].empty() {
		q.filled &^= 1 << i
	}
	q.n--
}

// first is the job to start next; nil if none waits.
func (q *queue) first() *job {
	if q.filled == 0 {
		return nil
	}
	first := q.level[bits.TrailingZeros(q.filled)].head
	for rest := q.filled & (q.filled - 1); rest != 0; rest &= rest - 1 {
		if j := q.level[bits.TrailingZeros(rest)].head; j.turn <= first.turn {
			first = j
		}
	}
	return first
}
