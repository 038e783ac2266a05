package faults

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivegrpc"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/contrib/adaptiveredis"
	"github.com/flyball-go/flyball/internal/servers"
)

// answer is how many bytes a server answers with, so that a slow network is in
// the middle of it when a caller gives up.
const answer = 4 << 10

// most is how many calls a limiter may admit, and how many connections a client
// may have.
const most = 16

// A subject is a kind of client and its server.
type subject struct {
	name  string
	serve func(testing.TB) (addr string)
	// dial returns what makes one call through g to addr and reads all of the answer.
	dial func(t testing.TB, g adaptive.Guard, addr string) func(context.Context) error
}

var subjects = []subject{
	{"http", serveHTTP, dialHTTP},
	{"grpc", serveGRPC, dialGRPC},
	{"redis", serveRedis, dialRedis},
	{"postgres", servePostgres, dialPostgres},
}

func serveHTTP(t testing.TB) string {
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write(make([]byte, answer)) // err: a client that left
	}))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func dialHTTP(t testing.TB, g adaptive.Guard, addr string) func(context.Context) error {
	base := &http.Transport{MaxIdleConnsPerHost: most, MaxConnsPerHost: most}
	client := &http.Client{Transport: adaptivehttp.NewTransport(g, base)}
	t.Cleanup(base.CloseIdleConnections)
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

const method = "/faults.Service/Call"

func serveGRPC(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := grpc.NewServer()
	srv.RegisterService(&grpc.ServiceDesc{ServiceName: "faults.Service", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Call", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return wrapperspb.Bytes(make([]byte, answer)), decode(new(emptypb.Empty))
		}}}}, nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l) // ends with Stop
	}()
	t.Cleanup(func() { srv.Stop(); <-served })
	return l.Addr().String()
}

func dialGRPC(t testing.TB, g adaptive.Guard, addr string) func(context.Context) error {
	cc, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(adaptivegrpc.New(g).Unary),
		// By default it dials again after 1 s at the earliest and 2 min at the latest.
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, MaxDelay: 200 * time.Millisecond}}))
	require.NoError(t, err)
	t.Cleanup(func() { _ = cc.Close() })
	return func(ctx context.Context) error {
		return cc.Invoke(ctx, method, new(emptypb.Empty), new(wrapperspb.BytesValue))
	}
}

func serveRedis(t testing.TB) string {
	addr := servers.Start(t, servers.Redis).Addr
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	require.NoError(t, client.Set(t.Context(), "key", strings.Repeat("x", answer), 0).Err())
	return addr
}

func dialRedis(t testing.TB, g adaptive.Guard, addr string) func(context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: most, ContextTimeoutEnabled: true,
		DialTimeout: patience, DialerRetries: 1, // go-redis sees no cancelled context while it dials
		MaxRetries: 1}) // with three, its waits outlast patience, whatever happened
	client.AddHook(adaptiveredis.NewHook(g))
	t.Cleanup(func() { _ = client.Close() })
	return func(ctx context.Context) error { return client.Get(ctx, "key").Err() }
}

func servePostgres(t testing.TB) string {
	return servers.Start(t, servers.Postgres, "max_connections=200").Addr
}

func dialPostgres(t testing.TB, g adaptive.Guard, addr string) func(context.Context) error {
	c, err := pgxpool.ParseConfig("postgres://" + servers.PostgresUser + "@" + addr + "/?sslmode=disable")
	require.NoError(t, err)
	c.MaxConns = most
	base, err := pgxpool.NewWithConfig(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(base.Close)
	pool := adaptivepgx.New(base, g)
	return func(ctx context.Context) error {
		var s string
		return pool.QueryRow(ctx, "select repeat('x', $1)", answer).Scan(&s)
	}
}
