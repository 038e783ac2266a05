package drawn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSameSeedAndIndexAreTheSameScenario(t *testing.T) {
	require.Equal(t, Scenario(3, 7), Scenario(3, 7))
	require.NotEqual(t, Scenario(3, 7).Hash(), Scenario(3, 8).Hash())
	require.NotEqual(t, Scenario(3, 7).Hash(), Scenario(4, 7).Hash())
}

func TestAllAreValidAndWithinTheRecipe(t *testing.T) {
	events := map[string]int{}
	for seed := range uint64(10) {
		for i := range 40 {
			sc := Scenario(seed+1, i)
			require.NoError(t, sc.Validate(), sc.Name)
			d := &sc.Downstream
			require.LessOrEqual(t, d.Servers[0].Servers, 2000)
			base := d.Service.Mean.Seconds()
			require.GreaterOrEqual(t, base, 49e-6)
			require.LessOrEqual(t, base, 30.0)
			require.GreaterOrEqual(t, sc.Duration.Seconds(), 249*base)
			require.LessOrEqual(t, d.Network.Seconds(), 3*base)
			switch {
			case len(sc.Faults) > 0:
				events[string(sc.Faults[0].Kind)]++
			case sc.Clients.Count > 0:
				events["fleet"]++
				require.GreaterOrEqual(t, d.Servers[0].Servers, 4)
			default:
				events[string(sc.Load[0].Arrivals)]++
			}
		}
	}
	for _, event := range []string{"capacity", "slow", "fleet", "mmpp", "schedule", "poisson"} {
		require.Greater(t, events[event], 15, event)
	}
}
