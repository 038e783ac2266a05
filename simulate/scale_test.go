package simulate

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One set of constants serves from one server to thousands and from microseconds
// to half a minute: at 1.5 times the capacity, the default law is within 15 % of
// an oracle everywhere.
func TestTheDefaultLawHasNoScale(t *testing.T) {
	servers, bases := []int{1, 100}, []time.Duration{50 * time.Microsecond, 30 * time.Second}
	if long() {
		servers = []int{1, 10, 100, 1000, 2000}
		bases = []time.Duration{50 * time.Microsecond, time.Millisecond, 50 * time.Millisecond, time.Second, 30 * time.Second}
	}
	for _, c := range servers {
		for _, base := range bases {
			t.Run(fmt.Sprintf("%d servers of %v", c, base), func(t *testing.T) {
				t.Parallel()
				rounds := max(300, 20_000/c) // of a service time each
				sc := &Scenario{
					Name: "scale", Duration: time.Duration(rounds) * base, Timeout: 40 * base,
					Load: []Phase{{Arrivals: Poisson, Rate: Rate{Value: 1.5 * float64(c) / base.Seconds()}}},
					Downstream: Downstream{
						Servers: []Step{{Servers: c}}, Service: Distribution{Kind: Exp, Mean: base}, Queue: -1,
					},
				}
				res, err := Run(context.Background(), sc, "knee")
				require.NoError(t, err)
				t.Logf("score %.3f, limit %.1f", res.Score, res.Limit.Mean)
				require.GreaterOrEqual(t, res.Score, 0.85)
			})
		}
	}
}
