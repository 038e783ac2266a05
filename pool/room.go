package pool

import "context"

// room holds back those who submit while the queue is full, first come first
// served. They are let in when it is half empty: woken one by one, they would
// cost each task two switches of goroutines.
type room struct {
	held     []chan struct{} // closed for each who is let in
	promised int             // let in, and not there yet
}

// admit waits until there is room for a job submitted with ctx. It is called and
// returns with the lock held. Who submits from inside a task of this pool is not
// held back: the task would wait for room in the place that makes it.
func (c *core) admit(ctx context.Context, anyway bool) error {
	if c.refuses(ctx) {
		return ErrClosed
	}
	r := &c.room
	if anyway || len(r.held) == 0 && c.queue.n+int(c.asks.Load())+r.promised < c.config.Queue || ctx.Value(seatOf{c}) != nil {
		return nil
	}
	let := make(chan struct{})
	r.held = append(r.held, let)
	c.unlock()
	var err error
	select {
	case <-let:
	case <-c.closing.Done():
		err = ErrClosed
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	c.mu.Lock()
	for i, h := range r.held {
		if h == let {
			r.held = append(r.held[:i], r.held[i+1:]...)
			return err
		}
	}
	r.promised--
	if err != nil {
		r.made(c)
	}
	return err
}

// made lets in whom there is room for. The lock is held.
func (r *room) made(c *core) {
	if len(r.held) == 0 {
		return
	}
	taken := c.queue.n + int(c.asks.Load()) + r.promised
	if taken > c.config.Queue/2 {
		return
	}
	n := min(len(r.held), c.config.Queue-taken)
	for _, let := range r.held[:n] {
		close(let)
	}
	r.held = append(r.held[:0], r.held[n:]...)
	r.promised += n
}
