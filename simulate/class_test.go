package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mixed is a downstream with room for all, and two classes of calls.
func mixed() *Scenario {
	sc := simple(200, 100, 60*time.Second)
	sc.Downstream.Service = Distribution{}
	sc.Classes = []Class{
		{Name: "quick", Share: 0.75, Service: Distribution{Kind: Const, Mean: 10 * ms}},
		{Name: "slow", Share: 0.25, Service: Distribution{Kind: Const, Mean: 200 * ms}, Timeout: 100 * ms},
	}
	return sc
}

func TestClassesHaveServiceAndTimeoutOfTheirOwn(t *testing.T) {
	res := play(t, mixed(), "none")
	quick, slow := res.Classes[0], res.Classes[1]
	require.Equal(t, []string{"quick", "slow"}, []string{quick.Name, slow.Name})
	require.InEpsilon(t, 9000, quick.Offered, 0.03)
	require.InEpsilon(t, 3000, slow.Offered, 0.05)
	require.InEpsilon(t, 150, quick.Goodput, 0.03)
	require.Equal(t, quick.Served+quick.Pending, quick.Offered)
	require.InDelta(t, 0.010, quick.Latency.Max, 1e-9)
	require.Zero(t, slow.Served)
	require.Equal(t, slow.Late+slow.Pending, slow.Offered)
	require.InDelta(t, 0.100, slow.Latency.Max, 1e-9)
	require.Equal(t, res.Late, slow.Late)

	sc := mixed()
	sc.Timeout, sc.Classes[1].Timeout = 150*ms, 0
	require.InDelta(t, 0.150, play(t, sc, "none").Classes[1].Latency.Max, 1e-9, "the scenario's is for those without their own")
}

func TestARetryIsOfTheClassOfItsCall(t *testing.T) {
	sc := mixed()
	sc.Retries = Retries{Count: 2} // its backoff follows from the time-out of the class
	sc.Timeout, sc.Classes[1].Timeout = time.Second, 100*ms
	res := play(t, sc, "none")
	require.InEpsilon(t, res.Classes[0].Offered+3*res.Classes[1].Offered, res.Attempts, 0.002)
	require.Zero(t, res.Classes[1].Served)
	// Three time-outs of 100 ms, and backoffs of 5 and 10 ms times 0.5 to 1.5.
	require.InDelta(t, 0.315, res.Classes[1].Latency.Max, 0.008)
}

func TestACallIsOfOneClassWhateverTheGuard(t *testing.T) {
	sc := mixed()
	require.Equal(t, play(t, sc, "none").Classes[0].Offered, play(t, sc, "fixed:3").Classes[0].Offered)
	res := play(t, sc, "fixed:3")
	require.Positive(t, res.Classes[0].Rejected)
	require.Equal(t, res.Rejected, res.Classes[0].Rejected+res.Classes[1].Rejected)
}

func TestTheRightLimitIsThatOfTheMeanCall(t *testing.T) {
	sc := mixed() // 0.75 × 10 ms + 0.25 × 200 ms = 57.5 ms
	sc.Downstream.Network = 115 * ms
	w := newWeather(sc)
	require.InDelta(t, 300, w.right(0), 1e-9)
	require.InDelta(t, 100/0.0575, w.capacity(0), 1e-6)
	require.InDelta(t, 100/0.0575, w.mostCapacity(), 1e-6)
}

// Alike classes change nothing but the count of them.
func TestClassesDoNotShiftOtherDraws(t *testing.T) {
	sc := overload()
	plain := play(t, sc, "vegas")
	sc.Classes = []Class{{Name: "a", Share: 0.5}, {Name: "b", Share: 0.5}}
	res := play(t, sc, "vegas")
	a, b := res.Classes[0], res.Classes[1]
	require.InEpsilon(t, a.Offered, b.Offered, 0.03)
	require.InDelta(t, a.Latency.Mean, b.Latency.Mean, 0.05*math.Max(a.Latency.Mean, b.Latency.Mean))
	res.Classes = nil
	require.Equal(t, plain, res)
}

