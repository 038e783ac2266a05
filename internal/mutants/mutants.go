package main

// A mutant is one fault, put into one file, that tests must notice.
type mutant struct {
	name     string
	file     string // from the root
	old, new string // old is in the file exactly once
	pkg, run string // the tests that must notice, as go test takes them
}

// Tests that are to see every fault of a part: of what the breaker adds to
// gobreaker, and of who is admitted when.
const (
	oracle  = "TestI11ABreakerAgreesWithGobreaker|TestABreakerOpensProbesAndClosesOnTheLimitersClock"
	explore = "TestEveryInterleavingKeepsThePromises"
	model   = "TestLimiterDoesWhatTheModelDoes"
)

// catalogue is one row a fault; add to it whatever a test was missing for.
var catalogue = []mutant{
	// The gate.
	{"a place too many", "adaptive/gate.go", "return w.inFlight()+n <= w.limit()", "return w.inFlight()+n <= w.limit()+1", "./adaptive", "TestI1"},
	{"newcomers pass the queue", "adaptive/limiter.go", "case w&shut == 0 && w.room(n)", "case w&flagBarred == 0 && w.room(n)", "./adaptive", model},
	{"a closed gate admits", "adaptive/limiter.go", "case w&shut == 0 && w.room(n)", "case w&flagWaiting == 0 && w.room(n)", "./adaptive", model},
	{"a release wakes nobody", "adaptive/permit.go", "if w := l.gate.release(1); w&flagWaiting != 0 && w.room(1) {\n\t\t\tl.grant()\n\t\t}", "l.gate.release(1)", "./adaptive", "TestI4|TestI5"},
	{"a second end frees a second place", "adaptive/permit.go", "p.late(meant)\n\t\treturn\n\t}\n\tdue, at := false", "p.late(meant)\n\t}\n\tdue, at := false", "./adaptive", "TestHistoriesAreLinearizable"},
	{"a kept place is taken by force", "adaptive/kept.go", "at&slotState == slotKept && s.word", "s.word", "./adaptive", explore},
	{"a new limit lets places be kept", "adaptive/gate.go", "limitMask<<limitShift|flagKeep)", "limitMask<<limitShift)", "./adaptive", explore},
	{"places are kept while somebody waits", "adaptive/kept.go", "w&shut != 0 || 4*", "4*", "./adaptive", explore},
	{"who keeps a place does not look again", "adaptive/permit.go", "} else if !l.gate.load().keeps() {", "} else if false {", "./adaptive", "TestAnEndThatMeets"},
	{"a Tap's call does not look again", "adaptive/permit.go", "s.word.Store(w)\n\t\tif !l.gate.load().keeps() {", "s.word.Store(w)\n\t\tif false {", "./adaptive", "TestAnEndThatMeets"},
	{"a kept place is in nobody's reach", "adaptive/limiter.go", "for !ok && w&flagKept != 0", "for false && w&flagKept != 0", "./adaptive", "TestAKeptPlace"},
	{"who waits leaves kept places alone", "adaptive/wait.go", "case g&flagKept != 0:\n\t\t\tl.tighten()", "case false:", "./adaptive", "TestAKeptPlace"},
	{"goroutines that meet are not parted", "adaptive/kept.go", "\t\tl.samples.part()\n", "", "./adaptive", "TestWhoFindsNoHome"},
	{"the homes of a goroutine count in several shards", "adaptive/kept.go", "i < len(l.homes); i += n", "i < len(l.homes); i++", "./adaptive", "TestWhoFindsNoHome"},
	{"who comes late takes places away again", "adaptive/kept.go", "if l.gate.load()&flagKept == 0 {\n\t\treturn\n\t}\n\tl.gate.clear", "l.gate.clear", "./adaptive", "TestWhoComesLate"},
	{"a closed gate keeps places", "adaptive/gate.go", "w&^flagKeep|flagBarred", "w|flagBarred", "./adaptive", "TestNoKeptPlace"},
	{"two ends that meet are two calls", "adaptive/permit.go", "s.shard.twice.Add(1)", "_ = s", "./adaptive", "TestI3"},
	{"nobody reads a count before it wraps round", "adaptive/permit.go", "w.untimed()&(untimedMask>>2) == 0", "false", "./adaptive", "TestUntimedEnds"},
	{"a dead context is admitted", "adaptive/limiter.go", "return ctx.Err()", "return nil", "./adaptive", "TestI7"},

	// The queue.
	{"the last comes first", "adaptive/queue.go", "w.queued, w.prev, w.next = true, l.tail, nil\n\tif l.tail == nil {\n\t\tl.head = w\n\t} else {\n\t\tl.tail.next = w\n\t}\n\tl.tail = w",
		"w.queued, w.prev, w.next = true, nil, l.head\n\tif l.head == nil {\n\t\tl.tail = w\n\t} else {\n\t\tl.head.prev = w\n\t}\n\tl.head = w", "./adaptive", "TestI5"},
	{"priorities do not count", "adaptive/queue.go", "return q.joined - ageing*w.level", "return q.joined", "./adaptive", model},
	{"nobody grows old", "adaptive/queue.go", "return q.joined - ageing*w.level", "return -ageing * w.level", "./adaptive", "TestI6"},
	{"a queue too long by one", "adaptive/wait.go", "if l.queue.n >= l.config.Load().Queue {", "if l.queue.n > l.config.Load().Queue {", "./adaptive", model},
	{"who has left is still in the queue", "adaptive/wait.go", "l.queue.remove(w)\n\tl.unflag()\n\treturn true", "w.queued = false\n\treturn true", "./adaptive", explore},
	{"the last to leave shuts the gate", "adaptive/wait.go", "l.queue.remove(w)\n\tl.unflag()\n\treturn true", "l.queue.remove(w)\n\treturn true", "./adaptive", explore},
	{"a grant that meets a cancel is lost", "adaptive/wait.go", "// counted as rejected already\n\t\t}\n\t\tw.answer.p.unsent()", "// counted as rejected already\n\t\t}", "./adaptive", "TestI7|TestI4"},
	{"who leaves lets nobody past", "adaptive/wait.go", "l.grant() // those behind it may be lighter", "", "./adaptive", "TestI7"},
	{"a raised limit admits one", "adaptive/grant.go", "p, _ := l.admit(g, mark, w.weight, false)\n\t\tl.hand(w, p, nil)", "p, _ := l.admit(g, mark, w.weight, false)\n\t\tl.hand(w, p, nil)\n\t\treturn", "./adaptive", model},
	{"the cause of a cancel is lost", "adaptive/wait.go", "case <-done:\n\t\terr = context.Cause(ctx)", "case <-done:\n\t\terr = ctx.Err()", "./adaptive", "TestI7"},
	{"Retry-After is not heard", "adaptive/holdback.go", "if d = min(d, l.config.Load().MaxRetryAfter); d <= 0 {", "if d = min(d, l.config.Load().MaxRetryAfter); true {", "./adaptive", "TestRetryAfter"},

	// The window.
	{"a call that was given up is a sample", "adaptive/sample.go", "if o != Success && o != Refused {", "if o != Success && o != Refused && o != Ignored {", "./adaptive", "TestI10"},
	{"a time-out is a success as well", "adaptive/sample.go", "sh.censored.Add(1) // after", "_ = sh // after", "./adaptive", "Window"},
	{"any round trip is a sample", "adaptive/sample.go", "rtt = max(rtt, 1)", "_ = rtt", "./adaptive", "TestI10"},
	{"calls of an earlier window count", "adaptive/sample.go", "t.window()-uint32(c>>32) > uint32(c) {", "false && t.window()-uint32(c>>32) > uint32(c) {", "./adaptive", "Window|Cohort|Settle"},
	{"a window has the samples of those before", "adaptive/tally.go", "return b.Swap(0)", "return b.Load()", "./adaptive", "Window"},
	{"what was counted is counted again", "adaptive/tally.go", "*seen = now\n", "", "./adaptive", "Window|Reading"},
	{"nobody tells of the first call in a bucket", "adaptive/sample.go", "sh.news.Or(1 << k)", "_ = k", "./adaptive", "Window"},
	{"a time-out is read without its round trip", "adaptive/tally.go", "if all || censored > 0 {", "if all {", "./adaptive", "Reading|ATimeOutIsRead"},
	{"the bounds are swapped", "adaptive/reconfigure.go", "return min(max(limit, float64(c.Min)), float64(c.Max))", "return min(max(limit, float64(c.Max)), float64(c.Min))", "./adaptive", "TestI2"},
	{"there is no bound above", "adaptive/reconfigure.go", "return min(max(limit, float64(c.Min)), float64(c.Max))", "return max(limit, float64(c.Min))", "./adaptive", "TestI2"},
	{"a limit of no number is kept", "adaptive/control.go", "if !math.IsNaN(d.Limit) {", "if true {", "./adaptive", "TestI2LimitOfALawIsKeptWithinBoundsAndFinite"},

	// What wraps calls.
	{"a panic keeps its permit", "adaptive/do.go", "defer p.Release()\n\terr = f(ctx)", "err = f(ctx)", "./adaptive", "TestI9"},
	{"a body gives its permit back at the headers", "contrib/adaptivehttp/transport.go", "resp.Body = b.dressed()", "b.end(answer)\n\tresp.Body = b.dressed()", "./contrib/adaptivehttp", "TestBodyOfUnstatedLengthIsWaitedFor"},
	{"a body that nobody reads keeps its permit", "contrib/adaptivehttp/nursery.go", "b.watch() // without mu", "_ = b // without mu", "./contrib/adaptivehttp", "TestPermit"},

	// The pool.
	{"a panic of a task is a success", "pool/worker.go", "err = &PanicError{Value: v, Stack: debug.Stack()}", "_ = debug.Stack", "./pool", "TestPanicAndGoexit|TestI12"},
	{"who waits is not told of the shutdown", "pool/core.go", "j.own.release()\n\t\tj.work.fail(j, j.err)", "j.own.release()", "./pool", "TestTasksThatNeverStarted"},
	{"a task that was stopped has no error", "pool/core.go", "\tj.err = why\n", "", "./pool", "TestI12|TestAPoolDoes"},
	{"the end of the last task is not noticed", "pool/core.go", "if c.live == 0 && c.idle != nil {", "if false {", "./pool", "TestShutdownDrains"},
	{"a closed pool takes tasks", "pool/core.go", "return c.closed && (", "return false && (", "./pool", "Close"},
	{"a list goes by a link that it does not keep", "pool/jobs.go", "case l.head == j:", "case at.prev == nil:", "./pool", "TestI12|TestAPoolDoes"},
	{"the newest task starts first", "pool/core.go", "\tc.queue.push(j)\n\tc.lendTo(j)", "\tc.queue.pushFront(j)\n\tc.lendTo(j)", "./pool", "TestTasksStart|TestI12"},
	{"a task in hand is not recalled", "pool/close.go", "if w.hand.CompareAndSwap(inHand, recalled) {", "if false {", "./pool", "TestATaskInHand"},
	{"retries are not counted", "pool/budget.go", "b.retries++", "", "./pool", "Budget"},

	// The law.
	{"slow calls of a cohort are forgotten", "adaptive/control.go", "w.Pending = max(0, c.cohort-c.tally.calls())", "w.Pending = 0", "./adaptive", "TestCohort"},
	{"what is pending is not slow", "adaptive/statistic.go", "float64(s.n+pending)", "float64(s.n)", "./adaptive", "TestCallsThatHaveNotEnded"},
	{"a crowd that grows tells the baseline", "adaptive/startup.go", "return c.grew > 0.3 &&", "return false &&", "./adaptive", "TestAShortWindow"},
	{"noise is conceded twice", "adaptive/startup.go", "d.Bound = quietRatio // noise", "_ = quietRatio // noise", "./adaptive", "TestStartUp"},
	{"a limit that is not felt keeps its share", "adaptive/footing.go", "if f.base.sharing.on { // a limit", "if false { // a limit", "./adaptive", "TestFairLetsGo"},
	{"a client keeps another one's queue", "adaptive/fair.go", "target := max(f.Queue,", "target := max(2*f.Queue,", "./adaptive", "TestFairKeeps"},
	{"a probe by oneself raises the baseline", "adaptive/sharing.go", "return s.on && s.lone", "return false", "./adaptive", "TestAProbeByOneself"},
	{"a late client begins at once", "adaptive/fair.go", "case f.base.sharing.probes == 0:", "case false:", "./adaptive", "TestFairBegins"},
	{"start-up waits for nobody", "adaptive/startup.go", "w.MeanInFlight < reached*w.Limit &&", "false &&", "./adaptive", "TestStartUp"},

	// The breaker.
	{"late results count", "breaker/trip.go", "case b.phase.Load() != ph:\n\t\tb.late.Add(1)\n\tcase e.Outcome == adaptive.Ignored:\n\tdefault:\n\t\tb.mu.Lock()\n\t\tif b.phase.Load() == ph {", "case e.Outcome == adaptive.Ignored:\n\tdefault:\n\t\tb.mu.Lock()\n\t\tif true {", "./breaker", oracle},
	{"late probes count", "breaker/probe.go", "if b.phase.Load() != ph || !ph.remove(pr) {", "if !ph.remove(pr) {", "./breaker", oracle},
	{"half-open at its very deadline", "breaker/phase.go", "now > ph.until &&", "now >= ph.until &&", "./breaker", oracle},
	{"open for no time", "breaker/phase.go", "until: at.Add(time.Duration(wait))}", "until: at}", "./breaker", oracle},
	{"ignored calls count", "breaker/trip.go", "case e.Outcome == adaptive.Ignored:", "case false:", "./breaker", oracle},
	{"an ignored probe succeeds", "breaker/probe.go", "case adaptive.Ignored:\n\t\tpr.done(errExcluded)", "case adaptive.Ignored:\n\t\tpr.done(nil)", "./breaker", oracle},
	{"a failed probe is forgiven", "breaker/probe.go", "if ph.core.probes-ph.bad < ph.core.needed {", "if false {", "./breaker", oracle},
	{"all probes go at once", "breaker/probe.go", "return len(ph.out) == 0", "return true", "./breaker", oracle},
	{"one probe too few", "breaker/probe.go", "return len(ph.out)+ph.good < ph.core.needed", "return len(ph.out)+ph.good < ph.core.needed-1", "./breaker", oracle},
	{"a success leaves the streak", "breaker/watch.go", "w.quiet, w.streak = false, 0", "w.quiet = false", "./breaker", oracle},
	{"closing keeps the streak", "breaker/watch.go", "w.failed, w.streak, w.floor = true, now, 0, 0, atFloor{}", "w.failed, w.floor = true, now, 0, atFloor{}", "./breaker", oracle},
	{"what is only counted is lost", "breaker/trip.go", "func (ph *phase) gather() { ph.results.gather(ph.tap.Counted()) }", "func (ph *phase) gather() {}", "./breaker", oracle},
	{"a success after a failure is only counted", "breaker/trip.go", "if w.quiet || w.streak > 0 ||", "if w.quiet ||", "./breaker", oracle},
	{"a slice has no end", "breaker/window.go", "(w.last.number + 1) * w.length", "(w.last.number + slices) * w.length", "./breaker", "."},
	{"a Tap is told of late ends", "adaptive/permit.go", "if !s.word.CompareAndSwap(p.word, p.word+next-slotHeld) {", "if false && !s.word.CompareAndSwap(p.word, p.word+next-slotHeld) {", "./adaptive", "TestATap"},
	{"volume off by one", "breaker/trip.go", "case total < uint64(b.c.MinVolume):", "case total <= uint64(b.c.MinVolume):", "./breaker", oracle},
	{"a share must be exceeded", "breaker/trip.go", "return float64(part)/float64(all) >= share", "return float64(part)/float64(all) > share", "./breaker", oracle},
	{"a stripe is not read", "internal/stripe/stripe.go", "for i := range c.cells {", "for i := range c.cells[1:] {", "./internal/stripe", "TestNoAddIsLost"},
	{"open says too many probes", "breaker/breaker.go", "if ph.state != HalfOpen {\n\t\treturn adaptive.Permit{}, b.count(b.errOpen)", "if ph.state != HalfOpen {\n\t\treturn adaptive.Permit{}, b.count(b.errProbes)", "./breaker", oracle},
	{"a refused permit is kept", "breaker/probe.go", "p.Done(adaptive.Ignored)\n\treturn adaptive.Permit{}, b.count(b.errProbes)", "return adaptive.Permit{}, b.count(b.errProbes)", "./breaker", "TestACallThatComesTooLate"},
	{"a phase of probes has no end", "breaker/probe.go", "now.Sub(ph.began) < ph.within {", "true {", "./breaker", "."},
	{"a listener is called under the lock", "breaker/outbox.go", "b.delivering = true\n\tb.mu.Unlock()", "b.delivering = true\n\tdefer b.mu.Unlock()", "./breaker", "."},
}
