package pool

import "context"

// room holds back those who submit while the queue is full, first come first
// served. They are let in when it is half empty: woken one by one, they would
// cost each task two switches of goroutines.
type room struct {
	held     []chan struct{} // closed for each who is let in
	promised int             // let in, and not there yet
	opened   bool            // somebody was let in whom no worker has made way for
}

// admit waits until there is room for a job submitted with ctx. It is called and
// returns with the lock held. Who submits from inside a task of this pool is not
// held back: the task would wait for room in the place that makes it.
func (c *core) admit(ctx context.Context, anyway bool) error {
	if c.refuses(ctx) {
		return ErrClosed
	}
	r := &c.room
	if anyway || r.admits(c) || ctx.Value(seatOf{c}) != nil {
		return nil
	}
	let := make(chan struct{})
	r.held = append(r.held, let)
	r.made(c) // if all that is in the way is in hand
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

// admits reports whether there is room for one more. The lock is held.
func (r *room) admits(c *core) bool {
	left := c.config.Queue - c.queue.n - r.promised
	return len(r.held) == 0 && left > 0 && (left > c.workers || left > c.inHand()) // which are of workers
}

// made lets in whom there is room for. The lock is held.
func (r *room) made(c *core) {
	taken := c.queue.n + r.promised
	if len(r.held) == 0 || taken > c.config.Queue/2 {
		return
	}
	c.awaited.Store(true) // first: whoever is not counted as answered yet sees it
	if taken += c.inHand(); taken > c.config.Queue/2 {
		return
	}
	c.awaited.Store(false)
	r.opened = true
	n := min(len(r.held), c.config.Queue-taken)
	for _, let := range r.held[:n] {
		close(let)
	}
	r.held = append(r.held[:0], r.held[n:]...)
	r.promised += n
}
