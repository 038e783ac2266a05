package adaptivepgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tx notes what its statements tell, and ends its call with its own end. A nested
// one is a savepoint of the outer, whose call goes on.
type tx struct {
	pgx.Tx
	call   *call
	nested bool
}

func (t *tx) Begin(ctx context.Context) (pgx.Tx, error) {
	inner, err := t.Tx.Begin(ctx)
	if err != nil {
		t.call.note(err)
		return nil, err
	}
	return &tx{Tx: inner, call: t.call, nested: true}, nil
}

func (t *tx) Commit(ctx context.Context) error {
	err := t.Tx.Commit(ctx)
	t.end(err)
	return err
}

func (t *tx) Rollback(ctx context.Context) error {
	err := t.Tx.Rollback(ctx)
	t.end(err)
	return err
}

func (t *tx) end(err error) {
	if t.nested {
		t.call.note(err)
	} else {
		t.call.end(err)
	}
}

func (t *tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := t.Tx.Exec(ctx, sql, args...)
	t.call.note(err)
	return tag, err
}

func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := t.Tx.Query(ctx, sql, args...)
	t.call.note(err)
	return noting{r, t.call}, err
}

func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return notingRow{t.Tx.QueryRow(ctx, sql, args...), t.call}
}

func (t *tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	n, err := t.Tx.CopyFrom(ctx, table, columns, src)
	t.call.note(err)
	return n, err
}

func (t *tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return notingBatch{t.Tx.SendBatch(ctx, b), t.call}
}

// noting are rows inside a transaction.
type noting struct {
	pgx.Rows
	call *call
}

func (r noting) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.call.note(answered(r.Rows.Err()))
	}
	return more
}

type notingRow struct {
	pgx.Row
	call *call
}

func (r notingRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	r.call.note(answered(err))
	return err
}

type notingBatch struct {
	pgx.BatchResults
	call *call
}

func (b notingBatch) Close() error {
	err := b.BatchResults.Close()
	b.call.note(err)
	return err
}
