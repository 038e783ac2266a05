// Package simtest is a virtual downstream for tests of a client of your own.
//
// Inside [testing/synctest.Test] a [Downstream] serves, queues, fails, refuses
// and slows down as a scenario says, in the bubble's time: three minutes of a
// brownout take a second. It is the downstream that package simulate plays, with
// the same draws for the same calls, so what holds in one holds in the other.
//
//	synctest.Test(t, func(t *testing.T) {
//		d := simtest.Load(t, "testdata/brownout.yaml")
//		client := &http.Client{Transport: yours(d.RoundTripper()), Timeout: time.Second}
//		d.Offer(func(ctx context.Context) error { return get(ctx, client) })
//		d.AmplificationBelow(1.3)
//		d.RecoversWithin(10*time.Second, d.FaultsEnd())
//	})
//
// Of the scenario only the load, the downstream and its faults are used: clients,
// guards, time-outs, waits and retries are what is under test. Time-outs are the
// client's own, so give calls a deadline, or one that is never answered blocks
// the test. There is no CPU in virtual time: what a client computes takes none.
//
// The client must be made inside the bubble too, connection pools included:
// [http.DefaultTransport] is not. Real sockets do not work there; a
// [http.Transport] whose DialContext is [Downstream.Dial] does. Of two things
// that happen at the same nanosecond the downstream's own goes first; between two
// goroutines of the client nobody decides. Calls that wait together for a limit
// to grow are such, so two runs of a test may differ a little, and bounds should
// leave room for that.
//
// Every call is a goroutine here, and through Dial an exchange of real HTTP as
// well: a test takes minutes of a scenario, not hours.
package simtest
