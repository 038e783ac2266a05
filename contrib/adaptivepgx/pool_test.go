package adaptivepgx_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/internal/clienttest"
)

// one returns a pool of the shared server with a limit of 1.
func one(t *testing.T) (*adaptivepgx.Pool, clienttest.Witness) {
	t.Helper()
	w := clienttest.NewWitness(t, adaptive.Config{})
	return limited(t, w, shared.Get(t).Addr), w
}

func TestStatementsEndWhereTheyReturn(t *testing.T) {
	db, w := one(t)
	ctx := t.Context()
	_, err := db.Exec(ctx, "create table if not exists copied (n int)")
	require.NoError(t, err)
	w.Now(t, adaptive.Success)
	require.NoError(t, db.Ping(ctx))
	w.Now(t, adaptive.Success)
	n, err := db.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"n"}, pgx.CopyFromRows([][]any{{1}, {2}}))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	w.Now(t, adaptive.Success)
	require.NoError(t, db.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		w.Held(t)
		_, err := c.Exec(ctx, "select 1") // needs no permit of its own
		return err
	}))
	w.Now(t, adaptive.Success)
}

func TestRowsHoldThePermitUntilTheyEnd(t *testing.T) {
	db, w := one(t)
	for name, end := range map[string]func(pgx.Rows){
		"read":  func(r pgx.Rows) { require.False(t, r.Next()) },
		"close": pgx.Rows.Close,
		"scan that fails": func(r pgx.Rows) {
			var wrong time.Time
			require.Error(t, r.Scan(&wrong))
		},
		"values that fail": func(r pgx.Rows) {
			r.Close()
			_, _ = r.Values()
		},
	} {
		rows, err := db.Query(t.Context(), "select 1")
		require.NoError(t, err, name)
		require.True(t, rows.Next())
		w.Held(t)
		end(rows)
		w.Now(t, adaptive.Success)
		rows.Close()
		w.Idle(t)
	}
	got, err := pgx.CollectRows(must(db.Query(t.Context(), "select n from generate_series(1, 3) n")), pgx.RowTo[int])
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, got)
	w.Now(t, adaptive.Success)
}

func must(r pgx.Rows, err error) pgx.Rows { return r } // as pgx's own helpers take it: the error is in the rows

func TestErrorsAreInTheRowsToo(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Queue: -1})
	db := limited(t, w, shared.Get(t).Addr)
	held, ok := w.TryAcquire()
	require.True(t, ok)
	defer held.Release()
	_, err := pgx.CollectRows(must(db.Query(t.Context(), "select 1")), pgx.RowTo[int])
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorIs(t, db.QueryRow(t.Context(), "select 1").Scan(nil), adaptive.ErrRejected)
	b := &pgx.Batch{}
	b.Queue("select 1")
	results := db.SendBatch(t.Context(), b)
	_, err = results.Exec()
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorIs(t, results.Close(), adaptive.ErrRejected)
	_, err = db.Begin(t.Context())
	require.ErrorIs(t, err, adaptive.ErrRejected)
	require.ErrorIs(t, pgx.BeginFunc(t.Context(), db, func(pgx.Tx) error { return nil }), adaptive.ErrRejected)
}

func TestRowEndsWithScan(t *testing.T) {
	db, w := one(t)
	var n int
	row := db.QueryRow(t.Context(), "select 7")
	w.Held(t)
	require.NoError(t, row.Scan(&n))
	require.Equal(t, 7, n)
	w.Now(t, adaptive.Success)
	require.ErrorIs(t, db.QueryRow(t.Context(), "select 1 where false").Scan(&n), pgx.ErrNoRows)
	w.Now(t, adaptive.Success)
	var wrong time.Time
	require.Error(t, db.QueryRow(t.Context(), "select 7").Scan(&wrong))
	w.Now(t, adaptive.Success) // the server did its work
	require.Error(t, db.QueryRow(t.Context(), "select 7, 8").Scan(&n))
	w.Now(t, adaptive.Success)
	require.Panics(t, func() { _ = db.QueryRow(t.Context(), "select 7").Scan(scanner{}) })
	w.Now(t, adaptive.Success)
}

type scanner struct{}

func (scanner) Scan(any) error { panic("scan") }

