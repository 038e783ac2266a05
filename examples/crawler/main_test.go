package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryPageIsFetchedOnceThoughTheServerChanges(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, 600, 2*time.Millisecond))
	t.Log("\n" + out.String())
	require.Contains(t, out.String(), "server of 16 workers:   200 pages")
	require.Contains(t, out.String(), "server of  4 workers:   100 pages")
	require.Contains(t, out.String(), "server of 32 workers:   300 pages", "no page is fetched twice")
	require.Contains(t, out.String(), "600 pages in")
	require.Contains(t, out.String(), " 0 failed, 600 attempts")
}

func TestInterruptEndsTheCrawl(t *testing.T) {
	cause := errors.New("interrupt")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
	var out bytes.Buffer
	require.ErrorIs(t, run(ctx, &out, 1_000_000, 10*time.Millisecond), cause)
	require.Contains(t, out.String(), " 0 failed,", "what was cancelled has not failed")
}
