package simtest

import (
	"time"

	"github.com/flyball-go/flyball/adaptive"
)

// clock is the bubble's time, from 0 at the start. This file is the only place of
// the package that reads it.
type clock struct{ start time.Time }

func startClock() clock { return clock{time.Now()} }

func (c clock) now() adaptive.Instant { return adaptive.Instant(time.Since(c.start)) }

// sleepUntil returns at once if that is past.
func (c clock) sleepUntil(at time.Duration) { time.Sleep(at - time.Since(c.start)) }

func (c clock) past(deadline time.Time) bool { return !time.Now().Before(deadline) }

// alarm calls f whenever it rings.
type alarm struct{ timer *time.Timer }

func newAlarm(f func()) alarm {
	a := alarm{time.AfterFunc(time.Hour, f)}
	a.timer.Stop()
	return a
}

// set makes a ring after d and not before.
func (a alarm) set(d time.Duration) { a.timer.Reset(d) }

func (a alarm) stop() { a.timer.Stop() }
