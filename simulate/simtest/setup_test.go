package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/simtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// farm is 20 servers of 50 ms each, 400 calls a second, at rate calls a second.
func farm(rate float64, duration time.Duration) *simulate.Scenario {
	return &simulate.Scenario{
		Name: "farm", Seed: 1, Duration: duration,
		Load: []simulate.Phase{{Arrivals: simulate.Poisson, Rate: simulate.Rate{Value: rate}}},
		Downstream: simulate.Downstream{
			Servers: []simulate.Step{{Servers: 20}}, Queue: -1,
			Service: simulate.Distribution{Kind: simulate.Exp, Mean: 50 * time.Millisecond},
		},
	}
}

// lone is one server of exactly 100 ms without load, and with these faults.
func lone(faults ...simulate.Fault) *simulate.Scenario {
	sc := farm(1, time.Minute)
	sc.Downstream.Servers[0].Servers = 1
	sc.Downstream.Service = simulate.Distribution{Kind: simulate.Const, Mean: 100 * time.Millisecond}
	sc.Faults = faults
	return sc
}

// brownout is the scenario of the example.
func brownout(t *testing.T) *simulate.Scenario {
	t.Helper()
	sc, err := simulate.Load("testdata/brownout.yaml")
	require.NoError(t, err)
	return sc
}

// verdict is a testing.TB that takes down what it is told instead of failing.
type verdict struct {
	testing.TB
	errors []string
	fatal  string
}

func (v *verdict) Helper() {}

func (v *verdict) Errorf(format string, args ...any) {
	v.errors = append(v.errors, fmt.Sprintf(format, args...))
}

func (v *verdict) Fatal(args ...any) {
	v.fatal = fmt.Sprint(args...)
	runtime.Goexit()
}

func (v *verdict) Fatalf(format string, args ...any) { v.Fatal(fmt.Sprintf(format, args...)) }

// fatal is what f ends the test with.
func fatal(v *verdict, f func()) string {
	v.fatal = ""
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
	return v.fatal
}

// judged runs f with a downstream that complains to a verdict.
func judged(t *testing.T, sc *simulate.Scenario, f func(v *verdict, d *simtest.Downstream)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &verdict{TB: t}
		d := simtest.New(v, sc)
		f(v, d)
	})
}

// bubble runs f with a downstream in a bubble.
func bubble(t *testing.T, sc *simulate.Scenario, f func(t *testing.T, d *simtest.Downstream)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, simtest.New(t, sc)) })
}

// patient calls with a time-out.
func patient(ctx context.Context, d *simtest.Downstream, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return d.Call(ctx)
}

func client(t *testing.T, rt http.RoundTripper) *http.Client {
	c := &http.Client{Transport: rt}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// get is an error unless the answer is 200.
func get(ctx context.Context, c *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://stock.test/", nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil { // or the connection is not used again
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func request(t *testing.T, ctx context.Context) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://stock.test/", nil)
	require.NoError(t, err)
	return req
}
