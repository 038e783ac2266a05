package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fourWorkers work off 100 calls of 50 ms.
func fourWorkers() *Scenario {
	sc := simple(1, 100, 10*time.Second)
	sc.Load = []Phase{{Arrivals: Work, Work: 100, AtOnce: 4}}
	sc.Downstream.Service.Kind = Const
	sc.Wait.Queue = 4
	return sc
}

func TestAWorkListIsWorkedOffAsFastAsTheWorkersCan(t *testing.T) {
	res := play(t, fourWorkers(), "none")
	require.EqualValues(t, 100, res.Served)
	require.InDelta(t, 100*0.050/4, *res.Makespan, 1e-9)
	require.InDelta(t, 4*1.25/10, res.InFlight.Mean, 1e-9, "all workers are busy until the end")

	limited := play(t, fourWorkers(), "fixed:2")
	require.EqualValues(t, 100, limited.Served, "the other workers wait for their turn")
	require.InDelta(t, 100*0.050/2, *limited.Makespan, 1e-9)
	x, err := limited.Metric("makespan")
	require.NoError(t, err)
	require.Equal(t, *limited.Makespan, x)
}

func TestAMakespanCountsFromTheStartOfItsPhase(t *testing.T) {
	sc := fourWorkers()
	sc.Load = append([]Phase{{Arrivals: Constant, Rate: Rate{Value: 1}, For: 3 * time.Second}}, sc.Load...)
	res := play(t, sc, "none")
	require.InDelta(t, 1.25, *res.Makespan, 1e-9)
	require.EqualValues(t, 102, res.Served, "at 1 and at 2 s")
}

func TestWhatIsNotDoneHasNoMakespan(t *testing.T) {
	short := fourWorkers()
	short.Duration = time.Second
	res := play(t, short, "none")
	require.EqualValues(t, 80, res.Offered)
	require.Nil(t, res.Makespan)
	_, err := res.Metric("makespan")
	require.Error(t, err)

	cut := fourWorkers()
	cut.Load = append(cut.Load, Phase{Arrivals: Constant, Rate: Rate{Value: 1}})
	cut.Load[0].For = 500 * ms
	res = play(t, cut, "none")
	require.EqualValues(t, 40+9, res.Offered, "workers go home at the end of their phase")
	require.Nil(t, res.Makespan)

	rejected := fourWorkers()
	rejected.Wait.Max = 20 * ms
	res = play(t, rejected, "fixed:2")
	require.Positive(t, res.Rejected)
	require.EqualValues(t, 100, res.Offered)
	require.Nil(t, res.Makespan, "what was never sent is not done")

	require.Nil(t, play(t, overload(), "none").Makespan)
}

// A call that fails is over: whether it is made again is up to the retries.
func TestALateCallIsOver(t *testing.T) {
	sc := fourWorkers()
	sc.Timeout = 30 * ms
	res := play(t, sc, "none")
	require.EqualValues(t, 100, res.Late)
	require.InDelta(t, 100*0.030/4, *res.Makespan, 1e-9)
}

func TestAFleetSharesTheWorkList(t *testing.T) {
	sc := fourWorkers()
	sc.Clients = Clients{Count: 4, Join: []time.Duration{0, 0, 0, 500 * ms}}
	of := offered(t, sc)
	require.InDelta(t, 100, of[0]+of[1]+of[2]+of[3], 0)
	// 30 calls by three in 500 ms, then 17 or 18 each.
	require.InDelta(t, 27.5, of[0], 1)
	require.InDelta(t, 17.5, of[3], 1)
}

func TestLiveWorkersStopAtTheEndOfTheList(t *testing.T) {
	sc := fourWorkers()
	sc.Load[0].Work = 5
	l := live(t, sc)
	var users []int
	require.NoError(t, l.Offer(func(a Arrival) { users = append(users, a.User) }))
	l.Advance(0)
	require.Equal(t, []int{0, 1, 2, 3}, users)
	l.Think(100*milli, 2)
	l.Think(100*milli, 1)
	l.Advance(200 * milli)
	require.Equal(t, []int{0, 1, 2, 3, 2}, users)
}
