package simulate

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/internal/raced"
)

const library = "../examples/scenarios"

// scenarios returns the scenarios of the catalogue by their code, which a file has
// in a comment of its own.
func scenarios(t *testing.T) map[string]*Scenario {
	t.Helper()
	files, err := filepath.Glob(library + "/*.yaml")
	require.NoError(t, err)
	code := regexp.MustCompile(`(?m)^# ([dh]\d\d)\n# \S`)
	out := map[string]*Scenario{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		sc, err := Load(file)
		require.NoError(t, err)
		require.Equal(t, filepath.Base(file), sc.Name+".yaml")
		require.NotEmpty(t, sc.Description, file)
		if m := code.FindSubmatch(text); m != nil {
			require.NotContains(t, out, string(m[1]), file)
			out[string(m[1])] = sc
		}
	}
	return out
}

// research is the league of the bench that the default law was found on: the
// score of each guard in each scenario, with other draws than ours.
func research(t *testing.T) (guards []string, score map[string]map[string]float64) {
	t.Helper()
	f, err := os.Open("testdata/league.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	score = map[string]map[string]float64{}
	for _, row := range rows[1:] {
		score[row[0]] = map[string]float64{}
		for i, guard := range rows[0][1:] {
			x, err := strconv.ParseFloat(row[i+1], 64)
			require.NoError(t, err)
			score[row[0]][guard] = x
		}
	}
	return rows[0][1:], score
}

func TestTheLibraryHoldsTheWholeCatalogue(t *testing.T) {
	_, score := research(t)
	got := scenarios(t)
	require.Len(t, score, 48)
	for code := range score {
		require.Contains(t, got, code)
	}
}

// Each scenario of the library can be played; the long ones only begin.
func TestTheLibraryPlays(t *testing.T) {
	raced.Spare(t)
	start, events := time.Now(), uint64(0)
	for code, sc := range scenarios(t) {
		short := *sc
		if calls := newArrivals(sc, newWeather(sc)).steps(); calls > 30_000 {
			short.Duration = time.Duration(float64(sc.Duration) * 30_000 / calls)
		}
		for _, guard := range []string{"none", "vegas"} {
			kind, err := parseGuard(guard)
			require.NoError(t, err)
			r, err := newRun(&short, kind)
			require.NoError(t, err)
			res, err := r.play(context.Background(), 0)
			require.NoError(t, err, code)
			require.Positive(t, res.Served, code)
			events += res.Events
		}
	}
	t.Logf("%.2f million events per second", float64(events)/1e6/time.Since(start).Seconds())
}

// Two benches that were written apart, with different random draws, agree: fixed
// limits, no limit, and four imported laws that look at single calls.
func TestTheLeagueAgreesWithTheResearchBench(t *testing.T) {
	if !long() {
		t.Skip("takes minutes; FLYBALL_LONG=1 plays it")
	}
	guards, score := research(t)
	apart := map[string]int{}
	mean := map[string]float64{}
	for code, sc := range scenarios(t) {
		if score[code] == nil {
			continue
		}
		rep, err := (&Runner{Guards: guards, Events: 100_000_000}).Compare(context.Background(), sc)
		require.NoError(t, err)
		for i, guard := range guards {
			d := rep.Results[i].Score - score[code][guard]
			mean[guard] += d / float64(len(score))
			if math.Abs(d) > 0.05 {
				apart[guard]++
				t.Logf("%s %s: %.3f, research %.3f", sc.Name, guard, rep.Results[i].Score, score[code][guard])
			}
		}
	}
	for _, guard := range guards {
		t.Logf("%s: mean difference %+.3f, %d of %d apart by over 0.05", guard, mean[guard], apart[guard], len(score))
		if guard == "knee" || strings.HasSuffix(guard, "-win") {
			// Another law of the same family, and another window: only their means are alike.
			require.InDelta(t, 0, mean[guard], 0.04, guard)
			continue
		}
		require.InDelta(t, 0, mean[guard], 0.02, guard)
		require.LessOrEqual(t, apart[guard], 6, guard)
	}
}
