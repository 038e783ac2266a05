package pool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/pool"
)

// limited is a pool of n places.
func limited(n int) *pool.Pool {
	p, err := pool.New(nil, pool.Config{Limit: n})
	if err != nil {
		panic(err)
	}
	return p
}

func length(_ context.Context, s string) (int, error) { return len(s), nil }

var words = slices.Values([]string{"one", "three", "seven"})

// From asyncio.Semaphore and async with: a permit comes back after success, error,
// panic, Goexit and cancellation, whatever the function between does.
func Example_semaphore() {
	users, err := adaptive.New(adaptive.Config{Name: "users"}) // instead of Semaphore(20)
	if err != nil {
		panic(err)
	}
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		_ = adaptive.Do(context.Background(), users, func(context.Context) error { panic("boom") })
	}()
	fmt.Println(users.Stats().InFlight)
	// Output:
	// recovered: boom
	// 0
}

// From a semaphore as a decorator around a coroutine: the same function, guarded.
func Example_decorator() {
	users, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	guarded := adaptive.Wrap(users, length)
	fmt.Println(guarded(context.Background(), "three"))
	// Output: 5 <nil>
}

// From a pool class with set_limit(20): the limit changes under thousands of call
// sites. Without SetLimit it follows the guard.
func ExamplePool_SetLimit() {
	ctx := context.Background()
	p := limited(1)
	for range 100 {
		_ = p.Go(ctx, func(context.Context) error { time.Sleep(time.Millisecond); return nil })
	}
	fmt.Println(p.SetLimit(20), p.Stats().Limit)
	fmt.Println(p.SetLimit(0))
	_, _ = p.Shutdown(ctx)
	// Output:
	// <nil> 20
	// pool: SetLimit: must be at least 1
}

// From a count of active tasks and a queue length that one breaks on.
func ExamplePool_Stats() {
	ctx := context.Background()
	p := limited(1)
	release := make(chan struct{})
	started := make(chan struct{})
	for range 4 {
		_ = p.Go(ctx, func(context.Context) error { started <- struct{}{}; <-release; return nil })
	}
	<-started
	if s := p.Stats(); s.Waiting > 2 {
		fmt.Println("enough:", s.Running, "running,", s.Waiting, "waiting")
	}
	go func() {
		for range started {
		}
	}()
	close(release)
	_, _ = p.Shutdown(ctx)
	close(started)
	s := p.Stats()
	fmt.Println(s.Done, "done,", s.Failed, "failed,", s.Run.P99 > 0)
	// Output:
	// enough: 1 running, 3 waiting
	// 4 done, 0 failed, true
}

// From cancelling tasks that are queued and leaving those alone that run.
func ExamplePool_CancelQueued() {
	ctx := context.Background()
	p := limited(1)
	started, release := make(chan struct{}), make(chan struct{})
	first, _ := pool.Submit(ctx, p, func(context.Context) (string, error) {
		close(started)
		<-release
		return "finished", nil
	})
	<-started
	second, _ := pool.Submit(ctx, p, func(context.Context) (string, error) { return "never", nil })
	third, _ := pool.Submit(ctx, p, func(context.Context) (string, error) { return "never", nil })
	second.Cancel(nil)
	fmt.Println(p.CancelQueued(errors.New("maintenance")))
	close(release)
	for _, t := range []*pool.Task[string]{first, second, third} {
		fmt.Println(t.Wait(ctx))
	}
	// Output:
	// 1
	// finished <nil>
	//  pool: task cancelled
	//  maintenance
}

// From concurrent.futures: submit returns a future; shutdown drains and says what
// was lost.
func ExampleSubmit() {
	ctx := context.Background()
	p := limited(2)
	task, err := pool.Submit(ctx, p, func(context.Context) (string, error) { return "hello", nil })
	if err != nil {
		fmt.Println(err) // the pool is closed, or ctx has ended
		return
	}
	fmt.Println(task.Wait(ctx))
	report, err := p.Shutdown(ctx)
	fmt.Println(report, err)
	// Output:
	// hello <nil>
	// pool: nothing was lost <nil>
}

// From asyncio.gather, Executor.map, or errgroup with a slice of results: results
// in the order of the input, and the first error cancels the rest.
func ExampleMap() {
	lengths, err := pool.Map(context.Background(), limited(4), words, length)
	fmt.Println(lengths, err)
	// Output: [3 5 5] <nil>
}

