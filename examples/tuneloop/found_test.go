package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// foundWell is a loop that came out well against a server of 200 requests a second.
func foundWell(t *testing.T) (*found, *server) {
	t.Helper()
	s := &server{workers: make(chan struct{}, 8)}
	s.busy.Store(int64(40 * time.Millisecond))
	s.calls.Store(1)
	f := &found{held: true, twin: &simulate.Scenario{Downstream: simulate.Downstream{
		Servers: []simulate.Step{{Servers: 8}}, Service: simulate.Distribution{Mean: 41 * time.Millisecond},
	}}}
	f.Knee.Rate, f.Knee.Goodput, f.Knee.P99 = 195, 195, 60*time.Millisecond
	with := cell{Times: 2, Guarded: true}
	with.Measured.Goodput, with.Measured.Waited.P99 = 190, 70*time.Millisecond
	f.Verified.Cells = []cell{with, {Times: 2}}
	return f, s
}

func TestWhatIsNotGoodIsSaid(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*found)
		want  string
	}{
		{"", func(*found) {}, ""},
		{"knee", func(f *found) { f.Knee.Rate = 240 }, "FAIL  knee       found 240 calls/s, the truth is 200: off by +20.0 %"},
		{"twin", func(f *found) { f.twin.Downstream.Servers[0].Servers = 12 }, "FAIL  twin       has 12 servers"},
		{"prediction", func(f *found) { f.held = false }, "FAIL  prediction"},
		{"goodput", func(f *found) { f.Verified.Cells[0].Measured.Goodput = 100 }, "FAIL  goodput"},
		{"p99", func(f *found) { f.Verified.Cells[0].Measured.Waited.P99 = time.Second }, "FAIL  p99"},
		{"nothing measured", func(f *found) { f.Verified.Cells = nil }, "FAIL  p99"},
	} {
		f, s := foundWell(t)
		c.spoil(f)
		var out strings.Builder
		require.Equal(t, c.want == "", f.beside(&out, s), c.name)
		require.Contains(t, out.String(), c.want)
	}
}

func TestInterruptEndsTheLoopAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupt"))
	var out bytes.Buffer
	good, err := run(ctx, &out, 2, time.Millisecond, full)
	require.Error(t, err)
	require.False(t, good)
}

func TestTheSpaceIsOne(t *testing.T) {
	_, err := tune.Parse("space.yaml", space)
	require.NoError(t, err)
}
