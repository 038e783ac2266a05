package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress tells a person at a terminal that a long run goes on.
type progress struct {
	stop func()
}

// watch shows what on w from a second on, until end. A nil w shows nothing.
func watch(w io.Writer, what string) progress {
	if w == nil {
		return progress{func() {}}
	}
	quit := make(chan struct{})
	var gone sync.WaitGroup
	gone.Go(func() {
		begun, width := time.Now(), 0
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				// Overwritten with spaces, which every terminal understands.
				if width > 0 {
					fmt.Fprintf(w, "\r%s\r", strings.Repeat(" ", width))
				}
				return
			case <-tick.C:
				line := []rune(fmt.Sprintf("%s … %.0f s", plain(what), time.Since(begun).Seconds()))
				line = line[:min(len(line), 79)]
				width = max(width, len(line))
				fmt.Fprintf(w, "\r%s", string(line))
			}
		}
	})
	return progress{func() { close(quit); gone.Wait() }}
}

func (p progress) end() { p.stop() }
