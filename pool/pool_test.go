package pool

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestFaultsAreReported(t *testing.T) {
	_, err := New(nil, Config{Queue: -1})
	require.ErrorContains(t, err, "guard is nil")
	require.ErrorContains(t, err, "Queue is -1")
}

func TestGoTellsOnErrorOfEveryError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := newLimiter(t, 1, 0)
		var errs []error
		p, err := NewWith(lim, Config{}, Parts{OnError: func(err error) { errs = append(errs, err) }})
		require.NoError(t, err)
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { return nil }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { return errBoom }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { panic("at the disco") }))
		require.NoError(t, p.Go(t.Context(), func(context.Context) error { runtime.Goexit(); return nil }))
		_, err = p.Shutdown(t.Context())
		require.NoError(t, err)
		require.Len(t, errs, 3)
		require.ErrorIs(t, errs[0], errBoom)
		require.ErrorContains(t, errs[1], "at the disco")
		require.ErrorIs(t, errs[2], ErrGoexit)
		require.ErrorIs(t, p.Go(t.Context(), nil), ErrClosed)
	})
}
