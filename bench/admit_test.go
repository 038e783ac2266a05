package bench

import (
	"runtime"
	"testing"
)

// BenchmarkAdmit takes and gives back a permit far below the limit, or is
// rejected at it. The modes are one goroutine on one CPU, one a CPU, and 64 a CPU.
func BenchmarkAdmit(b *testing.B) {
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
