package pool

import "context"

// Lost says what a shutdown did not wait for.
type Lost struct {
	Waiting int // tasks that never started; their result is ErrClosed
	Running int // tasks whose context was cancelled, with cause ErrClosed, while they ran
}

// Close refuses new tasks and ends those that wait with [ErrClosed]. Tasks that
// run go on: Shutdown waits for them. Closing again does nothing.
func (p *Pool) Close() { p.cancelWaiting() }

// Shutdown refuses new tasks and waits until every accepted one has ended. If
// ctx ends first it ends those that wait with [ErrClosed], cancels those that
// run, and returns at once how many there were of each, with the cause of ctx; to
// wait for the cancelled ones, call it again.
func (p *Pool) Shutdown(ctx context.Context) (Lost, error) {
	p.mu.Lock()
	p.refuse()
	if p.live == 0 {
		p.mu.Unlock()
		return Lost{}, nil
	}
	if p.drained == nil {
		p.drained = make(chan struct{})
	}
	drained := p.drained
	p.mu.Unlock()

	select {
	case <-drained:
		return Lost{}, nil
	case <-ctx.Done():
	}
	lost := Lost{Waiting: p.cancelWaiting()}
	p.mu.Lock()
	var running []*job
	for e := p.running.Front(); e != nil; e = e.Next() {
		running = append(running, e.Value.(*job))
	}
	p.mu.Unlock()
	for _, j := range running {
		j.cancel(ErrClosed)
	}
	lost.Running = len(running)
	return lost, context.Cause(ctx)
}

// refuse makes the pool refuse new tasks. mu is held.
func (p *Pool) refuse() {
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
}

// cancelWaiting refuses new tasks, ends those that wait and returns their number.
func (p *Pool) cancelWaiting() int {
	p.mu.Lock()
	p.refuse()
	var over []*job
	for e := p.waiting.Front(); e != nil; e = p.waiting.Front() {
		j := e.Value.(*job)
		p.unqueue(j)
		over = append(over, j)
	}
	p.mu.Unlock()
	for _, j := range over {
		p.fail(j, ErrClosed)
	}
	return len(over)
}
