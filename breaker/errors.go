package breaker

import (
	"errors"

	"github.com/flyball-go/flyball/adaptive"
)

// What gobreaker is told of a call: nil, or one of these.
var (
	errFailed   = errors.New("failed")
	errExcluded = errors.New("excluded")
)

// rejection is a limiter's error that also matches gobreaker's own, so that code
// written for gobreaker finds what it looks for.
type rejection struct {
	*adaptive.RejectedError
	both []error
}

func newRejection(e *adaptive.RejectedError, native error) error {
	return &rejection{e, []error{e, native}}
}

func (r *rejection) Unwrap() []error { return r.both }
