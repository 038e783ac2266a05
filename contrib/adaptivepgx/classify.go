package adaptivepgx

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/flyball-go/flyball/adaptive"
)

// Classify tells what err, of a statement sent under ctx, says about the server,
// as the package comment lists it. It is what a [Pool] without a Classify of its
// own uses.
func Classify(ctx context.Context, err error) adaptive.Result {
	if err == nil {
		return adaptive.Result{Outcome: adaptive.Success}
	}
	return failed(ctx, err) // not here, where its variables would cost an allocation
}

func failed(ctx context.Context, err error) adaptive.Result {
	var said *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, pgx.ErrTooManyRows),
		errors.Is(err, pgx.ErrTxClosed), errors.Is(err, pgx.ErrTxCommitRollback):
		return adaptive.Result{Outcome: adaptive.Success}
	case errors.As(err, &said) && said.Code != queryCanceled:
		return adaptive.Result{Outcome: sqlstate(said.Code)}
	}
	r := adaptive.Classify(ctx, err)
	if r.Outcome != adaptive.Failure {
		return r
	}
	switch {
	case errors.Is(err, puddle.ErrClosedPool):
		r.Outcome = adaptive.Ignored
	case said != nil, pgconn.Timeout(err): // statement_timeout; connect_timeout
		r.Outcome = adaptive.TimedOut
	}
	return r
}

const queryCanceled = "57014"

func sqlstate(code string) adaptive.Outcome {
	switch code {
	case "57P03", "55P03": // cannot_connect_now, lock_not_available
		return adaptive.Refused
	}
	if len(code) < 2 {
		return adaptive.Failure
	}
	switch code[:2] {
	case "53": // insufficient resources
		return adaptive.Refused
	case "08", "28", "3D", "57", "58", "XX":
		return adaptive.Failure
	}
	return adaptive.Success
}

// answered is err unless a row came that could not be stored where the caller
// wanted it, which is not the server's doing.
func answered(err error) error {
	var scan pgx.ScanArgError
	if errors.As(err, &scan) || err != nil && strings.HasPrefix(err.Error(), "number of field descriptions must equal") {
		return nil
	}
	return err
}
