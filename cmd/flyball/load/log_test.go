package load

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
)

func TestLogIsReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run{Method: "GET", Target: "http://localhost/", Begun: time.Now()}
		g := generator(serves(8, 0, always(20*ms)).call)
		for _, rate := range []float64{20, 100} {
			s, err := g.Hold(t.Context(), rate, Span{Min: time.Second, Max: time.Second})
			require.NoError(t, err)
			r.Steps = append(r.Steps, s)
		}
		r.Steps = append(r.Steps, Step{Rate: 7}) // as it is read from a file
		s, err := g.Hold(t.Context(), 50, Span{Min: time.Second, Max: time.Second})
		require.NoError(t, err)
		r.Verified = &Verified{Cells: []Cell{{Times: 0.8, Guarded: true, Measured: s}}}
		var b bytes.Buffer
		require.NoError(t, r.WriteLog(&b))
		require.True(t, strings.HasPrefix(b.String(), "#[response times of GET http://localhost/, ns]\n#[Histogram log format version 1.3]\n"), b.String())

		log := hdrhistogram.NewHistogramLogReader(&b)
		for _, want := range []struct {
			tag   string
			calls int64
		}{{"20/s", 20}, {"100/s", 100}, {"limiter-0.8x", 50}} {
			h, err := log.NextIntervalHistogram()
			require.NoError(t, err)
			require.Equal(t, want.tag, h.Tag())
			require.Equal(t, want.calls, h.TotalCount())
			require.InEpsilon(t, float64(20*ms), float64(h.ValueAtQuantile(99)), 0.001)
			require.InDelta(t, 1000, float64(h.EndTimeMs()-h.StartTimeMs()), 1)
		}
		end, err := log.NextIntervalHistogram()
		require.NoError(t, err)
		require.Nil(t, end)
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLogTellsOfAFullDisk(t *testing.T) {
	require.ErrorContains(t, (&Run{}).WriteLog(full{}), "no space left on device")
}
