package speed

// A contest is some work that several do. Ours is to be ahead.
type contest struct {
	title  string
	group  string
	ours   string
	rivals []string
}

var contests = []contest{
	{"Admit under a limit that adapts", "admit", "flyball_sampled",
		[]string{"gcl_default_vegas", "failsafe_try", "aegis_bbr", "gozero_shedder"}},
	{"The same with every call timed", "admit", "flyball_try",
		[]string{"gcl_default_vegas", "failsafe_try", "aegis_bbr", "gozero_shedder"}},
	{"Call a function under a limit that adapts", "admit", "flyball_do", []string{"failsafe_run"}},
	{"Admit under a limit that is fixed", "admit", "flyball_fixed",
		[]string{"xsync_semaphore", "chan_semaphore", "bulkhead_try", "gozero_limit"}},
	{"Reject at a limit that adapts", "reject", "flyball_reject",
		[]string{"gcl_reject", "failsafe_reject", "aegis_bbr_reject", "gozero_shedder_reject"}},
	{"Reject at a limit that is fixed", "reject", "flyball_reject",
		[]string{"xsync_reject", "chan_reject", "bulkhead_reject", "gozero_limit_reject"}},
	{"A crowd that waits", "contended", "flyball",
		[]string{"xsync_semaphore", "chan_semaphore", "failsafe_adaptive", "bulkhead", "gcl_fifo"}},
	{"A breaker with a limiter, closed", "breaker", "breaker", []string{"pair_gcl_gobreaker"}},
	{"The same around a function", "breaker", "breaker_do", []string{"pair_failsafe_run"}},
	{"A breaker, closed; ours with its limiter, theirs with none", "breaker", "breaker_sampled",
		[]string{"gobreaker_execute", "gobreaker_two_step", "failsafe_breaker", "failsafe_breaker_run", "eapache"}},
	{"A breaker, open", "breaker", "breaker_open",
		[]string{"gobreaker_open", "failsafe_breaker_open", "eapache_open"}},
	{"Run tasks in a pool", "pool", "flyball_go",
		[]string{"pond_go", "conc", "ants", "errgroup", "goroutine_chan"}},
	{"Run tasks with results in a pool", "pool", "flyball_submit", []string{"pond_submit"}},
	{"Run tasks of 20 µs in a pool", "pool-20us", "flyball_go",
		[]string{"pond_go", "conc", "ants", "errgroup", "goroutine_chan"}},
}

// ahead is the ratio that c's is to be below.
const ahead = 1

// outcome is c in words, for a ratio of ours to a rival's.
func outcome(e estimate) string {
	switch {
	case e.high < ahead:
		return "ahead"
	case e.low > ahead:
		return "behind"
	}
	return "even"
}
