package pool

import (
	"context"
	"math/bits"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// allocations is what a call of f costs, averaged over many, with what it starts.
func allocations(f func()) float64 {
	const n = 50_000
	for range n / 10 { // until everything that is used again is there
		f()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / n
}

func TestATaskThatNobodyWaitsForAllocatesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fixed, err := New(nil, Config{Limit: 2})
	require.NoError(t, err)
	guarded, lim := newPool(t, 2)
	for name, p := range map[string]*Pool{"limit": fixed, "guard": guarded} {
		t.Run(name, func(t *testing.T) {
			n := allocations(func() { _ = p.Go(ctx, nothing) })
			require.Less(t, n, 0.1, "goroutines are started now and then, tasks cost nothing")
			_, err := p.Shutdown(ctx)
			require.NoError(t, err)
		})
	}
	idle(t, guarded, lim)
}

func TestATaskWithAResultAllocatesItself(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := New(nil, Config{Limit: 2})
	require.NoError(t, err)
	one := func(context.Context) (int, error) { return 1, nil }
	n := allocations(func() { _, _ = Submit(ctx, p, one) })
	require.Less(t, n, 1.1)
	require.GreaterOrEqual(t, n, 1.0)
	_, err = p.Shutdown(ctx)
	require.NoError(t, err)
}

// A CPU waits a quarter of a microsecond for a line that another one has written to.
func TestWhatEachTaskWritesToIsTwoCacheLines(t *testing.T) {
	const line = 64
	if bits.UintSize == 32 {
		t.Skip("the fields are laid out for words of 64 bits")
	}
	p, err := New(nil, Config{Limit: 1})
	require.NoError(t, err)
	c := p.core
	at := func(field unsafe.Pointer) uintptr { return uintptr(field) / line }
	require.Equal(t, at(unsafe.Pointer(&c.mu)), at(unsafe.Pointer(&c.starts)))
	require.Equal(t, at(unsafe.Pointer(&c.accepted)), at(unsafe.Pointer(&c.queue.list[0].tail)))
	require.Equal(t, at(unsafe.Pointer(&c.mu))+1, at(unsafe.Pointer(&c.accepted)))
	require.NotEqual(t, at(unsafe.Pointer(&c.limit)), at(unsafe.Pointer(&c.queue)), "is only read")
}

func TestAMillionTasksThatWaitTakeLittleMemory(t *testing.T) {
	million := 1_000_000
	if underRace { // which takes ten times as long, and as much per task
		million /= 20
	}
	p, err := New(nil, Config{Limit: 1, Queue: million})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, release := make(chan struct{}), make(chan struct{})
	block := func(context.Context) (int, error) {
		close(started)
		<-release
		return 1, nil
	}
	first, err := Submit(ctx, p, block)
	require.NoError(t, err)
	<-started
	one := func(context.Context) (int, error) { return 1, nil }
	tasks := make([]*Task[int], million)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range tasks {
		tasks[i], _ = Submit(ctx, p, one)
	}
	each := float64(heap()-before) / float64(million)
	t.Logf("%.1f bytes each", each)
	require.LessOrEqual(t, each, 160.0)

	require.Len(t, p.Tasks(), million+1, "listed")
	tasks[million/2].Cancel(errBoom)
	_, err = tasks[million/2].Wait(ctx)
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, million-1, p.CancelQueued(nil), "cancelled")
	_, err = tasks[0].Wait(ctx)
	require.ErrorIs(t, err, ErrCancelled)
	close(release)
	_, err = first.Wait(ctx)
	require.NoError(t, err)
}

// A pool at work for long keeps nothing of it.
func TestI13NothingGrows(t *testing.T) {
	p, lim := newPool(t, 4)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	round := func(n int) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range n {
					ctx, cancel := context.WithCancel(t.Context())
					task, err := Submit(ctx, p, func(context.Context) (int, error) { return 1, nil })
					if err != nil {
						t.Error(err)
					} else if _, err := task.Wait(ctx); err != nil {
						t.Error(err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
	}
	round(500)
	before := heap()
	round(5000)
	require.Less(t, int64(heap())-int64(before), int64(256<<10))
	_, err := p.Shutdown(t.Context())
	require.NoError(t, err)
	idle(t, p, lim)
}
