package adaptivepgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/flyball-go/flyball/adaptive"
)

// A Pool sends through a pgxpool.Pool what its Guard admits. It is safe for
// concurrent use; its fields must not change after the first call.
type Pool struct {
	Pool     *pgxpool.Pool       // sends it; must not be nil. What is called on it directly is not limited
	Guard    adaptive.Guard      // decides what is sent; must not be nil
	Classify adaptive.Classifier // what an error tells; nil means Classify
}

// New returns a Pool that sends through pool what g admits. It panics if one of
// them is nil.
func New(pool *pgxpool.Pool, g adaptive.Guard) *Pool {
	if pool == nil {
		panic("adaptivepgx: New without a pool")
	}
	if g == nil {
		panic("adaptivepgx: New without a Guard")
	}
	return &Pool{Pool: pool, Guard: g}
}

// Exec is that of pgxpool.Pool.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = p.do(ctx, func() error {
		tag, err = p.Pool.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// CopyFrom is that of pgxpool.Pool.
func (p *Pool) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (n int64, err error) {
	err = p.do(ctx, func() error {
		n, err = p.Pool.CopyFrom(ctx, table, columns, src)
		return err
	})
	return n, err
}

// Ping is that of pgxpool.Pool.
func (p *Pool) Ping(ctx context.Context) error {
	return p.do(ctx, func() error { return p.Pool.Ping(ctx) })
}

// AcquireFunc is that of pgxpool.Pool. What f does with the connection needs no
// permit; f's error tells how it ended.
func (p *Pool) AcquireFunc(ctx context.Context, f func(*pgxpool.Conn) error) error {
	return p.do(ctx, func() error { return p.Pool.AcquireFunc(ctx, f) })
}

// Query is that of pgxpool.Pool. Close the rows, or read them to their end.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c, err := p.begin(ctx)
	if err != nil {
		return failedRows{err}, err // pgx's callers may use the rows of a failed Query
	}
	defer c.unlessKept()
	r, err := p.Pool.Query(ctx, sql, args...)
	if err != nil {
		c.end(err)
		return r, err
	}
	c.keep()
	return &rows{r, c}, nil
}

// QueryRow is that of pgxpool.Pool. Scan the row.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	c, err := p.begin(ctx)
	if err != nil {
		return failedRow{err}
	}
	defer c.unlessKept()
	r := p.Pool.QueryRow(ctx, sql, args...)
	c.keep()
	return &row{r, c}
}

// SendBatch is that of pgxpool.Pool. Close the results; if the batch begins a
// transaction, that holds the permit.
func (p *Pool) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	c, err := p.begin(ctx)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	defer c.unlessKept()
	return newBatch(p.Pool.SendBatch(ctx, b), c)
}

// Begin is BeginTx without options.
func (p *Pool) Begin(ctx context.Context) (pgx.Tx, error) { return p.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx is that of pgxpool.Pool. One permit is held until Commit or Rollback.
func (p *Pool) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	c, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer c.unlessKept()
	t, err := p.Pool.BeginTx(ctx, options)
	if err != nil {
		c.end(err)
		return nil, err
	}
	c.kept = true
	return &tx{Tx: t, call: c}, nil
}

// do is a call that is over when f returns.
func (p *Pool) do(ctx context.Context, f func() error) error {
	permit, err := p.Guard.Acquire(ctx)
	if err != nil {
		return err
	}
	defer permit.Release() // a panic or Goexit goes on
	err = f()
	permit.DoneResult(p.classify(ctx, err))
	return err
}

func (p *Pool) classify(ctx context.Context, err error) adaptive.Result {
	if p.Classify != nil {
		return p.Classify(ctx, err)
	}
	return Classify(ctx, err)
}
