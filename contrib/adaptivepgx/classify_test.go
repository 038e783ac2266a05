package adaptivepgx_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/contrib/adaptivepgx"
	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

// code is the SQLSTATE of err.
func code(t *testing.T, err error) string {
	t.Helper()
	var said *pgconn.PgError
	require.ErrorAs(t, err, &said)
	return said.Code
}

func TestSQLStatesOfTheServer(t *testing.T) {
	db, w := one(t)
	ctx := t.Context()
	for sql, want := range map[string]struct {
		code    string
		outcome adaptive.Outcome
	}{
		"selec":            {"42601", adaptive.Success},
		"select * from no": {"42P01", adaptive.Success},
		"select 1/0":       {"22012", adaptive.Success},
		"do $$ begin raise exception using errcode = '40001'; end $$": {"40001", adaptive.Success},
		"do $$ begin raise exception using errcode = '40P01'; end $$": {"40P01", adaptive.Success},
		"do $$ begin raise exception using errcode = '23505'; end $$": {"23505", adaptive.Success},
		"do $$ begin raise exception using errcode = '53100'; end $$": {"53100", adaptive.Refused},
		"do $$ begin raise exception using errcode = '53200'; end $$": {"53200", adaptive.Refused},
		"do $$ begin raise exception using errcode = '53400'; end $$": {"53400", adaptive.Refused},
		"do $$ begin raise exception using errcode = '55P03'; end $$": {"55P03", adaptive.Refused},
		"do $$ begin raise exception using errcode = '58030'; end $$": {"58030", adaptive.Failure},
		"do $$ begin raise exception using errcode = '08006'; end $$": {"08006", adaptive.Failure},
		"do $$ begin raise exception using errcode = 'XX000'; end $$": {"XX000", adaptive.Failure},
	} {
		_, err := db.Exec(ctx, sql)
		require.Equal(t, want.code, code(t, err))
		w.Now(t, want.outcome)
	}
}

func TestStatementTimeoutIsTimedOut(t *testing.T) {
	db, w := one(t)
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "set local statement_timeout = 10")
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "select pg_sleep(9)")
		return err
	})
	require.Equal(t, "57014", code(t, err))
	w.Now(t, adaptive.TimedOut)
}

func TestLockNotAvailableRefuses(t *testing.T) {
	w := clienttest.NewWitness(t, adaptive.Config{Law: "fixed:2"})
	db := limited(t, w, shared.Get(t).Addr)
	ctx := t.Context()
	_, err := db.Exec(ctx, "create table if not exists locked (n int)")
	require.NoError(t, err)
	w.Ended(t, adaptive.Success)
	require.NoError(t, pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "lock table locked")
		require.NoError(t, err)
		err = pgx.BeginFunc(ctx, db, func(other pgx.Tx) error {
			_, err := other.Exec(ctx, "lock table locked nowait")
			return err
		})
		require.Equal(t, "55P03", code(t, err))
		w.Ended(t, adaptive.Refused)
		return nil
	}))
	w.Now(t, adaptive.Success)
}

func TestServerWithTooManyConnectionsRefuses(t *testing.T) {
	srv := servers.Start(t, servers.Postgres, "max_connections=2", "superuser_reserved_connections=0", "max_wal_senders=0")
	w := clienttest.NewWitness(t, adaptive.Config{Law: "fixed:9"})
	db := limited(t, w, srv.Addr)
	require.Eventually(t, func() bool { // until the server has forgotten who asked whether it is up
		var open []pgx.Tx
		defer func() {
			for _, tx := range open {
				require.NoError(t, tx.Rollback(t.Context()))
				w.Ended(t, adaptive.Success)
			}
		}()
		for range 3 {
			tx, err := db.Begin(t.Context())
			if err != nil {
				require.Equal(t, "53300", code(t, err))
				w.Ended(t, adaptive.Refused)
				return len(open) == 2
			}
			open = append(open, tx)
		}
		return false
	}, clienttest.Patience, 10*time.Millisecond)
	w.Idle(t)
}

func TestServerThatShutsDownFails(t *testing.T) {
	db, w := one(t)
	ended := make(chan error)
	go func() {
		_, err := db.Exec(t.Context(), "select pg_sleep(60) /* terminated */")
		ended <- err
	}()
	require.Eventually(t, func() bool { return w.Stats().InFlight == 1 }, clienttest.Patience, time.Millisecond)
	require.Eventually(t, func() bool {
		tag, err := db.Pool.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where query like '%/* terminated */' and pid <> pg_backend_pid()")
		return err == nil && tag.RowsAffected() == 1
	}, clienttest.Patience, 5*time.Millisecond)
	require.Equal(t, "57P01", code(t, <-ended))
	w.Now(t, adaptive.Failure)
}

func TestServerKilledMidAnswerFails(t *testing.T) {
	srv := servers.Start(t, servers.Postgres)
	w := clienttest.NewWitness(t, adaptive.Config{})
	db := limited(t, w, srv.Addr)
	rows, err := db.Query(t.Context(), "select repeat('x', 1024) from generate_series(1, 1000000)")
	require.NoError(t, err)
	require.True(t, rows.Next())
	w.Held(t)
	srv.Kill() // the postmaster; its children follow
	for rows.Next() {
	}
	require.Error(t, rows.Err())
	w.Now(t, adaptive.Failure)
	require.NoError(t, srv.Restart())
	require.NoError(t, db.Ping(t.Context()))
	w.Now(t, adaptive.Success)
}

func TestClosedPoolIsNoFailure(t *testing.T) {
	db, w := one(t)
	db.Pool.Close()
	require.Error(t, db.Ping(t.Context()))
	w.Now(t, adaptive.Ignored)
}

func TestClassify(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	sql := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want adaptive.Outcome
	}{
		{t.Context(), nil, adaptive.Success},
		{cancelled, nil, adaptive.Success},
		{t.Context(), pgx.ErrNoRows, adaptive.Success},
		{t.Context(), pgx.ErrTooManyRows, adaptive.Success},
		{t.Context(), pgx.ErrTxCommitRollback, adaptive.Success},
		{cancelled, sql("53300"), adaptive.Refused}, // the server has answered
		{t.Context(), sql("57P03"), adaptive.Refused},
		{t.Context(), sql("57P02"), adaptive.Failure},
		{t.Context(), sql("28P01"), adaptive.Failure},
		{t.Context(), sql("3D000"), adaptive.Failure},
		{t.Context(), sql(""), adaptive.Failure},
		{t.Context(), sql("57014"), adaptive.TimedOut},
		{expired, sql("57014"), adaptive.TimedOut},
		{cancelled, sql("57014"), adaptive.Ignored},
		{cancelled, errors.New("conn closed"), adaptive.Ignored},
		{expired, errors.New("conn closed"), adaptive.TimedOut},
		{t.Context(), adaptive.ErrRejected, adaptive.Ignored},
		{t.Context(), errors.New("conn closed"), adaptive.Failure},
	} {
		require.Equal(t, c.want.String(), adaptivepgx.Classify(c.ctx, c.err).Outcome.String(), "%v", c.err)
	}
}

func TestSuccessIsClassifiedWithoutAllocating(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = adaptivepgx.Classify(t.Context(), nil) }))
}