// From gather(return_exceptions=True): all results and errors, in the order of the
// input.
func ExampleGather() {
	all, err := pool.Gather(context.Background(), limited(4), words, func(_ context.Context, s string) (int, error) {
		if s == "three" {
			return 0, errors.New("no such word")
		}
		return len(s), nil
	})
	for _, r := range all {
		fmt.Println(r.Value, r.Err)
	}
	fmt.Println(err)
	// Output:
	// 3 <nil>
	// 0 no such word
	// 5 <nil>
	// <nil>
}

// From asyncio.TaskGroup and ExceptionGroup, a nursery, or errgroup: the first
// error cancels the others, none is left behind, and the errors come joined.
func ExamplePool_Group() {
	err := limited(4).Group(context.Background(), func(_ context.Context, g *pool.Group) error {
		g.Go(func(ctx context.Context) error {
			<-ctx.Done()
			fmt.Println("cancelled because of:", context.Cause(ctx))
			return ctx.Err()
		})
		g.Go(func(context.Context) error { return errors.New("no such user") })
		return nil
	})
	fmt.Println(err)
	// Output:
	// cancelled because of: no such user
	// no such user
}

// From asyncio.as_completed: results as they come, over an input that never ends.
// Leaving the loop cancels the rest.
func ExampleAsCompleted() {
	endless := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	square := func(_ context.Context, n int) (int, error) { return n * n, nil }
	for v, err := range pool.AsCompleted(context.Background(), limited(1), endless, square) {
		if err != nil || v > 10 {
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 0
	// 1
	// 4
	// 9
}

// From aiometer.run_any, or wait(FIRST_COMPLETED) in a loop: the first success.
func ExampleFirst() {
	mirrors := slices.Values([]string{"down", "slow", "fast"})
	v, err := pool.First(context.Background(), limited(3), mirrors, func(ctx context.Context, m string) (string, error) {
		switch m {
		case "down":
			return "", errors.New("connection refused")
		case "slow":
			<-ctx.Done()
			return "", ctx.Err()
		}
		return "from " + m, nil
	})
	fmt.Println(v, err)
	// Output: from fast <nil>
}

// From asyncio.wait(return_when=FIRST_COMPLETED).
func ExampleWaitAny() {
	ctx := context.Background()
	p := limited(2)
	slow, _ := pool.Submit(ctx, p, func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
	fast, _ := pool.Submit(ctx, p, func(context.Context) (string, error) { return "fast", nil })
	done, late := pool.WaitAny(ctx, slow, fast)
	fmt.Println(len(done), done[0] == fast, len(late))
	slow.Cancel(nil)
	// Output: 1 true 1
}

// From asyncio.wait(…, timeout=…): what is done and what is late, apart; then the
// late ones are cancelled with a cause.
func ExampleWaitAll() {
	ctx := context.Background()
	p := limited(2)
	fast, _ := pool.Submit(ctx, p, func(context.Context) (string, error) { return "fast", nil })
	slow, _ := pool.Submit(ctx, p, func(ctx context.Context) (string, error) { <-ctx.Done(); return "", context.Cause(ctx) })
	<-fast.Done() // of which 20 ms are no promise
	patience, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	done, late := pool.WaitAll(patience, fast, slow)
	fmt.Println(len(done), len(late))
	for _, t := range late {
		t.Cancel(errors.New("too late"))
		_, err := t.Wait(ctx)
		fmt.Println(err)
	}
	// Output:
	// 1 1
	// too late
}

// From asyncio.wait_for: a time-out of the task or of each attempt is told from the
// caller's own cancellation.
func ExampleTimeoutError() {
	ctx := context.Background()
	p := limited(1).With(pool.Kind{Timeout: 10 * time.Millisecond})
	task, _ := pool.Submit(ctx, p, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	_, err := task.Wait(ctx)
	var timedOut *pool.TimeoutError
	fmt.Println(errors.As(err, &timedOut), errors.Is(err, context.DeadlineExceeded), err)
	// Output: true true pool: task timed out after 10ms
}

// From create_task: done(), exception(), cancel(). The pool keeps the task alive,
// and reports the error of one that nobody asks for.
func ExampleTask() {
	ctx := context.Background()
	task, _ := pool.Submit(ctx, limited(1), func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, context.Cause(ctx) })
	select {
	case <-task.Done():
	default:
		fmt.Println("not done")
	}
	task.Cancel(errors.New("not needed any more"))
	<-task.Done()
	_, err := task.Wait(ctx) // does not wait
	fmt.Println(err)
	// Output:
	// not done
	// not needed any more
}

// From "Task exception was never retrieved": an error that nobody took is in the
// report, if it has not been told to Parts.OnError by then.
func ExampleReport() {
	ctx := context.Background()
	p := limited(1)
	task, _ := pool.Submit(ctx, p, func(context.Context) (int, error) { return 0, errors.New("overlooked") })
	report, _ := p.Shutdown(ctx)
	fmt.Println(report.Unheard)
	runtime.KeepAlive(task)
	// Output: [overlooked]
}

// From aiometer's max_at_once and max_per_second: both at once.
func ExampleConfig_rate() {
	ctx := context.Background()
	p, _ := pool.New(nil, pool.Config{Limit: 5, Rate: 100, Burst: 2})
	start := time.Now()
	for range 7 {
		_ = p.Go(ctx, func(context.Context) error { return nil })
	}
	_, _ = p.Shutdown(ctx)
	fmt.Println(time.Since(start) >= 50*time.Millisecond) // two at once, five more at 100 a second
	// Output: true
}

// From aiojobs.Scheduler: background jobs with a limit, a bounded backlog, an
// exception handler and a graceful close.
func ExampleParts() {
	ctx := context.Background()
	var failed atomic.Int64
	p, _ := pool.NewWith(nil, pool.Config{Limit: 2, Queue: 10}, pool.Parts{
		OnError: func(error) { failed.Add(1) },
	})
	for i := range 20 { // the 13th waits until half of the backlog has started
		_ = p.Go(ctx, func(context.Context) error {
			if i%10 == 0 {
				return errors.New("job failed")
			}
			return nil
		})
	}
	_, err := p.Shutdown(ctx)
	fmt.Println(failed.Load(), err)
	// Output: 2 <nil>
}

// From a loop around asyncio.sleep: periodic clean-up or polling, never twice at
// once.
func ExamplePool_Every() {
	ctx, cancel := context.WithCancel(context.Background())
	p := limited(1)
	var runs atomic.Int64
	_ = p.Every(ctx, 5*time.Millisecond, func(context.Context) error {
		if runs.Add(1) == 3 {
			cancel()
		}
		return nil
	})
	<-ctx.Done()
	_, _ = p.Shutdown(context.Background())
	fmt.Println(runs.Load())
	// Output: 3
}

// From tenacity: retries with backoff and jitter, each attempt with a permit of its
// own, under a budget that all tasks share.
func ExampleRetry() {
	ctx := context.Background()
	p, _ := pool.New(nil, pool.Config{Limit: 2, Retry: pool.Retry{Attempts: 3, Backoff: time.Millisecond}})
	attempt := 0
	task, _ := pool.Submit(ctx, p, func(context.Context) (string, error) {
		if attempt++; attempt < 3 {
			return "", adaptive.Refuse(errors.New("429"), 2*time.Millisecond) // Retry-After: honoured
		}
		return "third time lucky", nil
	})
	fmt.Println(task.Wait(ctx))
	s := p.Stats()
	fmt.Println("amplification:", float64(s.Attempts)/float64(s.Attempts-s.Retried))
	// Output:
	// third time lucky <nil>
	// amplification: 3
}

// From loop.add_signal_handler(SIGTERM) and asyncio.shield: stop intake, drain for
// as long as there is grace, cancel, and clean up all the same.
func ExamplePool_Shutdown() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := limited(1)
	started, cleaned := make(chan struct{}), make(chan struct{})
	_ = p.Go(context.WithoutCancel(ctx), func(ctx context.Context) error {
		close(started)
		defer close(cleaned)
		<-ctx.Done()
		// The shield: work that must be done although the task is cancelled.
		shielded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		fmt.Println("cleaned up:", shielded.Err() == nil, context.Cause(ctx))
		return nil
	})

	<-started
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	report, err := p.Shutdown(grace)
	<-cleaned
	code := 0
	if err != nil {
		code = 1
	}
	fmt.Println(report, code)
	// Output:
	// cleaned up: true pool: closed
	// pool: lost 0 waiting and 1 running tasks 1
}

// From asyncio.all_tasks and debug mode: who is there, and who is stuck.
func ExamplePool_Tasks() {
	ctx := context.Background()
	stuck := make(chan pool.TaskInfo, 1)
	p, _ := pool.NewWith(nil, pool.Config{Limit: 1, Stuck: 10 * time.Millisecond}, pool.Parts{
		OnStuck: func(t pool.TaskInfo) { stuck <- t },
	})
	task, _ := pool.Submit(ctx, p.With(pool.Kind{Name: "reindex"}), func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
	fmt.Println((<-stuck).Name, "is stuck")
	for _, t := range p.Tasks() {
		fmt.Println(t.Name, t.State, t.Running >= 10*time.Millisecond)
	}
	task.Cancel(nil)
	// Output:
	// reindex is stuck
	// reindex running true
}

// From asyncio.to_thread and ProcessPoolExecutor: what computes runs in a pool of
// one place a CPU, beside the pool of what waits for a downstream.
func ExampleNew_cpu() {
	ctx := context.Background()
	users, err := adaptive.New(adaptive.Config{Name: "users"})
	if err != nil {
		panic(err)
	}
	io, _ := pool.New(users, pool.Config{})
	cpu, _ := pool.New(nil, pool.Config{}) // no guard: GOMAXPROCS
	sums, err := pool.Map(ctx, io, words, func(ctx context.Context, word string) (int, error) {
		body := word + word // fetched
		sum, err := pool.Submit(ctx, cpu, func(context.Context) (int, error) { return len(body), nil })
		if err != nil {
			return 0, err
		}
		return sum.Wait(ctx)
	})
	fmt.Println(sums, err, cpu.Stats().Limit == runtime.GOMAXPROCS(0))
	// Output: [6 10 10] <nil> true
}

// From asyncio.Lock: a sync.Mutex for a few instructions, and a semaphore of one,
// which a context can give up, across a call.
func Example_lockAcrossAwait() {
	ctx := context.Background()
	refresh := make(chan struct{}, 1)
	token := ""
	get := func(ctx context.Context) (string, error) {
		select {
		case refresh <- struct{}{}:
			defer func() { <-refresh }()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if token == "" {
			token = "fetched once" // a call that takes its time
		}
		return token, nil
	}
	var n sync.Map
	_, err := pool.Map(ctx, limited(4), words, func(ctx context.Context, s string) (int, error) {
		t, err := get(ctx)
		n.Store(s, t)
		return 0, err
	})
	v, _ := n.Load("seven")
	fmt.Println(v, err)
	// Output: fetched once <nil>
}

// From asyncio.PriorityQueue in front of workers: a priority for each task.
func ExamplePool_With() {
	ctx := context.Background()
	p := limited(1)
	started, release := make(chan struct{}), make(chan struct{})
	_ = p.Go(ctx, func(context.Context) error { close(started); <-release; return nil })
	<-started
	say := func(s string) func(context.Context) error {
		return func(context.Context) error { fmt.Println(s); return nil }
	}
	_ = p.With(pool.Kind{Name: "batch", Priority: -1}).Go(ctx, say("batch"))
	_ = p.Go(ctx, say("usual"))
	_ = p.With(pool.Kind{Name: "user", Priority: 1}).Go(ctx, say("user"))
	close(release)
	_, _ = p.Shutdown(ctx)
	// Output:
	// user
	// usual
	// batch
}

// From a sub-pool, or a semaphore inside a semaphore: a second pool on the same
// guard is a share of it.
func ExampleNew_share() {
	users, err := adaptive.New(adaptive.Config{Name: "users", Law: "fixed:20", Initial: 20})
	if err != nil {
		panic(err)
	}
	all, _ := pool.New(users, pool.Config{})
	reports, _ := pool.New(users, pool.Config{Limit: 4}) // never more than 4 of the 20
	fmt.Println(all.Stats().Limit, reports.Stats().Limit)
	// Output: 20 4
}

// From awaiting a task inside a task: on a pool of one this is no deadlock, for the
// one that waits lends its place.
func Example_nested() {
	ctx := context.Background()
	p := limited(1)
	outer, _ := pool.Submit(ctx, p, func(ctx context.Context) (int, error) {
		inner, err := pool.Submit(ctx, p, func(context.Context) (int, error) { return 41, nil })
		if err != nil {
			return 0, err
		}
		n, err := inner.Wait(ctx)
		return n + 1, err
	})
	fmt.Println(outer.Wait(ctx))
	// Output: 42 <nil>
}

// A panic in a task reaches whoever waits for it, with the stack of where it was.
func ExamplePanicError() {
	ctx := context.Background()
	task, _ := pool.Submit(ctx, limited(1), func(context.Context) (int, error) { panic("out of cheese") })
	_, err := task.Wait(ctx)
	var panicked *pool.PanicError
	fmt.Println(errors.As(err, &panicked), panicked.Value, len(panicked.Stack) > 0)
	// Output: true out of cheese true
}
