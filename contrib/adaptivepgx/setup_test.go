package adaptivepgx_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

var shared = servers.Shared{Launch: servers.Postgres}

func TestMain(m *testing.M) { clienttest.Main(m, shared.Stop) }

func connect(ctx context.Context, n clienttest.Network) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig("postgres://" + servers.PostgresUser + "@" + n.Addr + "/?sslmode=disable")
	if err != nil {
		return nil, err
	}
	c.ConnConfig.TLSConfig = n.TLS
	if n.Dial != nil { // which looks names up itself
		c.ConnConfig.DialFunc = n.Dial
		c.ConnConfig.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	return pgxpool.NewWithConfig(context.WithoutCancel(ctx), c)
}

// limited returns a pool of the server at addr that goes through g.
func limited(t *testing.T, g adaptive.Guard, addr string) *adaptivepgx.Pool {
	t.Helper()
	pool, err := connect(t.Context(), clienttest.Network{Addr: addr})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return adaptivepgx.New(pool, g)
}

const large = "select repeat('x', 1024) from generate_series(1, 256)"

func TestConformance(t *testing.T) {
	addr := shared.Get(t).Addr
	begin := func(ctx context.Context, g adaptive.Guard, n clienttest.Network) (clienttest.Answer, error) {
		pool, err := connect(ctx, n)
		if err != nil {
			return clienttest.Answer{}, err
		}
		rows, err := adaptivepgx.New(pool, g).Query(ctx, large)
		if err != nil {
			rows.Close()
			pool.Close()
			return clienttest.Answer{}, err
		}
		leave := func() { rows.Close(); pool.Close() }
		if !rows.Next() {
			leave()
			return clienttest.Answer{}, rows.Err()
		}
		return clienttest.Answer{
			Read: func() error {
				for rows.Next() {
				}
				return rows.Err()
			},
			Close: func() error { rows.Close(); return rows.Err() },
			Leave: leave,
		}, nil
	}
	clienttest.Client{
		Server: addr,
		Open:   begin,
		Call: func(ctx context.Context, g adaptive.Guard, n clienttest.Network) error {
			a, err := begin(ctx, g, n)
			if err != nil {
				return err
			}
			defer a.Leave()
			return a.Read()
		},
		Below: func(ctx context.Context, g adaptive.Guard, f func()) error {
			c, err := pgxpool.ParseConfig("postgres://" + servers.PostgresUser + "@" + addr + "/")
			if err != nil {
				return err
			}
			c.ConnConfig.Tracer = tracer(f)
			pool, err := pgxpool.NewWithConfig(ctx, c)
			if err != nil {
				return err
			}
			defer pool.Close()
			_, err = adaptivepgx.New(pool, g).Exec(ctx, "select 1")
			return err
		},
	}.Run(t)
}

// tracer calls itself at the start of a query, where what a caller has installed
// runs below the Pool.
type tracer func()

func (f tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	f()
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
