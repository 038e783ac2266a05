package adaptiveredis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

var shared = servers.Shared{Launch: servers.Redis}

func TestMain(m *testing.M) {
	logging.Disable() // it logs each connection that fails, as most here do
	clienttest.Main(m, shared.Stop)
}

// options are those of a client with no more retries than it takes to see that
// they are inside the permit.
func options(n clienttest.Network) *redis.Options {
	return &redis.Options{Addr: n.Addr, TLSConfig: n.TLS, Dialer: n.Dial, ContextTimeoutEnabled: true,
		MaxRetries: 1, ReadTimeout: 300 * time.Millisecond,
		DialTimeout: 300 * time.Millisecond, DialerRetries: 1} // go-redis sees no cancelled context while it dials or reads
}

// limited returns a client of the server at addr that goes through g.
func limited(t *testing.T, g adaptive.Guard, o *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(o)
	client.AddHook(adaptiveredis.NewHook(g))
	t.Cleanup(func() { _ = client.Close() })
	return client
}

const key = "large"

func large(t *testing.T) string {
	t.Helper()
	addr := shared.Get(t).Addr
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	require.NoError(t, client.Set(t.Context(), key, strings.Repeat("x", clienttest.Large), 0).Err())
	return addr
}

func TestConformance(t *testing.T) {
	addr := large(t)
	call := func(ctx context.Context, g adaptive.Guard, n clienttest.Network, more ...redis.Hook) error {
		o := options(n)
		if n.TLS != nil { // which is what go-redis does without a Dialer of ours
			o.Dialer, o.DialTimeout = nil, 0
		}
		client := redis.NewClient(o)
		defer client.Close()
		client.AddHook(adaptiveredis.NewHook(g))
		for _, h := range more {
			client.AddHook(h)
		}
		return client.Get(ctx, key).Err()
	}
	clienttest.Client{
		Server: addr,
		Call: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) error {
			return call(ctx, g, n)
		},
		Below: func(ctx context.Context, g adaptive.Guard, f func()) error {
			return call(ctx, g, clienttest.Network{}, below(f))
		},
	}.Run(t)
}

// below is a hook that calls f in place of the command.
type below func()

func (below) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f below) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { f(); return nil }
}

func (f below) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { f(); return nil }
}
