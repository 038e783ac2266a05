package main

import (
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// keepAwake has each processor do something in the idle class of Linux, which gives way
// to everybody, until stop, or for an hour if nobody is left to say so. Without it the
// processors of a virtual machine may be slow at calm rates and fast near the knee, see
// docs/tuning.md.
func keepAwake() (stop func(), err error) {
	var spinning []*exec.Cmd
	stop = func() {
		for _, c := range spinning {
			_ = c.Process.Signal(syscall.SIGTERM) // which timeout hands on
			_ = c.Wait()
		}
	}
	for n := range runtime.NumCPU() {
		c := exec.Command("taskset", "-c", strconv.Itoa(n), "chrt", "--idle", "0", "timeout", "1h", "sh", "-c", "while :; do :; done")
		if err := c.Start(); err != nil {
			stop()
			return nil, err
		}
		spinning = append(spinning, c)
	}
	return stop, nil
}
