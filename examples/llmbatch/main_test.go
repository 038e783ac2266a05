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

func TestEveryPromptIsAnswered(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, 60, 20, time.Millisecond))
	t.Log("\n" + out.String())
	require.Contains(t, out.String(), "60 prompts, ")
}

func TestInterruptEndsTheBatch(t *testing.T) {
	cause := errors.New("interrupt")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
	var out bytes.Buffer
	require.ErrorIs(t, run(ctx, &out, 100_000, 48, 10*time.Millisecond), cause)
}
