package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short overloads for a second: long enough for the plain client's queue to grow old.
var short = trial{
	workers: 4, service: 20 * time.Millisecond,
	rate: 500, length: time.Second, timeout: 200 * time.Millisecond,
}

func TestLimiterPaysOffUnderOverload(t *testing.T) {
	var out bytes.Buffer
	better, err := run(t.Context(), &out, short)
	t.Log("\n" + out.String())
	require.NoError(t, err)
	require.True(t, better)
	require.Contains(t, out.String(), "with flyball")
	require.Contains(t, out.String(), "raised the good answers")
}

func TestInterruptEndsTheProgramAtOnce(t *testing.T) {
	cause := errors.New("interrupt")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
	var out bytes.Buffer
	endless := short
	endless.length = time.Hour
	better, err := run(ctx, &out, endless)
	require.ErrorIs(t, err, cause)
	require.False(t, better)
	require.NotContains(t, out.String(), "goodput")
}

func TestConclusionIsNoBetterThanTheFigures(t *testing.T) {
	some := func(n int) *results { return &results{latencies: make([]time.Duration, n)} }
	var out strings.Builder
	require.False(t, report(&out, time.Second, some(0), some(0), 4))
	require.False(t, report(&out, time.Second, some(10), some(10), 4))
	require.Contains(t, out.String(), "did not pay off")
	require.True(t, report(&out, time.Second, some(10), some(11), 4))
}

func TestEachCallIsCountedOnceUnderItsOwnName(t *testing.T) {
	var r results
	r.count(nil, time.Second)
	r.count(&url.Error{Err: &adaptive.RejectedError{}}, 0)
	r.count(&url.Error{Err: context.DeadlineExceeded}, 0)
	r.count(fmt.Errorf("read body: %w", context.DeadlineExceeded), 0)
	r.count(&url.Error{Err: errors.New("connection refused")}, 0)
	require.Equal(t, []int{5, 1, 1, 2, 1}, []int{r.offered, len(r.latencies), r.rejected, r.timedOut, r.failed})
}
