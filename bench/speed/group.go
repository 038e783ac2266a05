package speed

// A group is one Benchmark function, or a part of it: a table in a file of its own.
type group struct {
	name  string // of the file
	title string
	run   string // -test.bench
	time  string // -test.benchtime
	base  string // the contender that ratios are to
}

// groups are measured for a short while each and in many rounds: on a machine that has
// other things to do, too, what counts is that two measurements are close in time and
// that there are many pairs of them.
var groups = []group{
	{"admit", "What an admission costs", "^BenchmarkAdmit$", "20ms", "ref_c2"},
	{"reject", "What a rejection costs", "^BenchmarkReject$", "10ms", "ref_c2"},
	{"contended", "A full limiter and a crowd: 256 goroutines on 8 permits", "^BenchmarkContended$", "1x", "xsync_semaphore"},
	{"breaker", "What a breaker adds", "^BenchmarkBreaker$", "20ms", "ref_c2"},
	{"pool", "What an empty task costs in a pool", "^BenchmarkPool$/^empty,", "20ms", "pond_go"},
	{"pool-20us", "Tasks of 20 µs on two CPUs", "^BenchmarkPool$/^20us,", "10000x", "ideal"},
}
