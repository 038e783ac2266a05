package main

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// wellFound is what came out well of a server of 200 calls a second.
func wellFound(t *testing.T) *found {
	t.Helper()
	f := &found{truth: 200}
	f.Knee.Rate, f.Knee.Goodput, f.Knee.P99 = 195, 194, 45*ms
	for _, p99 := range []time.Duration{41 * ms, 40 * ms} {
		var j judged
		j.Rate, j.Below, j.Measured.P99, j.Predicted.P99 = 40, true, 40*ms, p99
		f.Twin.Judged = append(f.Twin.Judged, j)
	}
	with, without := cell{Times: 2, Guarded: true}, cell{Times: 2}
	with.Measured.Goodput, with.Measured.Waited.P99 = 190, 70*ms
	without.Measured.Goodput, without.Measured.Sent, without.Measured.OK = 10, 100, 5
	f.Verified.Cells = []cell{with, without}
	return f
}

func TestWhatIsMissedIsSaid(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*found)
		want  string
	}{
		{"all well", func(*found) {}, ""},
		{"the knee is too high", func(f *found) { f.Knee.Rate = 231 }, "knee"},
		{"the knee is too low", func(f *found) { f.Knee.Rate = 169 }, "knee"},
		{"the twin is off", func(f *found) { f.Twin.Judged[1].Predicted.P99 = 49 * ms }, "twin's p99, worst of 2 held out"},
		{"the twin is off where it is not judged", func(f *found) { f.Twin.Judged[1].Predicted.P99, f.Twin.Judged[1].Below = 99*ms, false }, ""},
		{"the twin was not judged", func(f *found) { f.Twin.Judged = nil }, "twin's p99, worst of 0 held out"},
		{"little goodput", func(f *found) { f.Verified.Cells[0].Measured.Goodput = 174 }, "goodput at 2 ×, tuned"},
		{"a long tail", func(f *found) { f.Verified.Cells[0].Measured.Waited.P99 = 91 * ms }, "p99 at 2 ×, tuned"},
		{"nobody was answered", func(f *found) { f.Verified.Cells[0].Measured.Waited.P99 = 0 }, "p99 at 2 ×, tuned"},
		{"the plain client does well", func(f *found) { f.Verified.Cells[1].Measured.Goodput = 98 }, "goodput at 2 ×, plain"},
		{"the plain client was not tried", func(f *found) { f.Verified.Cells = f.Verified.Cells[:1] }, "goodput at 2 ×, plain"},
	} {
		f := wellFound(t)
		c.spoil(f)
		missed := ""
		rows := f.rows(kinds[0])
		for _, r := range rows {
			if !r.met {
				missed += r.claim
			}
		}
		require.Equal(t, c.want, missed, c.name)
		require.Equal(t, c.want == "", print(io.Discard, rows), c.name)
	}
}

// Who calls a fast server gives up sooner: at 1 s for all, one that refuses what is
// beyond 40 inside would never have callers who do.
func TestPatienceIsSoManyTimesTheKneesP99(t *testing.T) {
	f := wellFound(t)
	require.Equal(t, 135*ms, f.patience())
	require.Equal(t, "194/s at the knee, patience 135 ms", f.rows(find("sheds"))[4].truth)
	f.Knee.P99 = 45*ms + 400*time.Microsecond
	require.Equal(t, 136*ms, f.patience())
}

func TestATableKeepsWhatIsOfOtherServers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "real.md")
	f := wellFound(t)
	require.NoError(t, merge(path, f.rows(kinds[1])))
	require.NoError(t, merge(path, f.rows(kinds[0])))
	f.Knee.Rate = 150
	require.NoError(t, merge(path, f.rows(kinds[1])))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	text := string(data)
	require.Equal(t, 1, strings.Count(text, "| 195.0/s, -2.5 % | ± 15 % | met |"), text)
	require.Equal(t, 1, strings.Count(text, "| 150.0/s, -25.0 % | ± 15 % | missed |"), text)
	require.Equal(t, 10, strings.Count(text, "\n| 8 at")+strings.Count(text, "\n| 32 at"), text)
	require.Less(t, strings.Index(text, "| 8 at"), strings.Index(text, "| 32 at"))
}

func TestAServerThatIsNotThereIsSaid(t *testing.T) {
	_, err := run(t.Context(), io.Discard, "nine", "", "", "")
	require.EqualError(t, err, `-only names "nine", must be one of eight, thirtytwo, bimodal, sheds, computes`)
}

// TestServersAreWhatTheySay asks each kind for more than it does at a time.
func TestServersAreWhatTheySay(t *testing.T) {
	for _, k := range kinds {
		s := httptest.NewServer(newServer(k))
		w := way{ctx: t.Context(), url: s.URL + "/"}
		answers := make(chan int, 60)
		for range cap(answers) {
			go func() {
				a, err := s.Client().Get(s.URL)
				if err != nil {
					answers <- 0
					return
				}
				a.Body.Close()
				answers <- a.StatusCode
			}()
		}
		count := map[int]int{}
		for range cap(answers) {
			count[<-answers]++
		}
		a, err := w.account()
		require.NoError(t, err)
		require.EqualValues(t, count[200], a.Calls, k.name)
		require.Positive(t, a.Busy)
		if k.sheds > 0 {
			require.GreaterOrEqual(t, count[200], k.sheds)
			require.Equal(t, cap(answers), count[200]+count[503])
		} else {
			require.Equal(t, map[int]int{200: cap(answers)}, count, k.name)
		}
		a, err = w.account()
		require.NoError(t, err)
		require.Zero(t, a.Calls, "an account is of the time since the last")
		s.Close()
	}
}
