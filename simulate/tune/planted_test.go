package tune

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

// Three configurations that are wrong for what they are in front of are brought to
// within a twentieth of the best fixed limit, on seeds that nothing has seen and on
// changed downstreams: of the limit that is best in hindsight for all of these
// together, and of the one that is best for each alone, which nobody could know.
func TestPlantedConfigurationsAreMended(t *testing.T) {
	if !long() {
		t.Skip("takes minutes; FLYBALL_LONG=1 runs it")
	}
	for _, name := range []string{"llm", "cache", "database"} {
		t.Run(name, func(t *testing.T) {
			const folder = "../../examples/tune/"
			sc, err := simulate.Load(folder + name + ".yaml")
			require.NoError(t, err)
			planted, err := LoadSetting(folder + name + "-limiter.yaml")
			require.NoError(t, err)
			within, err := Load(folder + "space.yaml")
			require.NoError(t, err)
			f := run(t, &Search{Scenarios: []*simulate.Scenario{sc}, Space: within, InForce: planted, Candidates: 128})
			t.Logf("%s: %s", f.Answer, f.Why)
			require.False(t, f.Keep, f.Why)

			worth := unseenWorth(t, sc)
			tuned, bad := worth(f.Answer), worth(planted)
			best, bestOf := row{}, row{}
			for n := 1; n <= 512; n += max(1, n/6) {
				for _, queue := range []int{-1, f.Answer.Limiter.Queue} {
					s := Setting{Limiter: f.Answer.Limiter}
					s.Limiter.Law, s.Limiter.Initial, s.Limiter.Max, s.Limiter.Queue = fmt.Sprintf("fixed:%d", n), n, n, queue
					r := worth(s)
					if r.mean() > best.mean() {
						best = r
					}
					for i := range r {
						bestOf[i] = max(bestOf[i], r[i])
					}
				}
			}
			t.Logf("tuned has %.3f of the best fixed limit, planted %.3f", tuned.mean()/best.mean(), bad.mean()/best.mean())
			require.GreaterOrEqual(t, tuned.mean(), 0.95*best.mean())
			require.Less(t, bad.mean(), 0.5*tuned.mean())
			for i, change := range changes {
				t.Logf("%s: tuned has %.3f of the limit that is best there, planted %.3f", change.Name, tuned[i]/bestOf[i], bad[i]/bestOf[i])
				require.GreaterOrEqual(t, tuned[i], 0.95*bestOf[i], change.Name)
			}
		})
	}
}

// row is what a setting is worth on each of the changed downstreams, the mean over
// seeds.
type row [5]float64

func (r row) mean() float64 {
	sum := 0.0
	for _, x := range r {
		sum += x / float64(len(r))
	}
	return sum
}

// unseenWorth plays settings on seeds of its own.
func unseenWorth(t *testing.T, sc *simulate.Scenario) func(Setting) row {
	o := objective(t, DefaultObjective)
	var worlds []*world
	for _, c := range changes {
		w, err := newWorld(c.on(sc), &o)
		require.NoError(t, err)
		worlds = append(worlds, w)
	}
	seeds := inARow(5001, 5)
	return func(s Setting) (r row) {
		for i, w := range worlds {
			for _, seed := range seeds {
				c, err := w.play(context.Background(), new(simulate.Runner), &o, &s, seed)
				require.NoError(t, err)
				r[i] += c.Worth / float64(len(seeds))
			}
		}
		return r
	}
}
