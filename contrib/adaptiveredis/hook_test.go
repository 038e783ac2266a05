package adaptiveredis_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

// own are options for a client of the shared server that lasts for a test.
func own(t *testing.T) *redis.Options {
	t.Helper()
	return &redis.Options{Addr: shared.Get(t).Addr, ContextTimeoutEnabled: true}
}

func TestHandshakeDoesNotWaitForTheCallThatNeedsIt(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{}) // a limit of 1
	o := own(t)
	o.ClientName, o.DB = "flyball", 1 // more commands in the handshake
	o.OnConnect = func(ctx context.Context, c *redis.Conn) error {
		return c.Set(ctx, "connected", "yes", 0).Err()
	}
	client := limited(t, w, o)
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Now(t, adaptive.Success)
	require.Equal(t, "yes", client.Get(t.Context(), "connected").Val())
	w.Now(t, adaptive.Success)
}

func TestHandshakeOfASubscriptionNeedsNoPermit(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	client := limited(t, w, own(t))
	held, ok := w.TryAcquire()
	require.True(t, ok)
	sub := client.Subscribe(t.Context(), "news")
	defer sub.Close()
	_, err := sub.Receive(t.Context())
	require.NoError(t, err)
	held.Done(adaptive.Ignored)
	require.EqualValues(t, 1, client.Publish(t.Context(), "news", "x").Val())
	w.Now(t, adaptive.Success)
}

func TestPipelineIsOneCall(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, own(t))
	for name, run := range map[string]func(context.Context, func(redis.Pipeliner) error) ([]redis.Cmder, error){
		"pipeline": client.Pipelined, "transaction": client.TxPipelined,
	} {
		cmds, err := run(t.Context(), func(p redis.Pipeliner) error {
			for range 100 {
				p.Incr(t.Context(), "counter")
			}
			return nil
		})
		require.NoError(t, err, name)
		require.Len(t, cmds, 100)
		w.Now(t, adaptive.Success)
	}
}

func TestRejectedPipelineSaysSoOnEachCommand(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	client := limited(t, w, own(t))
	held, ok := w.TryAcquire()
	require.True(t, ok)
	defer held.Release()
	for _, pipe := range []redis.Pipeliner{client.Pipeline(), client.TxPipeline()} {
		one, two := pipe.Get(t.Context(), "a"), pipe.Get(t.Context(), "b")
		_, err := pipe.Exec(t.Context())
		require.ErrorIs(t, err, adaptive.ErrRejected)
		require.ErrorIs(t, one.Err(), adaptive.ErrRejected)
		require.ErrorIs(t, two.Err(), adaptive.ErrRejected)
	}
	require.ErrorIs(t, client.Get(t.Context(), "a").Err(), adaptive.ErrRejected)
}

func TestWorstCommandOfAPipelineCounts(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := redis.NewClient(own(t))
	defer client.Close()
	hook := adaptiveredis.NewHook(w)
	hook.Classify = func(ctx context.Context, err error) adaptive.Result {
		if err != nil && redis.HasErrorPrefix(err, "WRONGTYPE") {
			return adaptive.Result{Outcome: adaptive.Refused, RetryAfter: time.Second}
		}
		return adaptiveredis.Classify(ctx, err)
	}
	client.AddHook(hook)
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Set(t.Context(), "word", "x", 0)
		p.Get(t.Context(), "missing") // the first error, redis.Nil
		p.LPush(t.Context(), "word", "y")
		return nil
	})
	require.ErrorIs(t, err, redis.Nil)
	require.Equal(t, adaptive.Result{Outcome: adaptive.Refused, RetryAfter: time.Second}, w.End(t))
}

func TestWatchDoesNotWaitForItself(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, own(t))
	require.NoError(t, client.Watch(t.Context(), func(tx *redis.Tx) error {
		n, err := tx.Get(t.Context(), "watched").Int()
		if err != nil && err != redis.Nil {
			return err
		}
		_, err = tx.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
			return p.Set(t.Context(), "watched", n+1, 0).Err()
		})
		return err
	}, "watched"))
	require.Zero(t, w.Stats().InFlight)
	require.NotZero(t, w.Stats().Ended[adaptive.Success])
}

func TestCommandsThatWaitByDesignNeedNoPermit(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	client := limited(t, w, own(t))
	require.NoError(t, client.XAdd(t.Context(), &redis.XAddArgs{Stream: "stream", Values: []string{"k", "v"}}).Err())
	w.Now(t, adaptive.Success)
	held, ok := w.TryAcquire()
	require.True(t, ok)
	const brief = time.Second // the shortest that Redis knows
	ctx := t.Context()
	var waiting sync.WaitGroup
	for _, args := range [][]any{
		{"blpop", "none", 1}, {"brpop", "none", 1}, {"blmpop", 1, 1, "none", "left"}, {"brpoplpush", "none", "other", 1},
		{"blmove", "none", "other", "left", "left", 1}, {"bzpopmin", "none", 1}, {"bzpopmax", "none", 1},
		{"bzmpop", 1, 1, "none", "min"}, {"xread", "block", 1, "streams", "stream", "$"}, {"WAIT", 1, 1},
	} {
		waiting.Go(func() {
			if err := client.Do(ctx, args...).Err(); err != nil && err != redis.Nil {
				t.Errorf("%v: %v", args, err)
			}
		})
	}
	waiting.Go(func() {
		if err := client.BLPop(ctx, brief, "none").Err(); err != redis.Nil {
			t.Error(err)
		}
	})
	waiting.Wait()
	for _, args := range [][]any{{"lpop", "none"}, {"xread", "streams", "block", "0"}} {
		require.ErrorIs(t, client.Do(ctx, args...).Err(), adaptive.ErrRejected, "%v", args)
	}
	held.Done(adaptive.Ignored)
	w.Idle(t)
}

func TestOwnExemptions(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	client := redis.NewClient(own(t))
	defer client.Close()
	hook := adaptiveredis.NewHook(w)
	hook.Exempt = func(cmd redis.Cmder) bool { return cmd.Name() == "ping" }
	client.AddHook(hook)
	held, ok := w.TryAcquire()
	require.True(t, ok)
	defer held.Release()
	require.NoError(t, client.Ping(t.Context()).Err())
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Ping(t.Context())
		return nil
	})
	require.NoError(t, err)
	_, err = client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Ping(t.Context())
		p.Get(t.Context(), "a")
		return nil
	})
	require.ErrorIs(t, err, adaptive.ErrRejected, "one that needs a permit is enough")
}

func TestRetriesOfTheClientAreInsideThePermit(t *testing.T) {
	srv := servers.Start(t, servers.Redis)
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: 10, MinRetryBackoff: 20 * time.Millisecond})
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Now(t, adaptive.Success)
	srv.Kill()
	answered := make(chan error)
	go func() { answered <- client.Ping(t.Context()).Err() }()
	require.Eventually(t, func() bool { return w.Stats().InFlight == 1 }, clienttest.Patience, time.Millisecond)
	require.NoError(t, srv.Restart())
	require.NoError(t, <-answered)
	w.Now(t, adaptive.Success)
}

func TestHookWithoutAGuardPanicsWhenMade(t *testing.T) {
	require.PanicsWithValue(t, "adaptiveredis: NewHook without a Guard", func() { adaptiveredis.NewHook(nil) })
}
