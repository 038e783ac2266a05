package adaptivepgx

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// rows end their call where pgx gives the connection back.
type rows struct {
	pgx.Rows
	call *call
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.call.end(r.Rows.Err())
	return false
}

// Close reads what is left, as pgx does, and ends the call.
func (r *rows) Close() {
	r.Rows.Close()
	r.call.end(r.Rows.Err())
}

// Scan closes the rows if it fails, as pgx does. That tells nothing of the server:
// it answered, and the caller's destination is wrong.
func (r *rows) Scan(dest ...any) error {
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.Rows.Close()
		r.call.end(nil)
	}
	return err
}

func (r *rows) Values() ([]any, error) {
	v, err := r.Rows.Values()
	if err != nil {
		r.Rows.Close()
		r.call.end(nil)
	}
	return v, err
}

type row struct {
	pgx.Row
	call *call
}

func (r *row) Scan(dest ...any) error {
	returned := false
	defer func() {
		if !returned { // a panic in a Scanner of the caller's
			r.call.end(nil)
		}
	}()
	err := r.Row.Scan(dest...)
	returned = true
	r.call.end(answered(err))
	return err
}

// failedRows and failedRow are what pgx returns beside an error.
type failedRows struct{ err error }

func (failedRows) Close()                                       {}
func (r failedRows) Err() error                                 { return r.err }
func (failedRows) CommandTag() (tag pgconn.CommandTag)          { return tag }
func (failedRows) FieldDescriptions() []pgconn.FieldDescription { return nil }
func (failedRows) Next() bool                                   { return false }
func (r failedRows) Scan(...any) error                          { return r.err }
func (r failedRows) Values() ([]any, error)                     { return nil, r.err }
func (failedRows) RawValues() [][]byte                          { return nil }
func (failedRows) Conn() *pgx.Conn                              { return nil }
func (failedRows) TypeMap() *pgtype.Map                         { return nil }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
