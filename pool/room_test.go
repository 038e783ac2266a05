package pool

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A task that computes gives its CPU to nobody, so a worker must, or it runs the queue dry
// before who was let in can fill it.
func TestWhoIsLetInFillsTheQueueBeforeItIsEmpty(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const tasks, queue = 2_000, 64
	p, err := New(nil, Config{Limit: 1, Queue: queue})
	require.NoError(t, err)
	var submitted atomic.Bool
	var dry atomic.Int32
	for range tasks {
		require.NoError(t, p.Go(context.Background(), func(context.Context) error {
			if !submitted.Load() && p.Stats().Waiting == 0 {
				dry.Add(1)
			}
			return nil
		}))
	}
	submitted.Store(true)
	_, err = p.Shutdown(context.Background())
	require.NoError(t, err)
	require.Less(t, dry.Load(), int32(tasks/queue/4), "times that the queue was empty")
}
