package adaptivepgx

import "github.com/jackc/pgx/v5"

// batch ends its call when it is closed, with its first error; one that began a
// transaction leaves that to the transaction, as it does with the connection.
type batch struct {
	pgx.BatchResults
	call *call
	tx   *tx // nil unless the batch began it
}

func newBatch(r pgx.BatchResults, c *call) pgx.BatchResults {
	b := &batch{BatchResults: r, call: c}
	if t := r.Tx(); t != nil {
		b.tx = &tx{Tx: t, call: c}
		c.kept = true
	} else {
		c.keep()
	}
	return b
}

func (b *batch) Close() error {
	err := b.BatchResults.Close()
	if b.tx != nil {
		b.call.note(err)
	} else {
		b.call.end(err)
	}
	return err
}

func (b *batch) Tx() pgx.Tx {
	if b.tx == nil {
		return nil
	}
	return b.tx
}
