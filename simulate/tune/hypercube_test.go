package tune

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEverySliceOfEveryAxisHasOnePoint(t *testing.T) {
	points := hypercube(50, 7, newRand(1, "test"))
	for axis := range 7 {
		seen := map[int]bool{}
		for _, p := range points {
			require.GreaterOrEqual(t, p[axis], 0.0)
			require.Less(t, p[axis], 1.0)
			seen[int(p[axis]*50)] = true
		}
		require.Len(t, seen, 50)
	}
	require.Equal(t, points, hypercube(50, 7, newRand(1, "test")))
	require.NotEqual(t, points, hypercube(50, 7, newRand(2, "test")))
	require.NotEqual(t, points, hypercube(50, 7, newRand(1, "other")))
}

func TestAChildIsNearItsParent(t *testing.T) {
	s := space(t, "{version: 1, law: [knee, vegas], limiter: {max: {min: 10, max: 9000, scale: log}, queue: {choice: [1, 2]}}}")
	rnd := newRand(1, "test")
	parent := []Point{{0.2, 0.02, 0.1}}
	far, turned := 0, 0
	for round := range 2 {
		for range 500 {
			p := s.child(parent, 0, round, rnd)
			for _, u := range p {
				require.GreaterOrEqual(t, u, 0.0)
				require.LessOrEqual(t, u, 1.0)
			}
			if p[1] != parent[0][1] {
				turned++
			}
			if p[1] > 0.02+3.5*firstStep {
				far++
			}
		}
	}
	require.Equal(t, []Point{{0.2, 0.02, 0.1}}, parent)
	require.InDelta(t, 600, turned, 60)
	require.Less(t, far, 5)
}
