package main

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress tells a person at a terminal how far a long run is.
type progress struct {
	screen *mpb.Progress
	bar    *mpb.Bar
	late   *time.Timer
}

// watch shows on w, from a second on, how many of total steps are done and how
// much time the others will take; end takes it away again. A nil w shows nothing.
func watch(w io.Writer, what string, total int) *progress {
	if w == nil {
		return &progress{}
	}
	show := make(chan any)
	p := &progress{late: time.AfterFunc(time.Second, func() { close(show) })}
	p.screen = mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithRefreshRate(250*time.Millisecond), mpb.WithRenderDelay(show), mpb.WithWidth(78))
	p.bar = p.screen.New(int64(total), mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("·"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(short(what, 40)+" ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d of %d"), decor.Any(timeLeft(time.Now()))),
	)
	return p
}

// timeLeft tells it once there is something to tell it by.
func timeLeft(begun time.Time) decor.DecorFunc {
	return func(s decor.Statistics) string {
		if s.Current == 0 {
			return ""
		}
		left := time.Since(begun) * time.Duration(s.Total-s.Current) / time.Duration(s.Current)
		return fmt.Sprintf(", %v left", left.Round(time.Second))
	}
}

// step says that one more is done.
func (p *progress) step() {
	if p.bar != nil {
		p.bar.Increment()
	}
}

// expect says that there are so many in all, which was not known before.
func (p *progress) expect(total int) {
	if p.bar != nil {
		p.bar.SetTotal(int64(total), false)
	}
}

func (p *progress) end() {
	if p.bar == nil {
		return
	}
	p.late.Stop()
	p.bar.Abort(true)
	p.screen.Wait()
}

// short is s, which a terminal is not to obey, in at most n runes.
func short(s string, n int) string {
	runes := []rune(plain(s))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}
