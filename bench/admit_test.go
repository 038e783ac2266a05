package bench

import (
	"runtime"
	"testing"
)

// admits take and give back a permit far below the limit.
var admits = []contender{
	{"ref_add_sub", refAddSub},
	{"ref_cas", refCAS},
	{"ref_c2", refC2},
	{"naive_permit", naivePermit},
	{"flyball_try", flyballTry},
	{"flyball_sampled", flyballSampled},
	{"flyball_fixed", flyballFixed},
	{"flyball_acquire", flyballAcquire},
	{"flyball_do", flyballDo},
	{"flyball_defer_release", flyballDeferRelease},
	{"gcl_default_vegas", gclVegas},
	{"failsafe_try", failsafeTry},
	{"failsafe_run", failsafeRun},
	{"aegis_bbr", aegisBBR},
	{"gozero_shedder", goZeroShedder},
	{"xsync_semaphore", xsyncSemaphore},
	{"chan_semaphore", chanSemaphore},
	{"bulkhead_try", bulkheadTry},
	{"bulkhead_run", bulkheadRun},
	{"gozero_limit", goZeroLimit},
}

// rejections are turned away at the limit.
var rejections = []contender{
	{"ref_c2", refC2},
	{"flyball_reject", flyballReject},
	{"flyball_reject_acquire", flyballRejectAcquire},
	{"gcl_reject", gclReject},
	{"failsafe_reject", failsafeReject},
	{"failsafe_run_reject", failsafeRunReject},
	{"aegis_bbr_reject", aegisReject},
	{"gozero_shedder_reject", goZeroShedderReject},
	{"xsync_reject", xsyncReject},
	{"chan_reject", chanReject},
	{"bulkhead_reject", bulkheadReject},
	{"gozero_limit_reject", goZeroLimitReject},
}

// BenchmarkAdmit runs admits in each mode.
func BenchmarkAdmit(b *testing.B) { inEachMode(b, admits) }

// BenchmarkReject runs rejections in each mode.
func BenchmarkReject(b *testing.B) { inEachMode(b, rejections) }

// inEachMode runs contenders with one goroutine on one CPU, with one a CPU, and with
// 64 a CPU.
func inEachMode(b *testing.B, contenders []contender) {
	for _, mode := range []struct {
		name               string
		cpus, goroutinesOf int
	}{
		{"serial", 1, 1},
		{"procs=2", 2, 1},
		{"x64", 2, 64},
	} {
		b.Run(mode.name, func(b *testing.B) {
			for _, c := range contenders {
				b.Run(c.name, func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(mode.cpus))
					b.SetParallelism(mode.goroutinesOf)
					b.ReportAllocs()
					b.RunParallel(c.loop(b))
				})
			}
		})
	}
}
