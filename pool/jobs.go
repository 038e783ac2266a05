package pool

// jobs is a list of jobs, linked through the jobs themselves: to join or leave it
// from any place is a few writes, and no allocation. A job is in one list of each
// sort at most.
type jobs struct{ head, tail *job }

// Sorts of lists.
const (
	line   = iota // the queue while a job waits, those that end together, or the spare ones
	family        // the jobs of a scope that wait, or rest between two attempts
)

// links are where a job stands in a list.
type links struct{ next, prev *job }

func (l *jobs) empty() bool { return l.head == nil }

func (l *jobs) push(j *job, sort int) {
	j.in[sort] = links{prev: l.tail}
	if l.head == nil {
		l.head = j
	} else {
		l.tail.in[sort].next = j
	}
	l.tail = j
}

func (l *jobs) pushFront(j *job, sort int) {
	j.in[sort] = links{next: l.head}
	if l.head == nil {
		l.tail = j
	} else {
		l.head.in[sort].prev = j
	}
	l.head = j
}

// remove takes j out. Who follows the head is left alone, for it may be far from this
// CPU: what it says is in front of it is not looked at while it is the head itself.
func (l *jobs) remove(j *job, sort int) {
	at := j.in[sort]
	j.in[sort] = links{}
	switch {
	case l.head == j:
		if l.head = at.next; l.head == nil {
			l.tail = nil
		}
		return
	case at.next == nil:
		l.tail = at.prev
	default:
		at.next.in[sort].prev = at.prev
	}
	at.prev.in[sort].next = at.next
}
