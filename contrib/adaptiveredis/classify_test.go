package adaptiveredis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

func TestRepliesOfTheServer(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, own(t))
	ctx := t.Context()
	require.NoError(t, client.Set(ctx, "word", "x", 0).Err())
	w.Now(t, adaptive.Success)
	for _, args := range [][]any{
		{"get", "missing"}, {"lpush", "word", "y"}, {"evalsha", "0000000000000000000000000000000000000000", 0}, {"nonsense"},
	} {
		require.Error(t, client.Do(ctx, args...).Err())
		w.Now(t, adaptive.Success)
	}
}

func TestServerOutOfMemoryRefuses(t *testing.T) {
	srv := servers.Start(t, servers.Redis, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr})
	err := client.Set(t.Context(), "k", "v", 0).Err()
	require.True(t, redis.IsOOMError(err), "%v", err)
	w.Now(t, adaptive.Refused)
}

func TestServerWithTooManyClientsIsNoSuccess(t *testing.T) {
	srv := servers.Start(t, servers.Redis, "--maxclients", "1")
	first := redis.NewClient(&redis.Options{Addr: srv.Addr})
	defer first.Close()
	require.NoError(t, first.Ping(t.Context()).Err())
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: -1})
	err := client.Ping(t.Context()).Err()
	require.Error(t, err)
	// redis-server says why and closes without reading; so a client that was about
	// to write mostly sees a broken pipe instead.
	want := adaptive.Failure
	if redis.IsMaxClientsError(err) {
		want = adaptive.Refused
	}
	w.Now(t, want)
}

func TestServerBusyWithAScriptRefuses(t *testing.T) {
	srv := servers.Start(t, servers.Redis, "--busy-reply-threshold", "10")
	other := redis.NewClient(&redis.Options{Addr: srv.Addr, MaxRetries: -1, ReadTimeout: -1})
	defer other.Close()
	ended := make(chan error)
	go func() { ended <- other.Eval(t.Context(), "while true do end", nil).Err() }()
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: -1})
	require.Eventually(t, func() bool {
		err := client.Get(t.Context(), "k").Err()
		busy := err != nil && redis.HasErrorPrefix(err, "BUSY")
		require.Equal(t, busy, w.End(t).Outcome == adaptive.Refused, "%v", err)
		return busy
	}, clienttest.Patience, 5*time.Millisecond)
	require.NoError(t, other.ScriptKill(t.Context()).Err())
	require.Error(t, <-ended)
}

func TestReplicaThatTakesNoWritesFails(t *testing.T) {
	srv := servers.Start(t, servers.Redis, "--replicaof", "127.0.0.1 1")
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: -1})
	require.ErrorContains(t, client.Set(t.Context(), "k", "v", 0).Err(), "READONLY")
	w.Now(t, adaptive.Failure)
}

func TestServerKilledMidAnswerFails(t *testing.T) {
	srv := servers.Start(t, servers.Redis)
	w := clienttest.NewWitness(t, adaptive.Config{})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: -1})
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Now(t, adaptive.Success)
	ended := make(chan error)
	go func() { ended <- client.Do(t.Context(), "debug", "sleep", "60").Err() }()
	require.Eventually(t, func() bool { return w.Stats().InFlight == 1 }, clienttest.Patience, time.Millisecond)
	srv.Kill()
	require.Error(t, <-ended)
	w.Now(t, adaptive.Failure)
	require.NoError(t, srv.Restart())
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Now(t, adaptive.Success)
}

func TestFrozenServerTimesOut(t *testing.T) {
	srv := servers.Start(t, servers.Redis)
	w := clienttest.NewWitness(t, adaptive.Config{Law: "fixed:2"})
	client := limited(t, w, &redis.Options{Addr: srv.Addr, MaxRetries: -1, ReadTimeout: 50 * time.Millisecond,
		PoolSize: 1, PoolTimeout: 10 * time.Millisecond})
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Ended(t, adaptive.Success)
	require.NoError(t, srv.Freeze())
	first := make(chan error)
	go func() { first <- client.Ping(t.Context()).Err() }()
	require.Eventually(t, func() bool { return w.Stats().InFlight == 1 }, clienttest.Patience, time.Millisecond)
	require.Eventually(t, func() bool {
		err := client.Ping(t.Context()).Err()
		w.Ended(t, adaptive.TimedOut)
		return errors.Is(err, redis.ErrPoolTimeout) || err != nil
	}, clienttest.Patience, time.Millisecond)
	require.Error(t, <-first)
	w.Ended(t, adaptive.TimedOut)
	require.NoError(t, srv.Thaw())
	require.NoError(t, client.Ping(t.Context()).Err())
	w.Ended(t, adaptive.Success)
}

// reply is an error reply, as go-redis marks them.
type reply string

func (e reply) Error() string { return string(e) }
func (reply) RedisError()     {}

func TestClassify(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want adaptive.Outcome
	}{
		{t.Context(), nil, adaptive.Success},
		{t.Context(), redis.Nil, adaptive.Success},
		{cancelled, nil, adaptive.Success},
		{cancelled, redis.Nil, adaptive.Success}, // the server did its work
		{cancelled, reply("LOADING Redis is loading the dataset in memory"), adaptive.Refused},
		{cancelled, errors.New("read: use of closed connection"), adaptive.Ignored},
		{expired, errors.New("read: i/o timeout"), adaptive.TimedOut},
		{t.Context(), reply("LOADING Redis is loading the dataset in memory"), adaptive.Refused},
		{t.Context(), reply("TRYAGAIN Multiple keys request during rehashing of slot"), adaptive.Refused},
		{t.Context(), reply("CLUSTERDOWN Hash slot not served"), adaptive.Refused},
		{t.Context(), reply("ERR max number of clients reached"), adaptive.Refused},
		{t.Context(), reply("MOVED 3999 127.0.0.1:6381"), adaptive.Success},
		{t.Context(), reply("ASK 3999 127.0.0.1:6381"), adaptive.Success},
		{t.Context(), reply("MASTERDOWN Link with MASTER is down"), adaptive.Failure},
		{t.Context(), reply("NOREPLICAS Not enough good replicas to write."), adaptive.Failure},
		{t.Context(), reply("MISCONF Errors writing to the AOF file"), adaptive.Failure},
		{t.Context(), reply("NOAUTH Authentication required."), adaptive.Success},
		{t.Context(), reply("BUSYGROUP Consumer Group name already exists"), adaptive.Success}, // not BUSY
		{t.Context(), redis.ErrPoolTimeout, adaptive.TimedOut},
		{t.Context(), redis.ErrClosed, adaptive.Ignored},
		{t.Context(), adaptive.ErrRejected, adaptive.Ignored},
		{t.Context(), errors.New("EOF"), adaptive.Failure},
	} {
		require.Equal(t, c.want.String(), adaptiveredis.Classify(c.ctx, c.err).Outcome.String(), "%v", c.err)
	}
}

func TestSuccessIsClassifiedWithoutAllocating(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = adaptiveredis.Classify(t.Context(), nil) }))
}
