package simulate

import "context"

// Found is what an oracle was, for a [Runner] in another process.
type Found struct {
	Multiple float64 `json:"multiple"` // of the right limit
	Goodput  float64 `json:"goodput"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
}

// Found returns the oracles that r has found, by the hash of their scenario.
func (r *Runner) Found() map[string]Found {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[string]Found{}
	for hash, o := range r.oracles {
		o.mu.Lock()
		if res := o.result; res != nil {
			found[hash] = foundIn(res)
		}
		o.mu.Unlock()
	}
	return found
}

// Recall tells r of oracles that were found before. Each is played once instead
// of searched for; if it does not come out as it was, the simulator is another
// one, and it is searched for all the same.
func (r *Runner) Recall(found map[string]Found) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recalled = found
}

func foundIn(res *Result) Found {
	return Found{Multiple: res.Oracle, Goodput: res.Goodput, P50: res.Latency.P50, P99: res.Latency.P99}
}

// recall plays the oracle that was found before, and returns nil if it is not
// what it was.
func (f Found) recall(ctx context.Context, sc *Scenario, budget uint64) (*Result, error) {
	res, err := playOracle(ctx, sc, f.Multiple, budget)
	if err != nil || foundIn(res) != f {
		return nil, err
	}
	res.judge(sc, res)
	return res, nil
}
