package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/clienttest"
	"github.com/flyball-go/flyball/internal/servers"
)

func TestMain(m *testing.M) { clienttest.Main(m) }

func TestEachClientGetsThroughBothTrials(t *testing.T) {
	p := plan{initial: 1, queue: -1, laws: []string{"knee", "aimd"}, patience: 300 * time.Millisecond, probe: 100 * time.Millisecond,
		warmup: 100 * time.Millisecond, length: 300 * time.Millisecond, rounds: 2, warm: 5}
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			p.only = s.name
			var out strings.Builder
			servers.Require(t, run(t.Context(), &out, p))
			t.Log("\n" + out.String())
			require.Equal(t, 5, strings.Count(out.String(), "\n"+s.name+" "), "a row without, one with each law, one of numbers of callers and one of idle calls")
			require.NotContains(t, out.String(), "NaN")
			require.Contains(t, out.String(), "flyball, Initial 1, no queue")
			require.Contains(t, out.String(), "flyball, aimd, Initial 1, no queue")
		})
	}
}

func TestMedianLiesInItsInterval(t *testing.T) {
	var x []float64
	for i := range 101 {
		x = append(x, float64(100-i))
	}
	require.Equal(t, interval{low: 40, middle: 50, high: 60}, median(x)) // 50 ± 9.85, outwards
	require.Equal(t, interval{low: 7, middle: 7, high: 7}, median([]float64{7}))
	require.Equal(t, interval{low: 1, middle: 1, high: 2}, median([]float64{2, 1}))
}

func TestUnknownClientIsRefused(t *testing.T) {
	var out strings.Builder
	require.EqualError(t, run(t.Context(), &out, plan{only: "smtp"}), `-only names "smtp", must be one of http, http2, grpc, redis, pgx, pgx-lock`)
	require.Empty(t, out.String())
}

func TestUnknownLawIsRefused(t *testing.T) {
	var out strings.Builder
	require.EqualError(t, run(t.Context(), &out, plan{laws: []string{"knee", "reno"}}),
		`-laws: adaptive: law "reno" is unknown; the laws are aimd, fair, fixed, gradient, knee, vegas`)
	require.Empty(t, out.String())
}

func TestAClientWithoutAGoodAnswerHasNoPercentile(t *testing.T) {
	var out strings.Builder
	require.NoError(t, report(&out, plan{}, []overload{{name: "none-good", capacity: 10, unloaded: time.Second}}, nil))
	require.Regexp(t, `none-good .* 0/s +0 % +– +– `, out.String())
}