func TestBatchIsOneCallUntilItIsClosed(t *testing.T) {
	db, w := one(t)
	b := &pgx.Batch{}
	for range 100 {
		b.Queue("select 1")
	}
	results := db.SendBatch(t.Context(), b)
	_, err := results.Exec()
	require.NoError(t, err)
	w.Held(t)
	require.NoError(t, results.Close())
	w.Now(t, adaptive.Success)
	require.NoError(t, results.Close())
	w.Idle(t)
}

func TestBatchThatBeginsATransactionLeavesThePermitToIt(t *testing.T) {
	db, w := one(t)
	b := &pgx.Batch{}
	b.BeginTx(pgx.TxOptions{})
	b.Queue("select 1")
	results := db.SendBatch(t.Context(), b)
	require.NoError(t, results.Close())
	w.Held(t)
	_, err := results.Tx().Exec(t.Context(), "select 2")
	require.NoError(t, err)
	require.NoError(t, results.Tx().Commit(t.Context()))
	w.Now(t, adaptive.Success)
}

func TestTransactionDoesNotWaitForItself(t *testing.T) {
	db, w := one(t)
	ctx := t.Context()
	require.NoError(t, pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "create temp table words (w text) on commit drop"); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"words"}, []string{"w"}, pgx.CopyFromRows([][]any{{"a"}})); err != nil {
			return err
		}
		if err := pgx.BeginFunc(ctx, tx, func(nested pgx.Tx) error { // a savepoint
			_, err := nested.Exec(ctx, "insert into words values ('b')")
			return err
		}); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue("insert into words values ('c')")
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		w.Held(t)
		words, err := pgx.CollectRows(must(tx.Query(ctx, "select w from words order by w")), pgx.RowTo[string])
		require.Equal(t, []string{"a", "b", "c"}, words)
		if err != nil {
			return err
		}
		var n int
		return tx.QueryRow(ctx, "select count(*) from words").Scan(&n)
	}))
	w.Now(t, adaptive.Success)

	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	w.Held(t)
	require.NoError(t, tx.Rollback(ctx))
	w.Now(t, adaptive.Success)
	require.ErrorIs(t, tx.Commit(ctx), pgx.ErrTxClosed) // as after any end
	w.Idle(t)
}

func TestTransactionOutlivesTheContextOfItsBegin(t *testing.T) {
	db, w := one(t)
	ctx, cancel := context.WithCancel(t.Context())
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	cancel()
	w.Held(t)
	_, err = tx.Exec(t.Context(), "select 1")
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	w.Now(t, adaptive.Success)
}

func TestTransactionCountsAsTheWorstOfItsStatements(t *testing.T) {
	db, w := one(t)
	ctx := t.Context()
	fail := errors.New("the caller's own")
	for name, run := range map[string]func(pgx.Tx) error{
		"exec": func(tx pgx.Tx) error { _, err := tx.Exec(ctx, "select pg_sleep(9)"); return err },
		"rows": func(tx pgx.Tx) error {
			_, err := pgx.CollectRows(must(tx.Query(ctx, "select pg_sleep(9)")), pgx.RowTo[string])
			return err
		},
		"row": func(tx pgx.Tx) error { return tx.QueryRow(ctx, "select pg_sleep(9)").Scan(nil) },
		"batch": func(tx pgx.Tx) error {
			b := &pgx.Batch{}
			b.Queue("select pg_sleep(9)")
			return tx.SendBatch(ctx, b).Close()
		},
		"nested": func(tx pgx.Tx) error {
			return pgx.BeginFunc(ctx, tx, func(in pgx.Tx) error { _, err := in.Exec(ctx, "select pg_sleep(9)"); return err })
		},
	} {
		require.ErrorIs(t, pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "set local statement_timeout = 10")
			require.NoError(t, err)
			require.Error(t, run(tx), name)
			return fail
		}), fail)
		require.Equal(t, adaptive.TimedOut.String(), w.End(t).Outcome.String(), name)
		w.Idle(t)
	}
}

func TestNewWithoutItsPartsPanics(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{})
	require.PanicsWithValue(t, "adaptivepgx: New without a pool", func() { adaptivepgx.New(nil, w) })
	require.PanicsWithValue(t, "adaptivepgx: New without a Guard", func() { adaptivepgx.New(&pgxpool.Pool{}, nil) })
}