func TestFaultsOfClassesNameLineKeyAndRemedy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"classes: {name: a, share: 0.5}", "6: classes: has shares that add up to 0.5, must add up to 1"},
		{"classes: [{name: a, share: 0.5}, {name: a, share: 0.5}]", `6: classes[1].name: is "a" again, must be a name of its own`},
		{"classes: {share: 1}", "6: classes.name: is missing, must be a name"},
		{"classes: [{name: a, share: 1}, {name: b, share: 0}]", "6: classes[1].share: is 0, must be a share above 0 and up to 1"},
		{"classes: {name: a, share: 1, timeout: -1s}", "6: classes.timeout: is -1s, must be from 0 to"},
		{"classes: {name: a, share: 1, service: {exp: 0s}}", "6: classes.service.exp: is 0s, must be above 0"},
		{"classes: {name: a, share: 1, service: {exp: 1s}}", "5: downstream.service: is set, but every class has one of its own"},
		{"classes: {name: a, share: 1, priority: 4}", "6: classes.priority: is 4, must be -3 to 3"},
		{"classes: {name: a, share: 1, weight: 1001}", "6: classes.weight: is 1001, must be 1 to 1000, or 0 for 1"},
		{"classes: {name: a, share: 1, importance: 3}", "6: classes.importance: unknown key, must be one of name, share, service, timeout, priority, weight"},
	} {
		_, err := Parse("x.yaml", []byte(minimal("", c.text)))
		require.Error(t, err, c.text)
		require.Contains(t, err.Error(), "x.yaml:"+c.want, c.text)
	}
	_, err := Parse("x.yaml", []byte(minimal("service: {exp: 50ms}", "network: 3ms\nclasses: [{name: a, share: 0.5}, {name: b, share: 0.5, service: {exp: 1s}}]")))
	require.ErrorContains(t, err, "downstream.service: is missing", "a has none")
	_, err = Parse("x.yaml", []byte(minimal("service: {exp: 50ms}", "network: 3ms\nclasses: {name: b, share: 1, service: {exp: 1s}}")))
	require.NoError(t, err)
}

func TestAmongCallsThatWaitTheHigherPriorityGoesFirst(t *testing.T) {
	for _, guard := range []string{"fixed:10", "fixed:10+breaker", "chained", "nested"} {
		sc := simple(300, 10, 60*time.Second) // 200 a second are served
		sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * ms}
		sc.Wait, sc.Timeout = Wait{Queue: 100}, time.Second
		sc.Classes = []Class{{Name: "batch", Share: 0.5, Priority: -2}, {Name: "people", Share: 0.5, Priority: 2}}
		res := play(t, sc, guard)
		batch, people := res.Classes[0], res.Classes[1]
		require.Greater(t, float64(people.Served), 0.97*float64(people.Offered), guard)
		require.Less(t, float64(batch.Served), 0.6*float64(batch.Offered), guard)
		require.Positive(t, batch.Served, guard)
	}
}

func TestAHeavyCallTakesItsWeightOfTheLimit(t *testing.T) {
	sc := simple(1000, 100, 60*time.Second)
	sc.Downstream.Service = Distribution{Kind: Const, Mean: 50 * ms}
	sc.Wait = Wait{Queue: 100}
	sc.Classes = []Class{{Name: "token", Share: 0.5}, {Name: "page", Share: 0.5, Weight: 9}}
	res := play(t, sc, "fixed:20")
	require.LessOrEqual(t, res.InFlight.Max, 20.0, "20 light ones")
	require.InDelta(t, 20/5.0*20, res.Goodput, 10, "the mean weight is 5: four at once, 20 a second each, less what a heavy one waits to fit")
	require.InDelta(t, float64(res.Classes[0].Served), float64(res.Classes[1].Served), 200, "heavy ones are not passed over")

	sc.Classes[1].Service = Distribution{Kind: Const, Mean: 450 * ms}
	w := newWeather(sc)
	require.InDelta(t, 100, w.right(0), 1e-9)
	require.InDelta(t, 100*(0.1*1+0.9*9), w.rightLimit(0), 1e-9, "nine of ten in service are pages")
}
