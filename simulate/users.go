package simulate

// user is one of the callers of a closed loop, or a worker at a work list.
type user struct {
	client *client
	think  *sampler  // nil of a worker
	work   *worklist // nil of others
	calls  uint64    // made so far
	until  int64     // end of the phase
}

// userBits leaves room for the calls of a user in the position of a call, beside
// those of the open loop.
const userBits = 40

// seat makes the users and workers of all phases. A user thinks before the first
// call, so that they do not come all at once; workers do.
func (r *run) seat() {
	from, to := int64(0), int64(0)
	for i := range r.sc.Load {
		p := &r.sc.Load[i]
		from, to = to, r.end
		if p.For > 0 {
			to = min(from+int64(p.For), r.end)
		}
		switch p.Arrivals {
		case Users:
			think := newSampler(p.Think)
			r.seatAt(from, p.Users, user{think: &think, until: to})
		case Work:
			r.work = &worklist{left: p.Work, from: from}
			r.seatAt(from, p.AtOnce, user{work: r.work, until: to})
		}
	}
}

// seatAt makes n of a kind, who belong to the clients by their shares.
func (r *run) seatAt(from int64, n int, who user) {
	shares := r.shares()
	for u := range n {
		c := 0
		for at := (float64(u) + 0.5) / float64(n); c < len(shares)-1 && shares[c] < at; {
			c++
		}
		who.client = r.fleet[c]
		r.users = append(r.users, who)
		r.plan(int32(len(r.users)-1), max(from, r.sc.Clients.joins(c)))
	}
}

// think lets a user think after a call.
func (r *run) think(u int32) { r.plan(u, r.now) }

func (r *run) plan(u int32, from int64) {
	who := &r.users[u]
	at := from
	if who.think != nil {
		pause := who.think.at(from, r.dice.at(r.streams.think, uint64(u), uint32(who.calls)))
		at += max(0, int64(pause))
	}
	if at < who.until {
		r.agenda.plan(at, userCalls, uint32(u), 0)
	}
}

func (r *run) userCalls(u int32) {
	r.join()
	if id, ok := r.callOf(u); ok {
		r.arrive(r.users[u].client, id, u)
	}
}

// callOf is the position of the next call of a user, if there is one.
func (r *run) callOf(u int32) (id uint64, ok bool) {
	who := &r.users[u]
	if !who.work.take() {
		return 0, false
	}
	who.calls++
	return uint64(u+1)<<userBits | who.calls, true
}

// worklist is the calls of a [Work] phase that are not made yet. No list, nil, has
// no end.
type worklist struct {
	left, open int   // not begun; begun and not over
	from, took int64 // when it began; how long it took, 0 while it is not done
	turnedAway bool  // a guard rejected some of it
}

func (w *worklist) take() bool {
	switch {
	case w == nil:
		return true
	case w.left == 0:
		return false
	}
	w.left--
	w.open++
	return true
}

// ended is told of each call that is over.
func (w *worklist) ended(now int64, rejected bool) {
	if w == nil {
		return
	}
	w.open--
	w.turnedAway = w.turnedAway || rejected
	if w.open == 0 && w.left == 0 {
		w.took = now - w.from
	}
}

// makespan is in seconds, nil if the work is not done.
func (w *worklist) makespan() *float64 {
	if w == nil || w.took == 0 || w.turnedAway {
		return nil
	}
	s := seconds(float64(w.took))
	return &s
}
