package stripe

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoAddIsLost(t *testing.T) {
	var c Counter
	var running sync.WaitGroup
	for range 32 {
		running.Go(func() {
			for range 1000 {
				c.Add()
			}
		})
	}
	running.Wait()
	require.EqualValues(t, 32_000, c.Load())
}

func TestGoroutinesSpreadOverTheStripes(t *testing.T) {
	var c Counter
	var running sync.WaitGroup
	begin := make(chan struct{})
	for range 64 {
		running.Go(func() { <-begin; c.Add() })
	}
	close(begin)
	running.Wait()
	used := 0
	for i := range c.cells {
		if c.cells[i].n.Load() > 0 {
			used++
		}
	}
	require.Greater(t, used, len(c.cells)/2, "64 goroutines with a stack each")
}

func TestAddAllocatesNothing(t *testing.T) {
	var c Counter
	require.Zero(t, testing.AllocsPerRun(100, c.Add))
}
