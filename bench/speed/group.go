package speed

// A group is one Benchmark function, or a part of it: a table in a file of its own.
type group struct {
	name  string // of the file
	title string
	run   string // -test.bench
	time  string // -test.benchtime
	base  string // the contender that ratios are to
}

var groups = []group{
	{"admit", "What an admission costs", "^BenchmarkAdmit$", "100ms", "ref_c2"},
	{"reject", "What a rejection costs", "^BenchmarkReject$", "50ms", "ref_c2"},
	{"contended", "A full limiter and a crowd: 256 goroutines on 8 permits", "^BenchmarkContended$", "1x", "xsync_semaphore"},
	{"breaker", "What a breaker adds", "^BenchmarkBreaker$", "100ms", "ref_c2"},
	{"pool", "What an empty task costs in a pool", "^BenchmarkPool$/^empty,", "100ms", "pond_go"},
	{"pool-20us", "Tasks of 20 µs on two CPUs", "^BenchmarkPool$/^20us,", "5000x", "ideal"},
}
