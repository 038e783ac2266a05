package simulate

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func outage(clients int) *Scenario {
	return &Scenario{
		Name: "outage", Duration: 40 * time.Second, Timeout: time.Second,
		Clients:    Clients{Count: clients},
		Load:       []Phase{{Arrivals: Poisson, Rate: Rate{Value: 200}}},
		Downstream: Downstream{Servers: []Step{{Servers: 20}}, Service: Distribution{Kind: Exp, Mean: 50 * time.Millisecond}, Queue: -1},
		Faults:     []Fault{{Kind: Errors, Value: 1, At: 10 * time.Second, For: 8 * time.Second}},
	}
}

func TestHistoryHasDecisionsAndTripsInOrder(t *testing.T) {
	runner := Runner{Guards: []string{"vegas", "aimd+breaker", "chained", "none"}, History: true}
	rep, err := runner.Compare(context.Background(), outage(1))
	require.NoError(t, err)
	for _, res := range rep.Results {
		h := res.History
		switch res.Guard {
		case "oracle":
			require.Nil(t, h)
			continue
		case "none":
			require.Equal(t, &History{}, h)
			continue
		}
		require.NotEmpty(t, h.Decisions, res.Guard)
		require.LessOrEqual(t, len(h.Decisions), Bins, res.Guard)
		bin := -1
		for _, d := range h.Decisions {
			require.Greater(t, int(d.At/res.Series.Bin), bin, "%s: one a bin, in order", res.Guard)
			bin = int(d.At / res.Series.Bin)
			require.Contains(t, d.Decision, "samples")
			require.Zero(t, d.Client)
		}
		if res.Guard == "vegas" {
			require.Empty(t, h.Trips)
			continue
		}
		require.Equal(t, "open", h.Trips[0].State)
		require.InDelta(t, 11.5, h.Trips[0].At, 0.6, res.Guard) // silent for 1 s and the usual
		require.Equal(t, "closed", h.Trips[len(h.Trips)-1].State)
		for i := 1; i < len(h.Trips); i++ {
			require.GreaterOrEqual(t, h.Trips[i].At, h.Trips[i-1].At)
			require.NotEqual(t, h.Trips[i].State, h.Trips[i-1].State)
		}
	}
}

func TestHistoryTellsClientsApart(t *testing.T) {
	runner := Runner{History: true}
	res, err := runner.Run(context.Background(), outage(5), "vegas+breaker")
	require.NoError(t, err)
	who := map[int]bool{}
	for _, trip := range res.History.Trips {
		who[trip.Client] = true
	}
	require.Len(t, who, 5)
}

func TestHistoryChangesNothingElse(t *testing.T) {
	plain, err := new(Runner).Compare(context.Background(), outage(2))
	require.NoError(t, err)
	ended := map[string]int{}
	runner := Runner{History: true, Ended: func(r *Result) { ended[r.Guard]++ }}
	told, err := runner.Compare(context.Background(), outage(2))
	require.NoError(t, err)
	want, err := json.Marshal(plain)
	require.NoError(t, err)
	got, err := json.Marshal(told)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Nil(t, plain.Results[0].History)
	require.Len(t, ended, len(told.Guards()))
}
