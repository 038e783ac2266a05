package simulate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/breaker"
	"github.com/flyball-go/flyball/internal/raced"
)

// A queue in front of an overloaded downstream, first come first served, sends
// every call when its deadline is near. If it then sends those that cannot make it,
// places are spent on calls that time out, and a law takes that for a downstream
// that is down.
func TestQueueBehindDeadlinesKeepsItsGoodput(t *testing.T) {
	raced.Spare(t)
	for _, load := range []string{"600", "1200"} {
		for _, service := range []string{"{exp: 50ms}", "{const: 50ms}", "{lognormal: 50ms, sigma: 1}"} {
			sc, err := Parse("busy.yaml", []byte(`
duration: 60s
timeout: 500ms
load: {poisson: `+load+`}
wait: {queue: 1000}
downstream: {servers: 20, service: `+service+`}
`))
			require.NoError(t, err)
			for _, law := range []string{"fixed:20", "fixed:40", "knee", "aimd", "vegas"} {
				res, err := (&Runner{}).Play(context.Background(), sc, Candidate{Name: law, Limiter: adaptive.Config{Law: law}})
				require.NoError(t, err)
				guarded, err := (&Runner{}).Play(context.Background(), sc, Candidate{Name: law, Limiter: adaptive.Config{Law: law}, Breaker: &breaker.Config{}})
				require.NoError(t, err)
				assert.Greater(t, float64(guarded.Served)/60, 0.85*400, "%s/s, %s, %s with a breaker", load, service, law)
				assert.Greater(t, float64(res.Served)/60, 0.85*400, "%s/s, %s, %s", load, service, law)
			}
		}
	}
}
