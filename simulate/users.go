package simulate

// user is one of the callers of a closed loop.
type user struct {
	client *client
	think  *sampler
	calls  uint64 // made so far
	until  int64  // end of the phase
}

// userBits leaves room for the calls of a user in the position of a call, beside
// those of the open loop.
const userBits = 40

// seat makes the users of all phases; each thinks before the first call, so that
// they do not come all at once.
func (r *run) seat() {
	shares := r.shares()
	from, to := int64(0), int64(0)
	for i := range r.sc.Load {
		p := &r.sc.Load[i]
		from, to = to, r.end
		if p.For > 0 {
			to = min(from+int64(p.For), r.end)
		}
		if p.Arrivals != Users {
			continue
		}
		think := newSampler(p.Think)
		for u := range p.Users {
			c := 0
			for at := (float64(u) + 0.5) / float64(p.Users); c < len(shares)-1 && shares[c] < at; {
				c++
			}
			r.users = append(r.users, user{client: r.fleet[c], think: &think, until: to})
			r.plan(int32(len(r.users)-1), from)
		}
	}
}

// think lets a user think after a call.
func (r *run) think(u int32) { r.plan(u, r.now) }

func (r *run) plan(u int32, from int64) {
	who := &r.users[u]
	pause := who.think.at(from, r.dice.at(r.streams.think, uint64(u), uint32(who.calls)))
	if at := from + max(0, int64(pause)); at < who.until {
		r.agenda.plan(at, userCalls, uint32(u), 0)
	}
}

func (r *run) userCalls(u int32) {
	who := &r.users[u]
	who.calls++
	r.arrive(who.client, uint64(u+1)<<userBits|who.calls, u)
}
