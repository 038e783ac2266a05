package adaptive

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClassifyLooksAtTheContextBeforeTheError(t *testing.T) {
	live := context.Background()
	cancelled, cancel := context.WithCancelCause(live)
	cancel(errors.New("why"))
	expired, cancel2 := context.WithDeadline(live, time.Unix(0, 0))
	defer cancel2()
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want Result
	}{
		{"no error", live, nil, Result{Outcome: Success}},
		{"no error, though the caller left", cancelled, nil, Result{Outcome: Success}},
		{"no error, though the deadline passed", expired, nil, Result{Outcome: Success}},
		{"any error", live, broken, Result{Outcome: Failure}},
		{"any error of a cancelled call", cancelled, broken, Result{Outcome: Ignored}},
		{"any error after the deadline", expired, broken, Result{Outcome: TimedOut}},
		{"a refusal of a cancelled call", cancelled, Refuse(broken, 7), Result{Outcome: Ignored}},
		{"a refusal", live, fmt.Errorf("wrapped: %w", Refuse(broken, 7)), Result{Outcome: Refused, RetryAfter: 7}},
		{"an ignored error", live, Ignore(broken), Result{Outcome: Ignored}},
		{"a time-out below the caller's deadline", live, fmt.Errorf("dial: %w", context.DeadlineExceeded), Result{Outcome: TimedOut}},
		{"a cancel below the caller", live, fmt.Errorf("dial: %w", context.Canceled), Result{Outcome: Ignored}},
		{"a rejection further down", live, &RejectedError{Reason: RejectBreakerOpen}, Result{Outcome: Ignored}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, Classify(c.ctx, c.err)) })
	}
}

func TestMarkedErrorsKeepWhatTheyMark(t *testing.T) {
	broken := errors.New("broken")
	require.ErrorIs(t, Refuse(broken, 0), broken)
	require.ErrorIs(t, Ignore(broken), broken)
	require.EqualError(t, Refuse(broken, time.Second), "broken")
	require.NoError(t, Refuse(nil, time.Second))
	require.NoError(t, Ignore(nil))
}

func TestRejectionsMatchTheUmbrellaAndSayWhy(t *testing.T) {
	l, err := New(Config{Name: "users"})
	require.NoError(t, err)
	plain := fixedAt(t, 1, 1)
	for r := range RejectReason(RejectReasons) {
		require.Equal(t, r, l.Rejection(r).Reason)
		require.ErrorIs(t, l.Rejection(r), ErrRejected)
		require.NotErrorIs(t, l.Rejection(r), context.Canceled)
		require.EqualError(t, l.Rejection(r), "adaptive: users: rejected: "+r.String())
		require.EqualError(t, plain.Rejection(r), "adaptive: rejected: "+r.String())
	}
	require.Equal(t, "closed", RejectClosed.String())
	require.Equal(t, "reason 99", RejectReason(99).String())
}

func TestOutcomesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for o := range Outcome(Outcomes) {
		require.NotEmpty(t, o.String())
		require.False(t, seen[o.String()])
		seen[o.String()] = true
	}
	require.Equal(t, "ignored", Outcome(0).String())
	require.Equal(t, "timed out", TimedOut.String())
	require.Equal(t, "outcome 99", Outcome(99).String())
}
