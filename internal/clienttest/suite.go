// Package clienttest is the conformance suite of the integrations: whatever
// happens to a call, its permit comes back exactly once, with the right outcome,
// and nothing is left behind. Each integration says how it makes a call; the
// suite makes the networks that fail.
package clienttest

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flyball-go/flyball/adaptive"
)

// Large is how many bytes an answer must have at least, so that the suite can
// break it in the middle.
const Large = 256 << 10

// A Client is an integration under test. Its functions make a client of their own
// for each call and close it. They are called from many goroutines.
type Client struct {
	Server string // address of a real server

	// Call makes one call through g and reads the whole answer, of Large bytes.
	Call func(ctx context.Context, g adaptive.Guard, n Network) error

	// Open makes one call through g and reads the beginning of its answer, of
	// Large bytes. Nil if answers of this client come in one piece.
	Open func(ctx context.Context, g adaptive.Guard, n Network) (Answer, error)

	// Below makes one call through g, in which f is called where the integration
	// calls what it wraps. It never gets past f.
	Below func(ctx context.Context, g adaptive.Guard, f func()) error

	// Want are the outcomes that differ from the suite's, by case.
	Want map[string]adaptive.Outcome
}

// An Answer is one that has begun. Nil functions do not exist for a client.
type Answer struct {
	Read  func() error // reads the rest
	Close func() error // ends it early
	Leave func()       // closes the client, when the call has ended
}

// Main runs the tests of a package, stops its servers and fails if a goroutine
// is left.
func Main(m *testing.M, stop ...func()) {
	code := m.Run()
	for _, s := range stop {
		s()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// soon is a deadline that a call on a broken network runs into.
const soon = 150 * time.Millisecond

// silence is how long a relay says nothing, before it breaks the connection.
const silence = 10 * soon

// leaves says when a caller gives up.
type leaves string

const (
	never    leaves = ""
	cancels  leaves = ", cancelled"
	deadline leaves = ", past its deadline"
)

func (l leaves) context(ctx context.Context) (context.Context, context.CancelFunc) {
	switch l {
	case cancels:
		ctx, cancel := context.WithCancel(ctx)
		timer := time.AfterFunc(soon, cancel)
		return ctx, func() { timer.Stop(); cancel() }
	case deadline:
		return context.WithTimeout(ctx, soon)
	}
	return context.WithCancel(ctx)
}

const (
	handshake = 0        // bytes that a relay lets through: none
	midAnswer = 64 << 10 // the handshake and some of the answer
)

// fault is a way in which a call goes, well or not.
type fault struct {
	name    string
	network func(t testing.TB) Network
	leaves  leaves
	want    adaptive.Outcome
}

func (c Client) faults() []fault {
	relay := func(bytes int64, silent bool) func(testing.TB) Network {
		return func(t testing.TB) Network { return relayed(t, c.Server, bytes, silent) }
	}
	sound := func(testing.TB) Network { return plain(c.Server) }
	hangs := func(testing.TB) Network { return hanging(c.Server) }
	return []fault{
		{"whole answer", sound, never, adaptive.Success},
		{"connection refused", refused, never, adaptive.Failure},
		{"unknown host", unknown, never, adaptive.Failure},
		{"certificate that nobody trusts", untrusted, never, adaptive.Failure},
		{"broken at the handshake", relay(handshake, false), never, adaptive.Failure},
		{"broken in the answer", relay(midAnswer, false), never, adaptive.Failure},
		{"dial hangs", hangs, cancels, adaptive.Ignored},
		{"dial hangs", hangs, deadline, adaptive.TimedOut},
		{"silent at the handshake", relay(handshake, true), cancels, adaptive.Ignored},
		{"silent at the handshake", relay(handshake, true), deadline, adaptive.TimedOut},
		{"silent in the answer", relay(midAnswer, true), cancels, adaptive.Ignored},
		{"silent in the answer", relay(midAnswer, true), deadline, adaptive.TimedOut},
	}
}

func (f fault) String() string { return f.name + string(f.leaves) }

func (c Client) want(name string, usual adaptive.Outcome) adaptive.Outcome {
	if o, ok := c.Want[name]; ok {
		return o
	}
	return usual
}

// Run puts c through the suite.
func (c Client) Run(t *testing.T) {
	for _, f := range c.faults() {
		t.Run(f.String(), func(t *testing.T) {
			w := NewWitness(t, adaptive.Config{})
			ctx, cancel := f.leaves.context(t.Context())
			defer cancel()
			err := c.Call(ctx, w, f.network(t))
			if f.want == adaptive.Success {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
				require.NotErrorIs(t, err, adaptive.ErrRejected)
				t.Log(err)
			}
			w.Ended(t, c.want(f.String(), f.want))
			c.works(t, w)
		})
	}
	t.Run("rejected", c.rejected)
	t.Run("cancelled while it waits", c.waits)
	t.Run("cancelled before", c.dead)
	t.Run("panic below", func(t *testing.T) { c.leaps(t, func() { panic("below") }, "below") })
	t.Run("Goexit below", func(t *testing.T) { c.leaps(t, runtime.Goexit, nil) })
	if c.Open != nil {
		t.Run("answer read late", c.readLate)
		t.Run("answer closed early", c.closedEarly)
		t.Run("answer abandoned", c.abandoned)
	}
	t.Run("storm", c.storm)
}

// works asserts that the one permit of w is back.
func (c Client) works(t *testing.T, w Witness) {
	t.Helper()
	w.Idle(t)
	require.NoError(t, c.Call(t.Context(), w, plain(c.Server)))
	w.Ended(t, adaptive.Success)
	w.Idle(t)
}

func (c Client) rejected(t *testing.T) {
	w := NewWitness(t, adaptive.Config{Name: "full", Queue: -1})
	held, ok := w.TryAcquire()
	require.True(t, ok)
	n, dials := counted(plain(c.Server))
	err := c.Call(t.Context(), w, n)
	require.ErrorIs(t, err, adaptive.ErrRejected)
	var why *adaptive.RejectedError
	require.ErrorAs(t, err, &why)
	require.Equal(t, adaptive.RejectLimit, why.Reason)
	require.Zero(t, dials.Load(), "nothing was sent")
	held.Done(adaptive.Ignored)
	c.works(t, w)
}

func (c Client) waits(t *testing.T) {
	w := NewWitness(t, adaptive.Config{})
	held, ok := w.TryAcquire()
	require.True(t, ok)
	n, dials := counted(plain(c.Server))
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan error)
	go func() { returned <- c.Call(ctx, w, n) }()
	require.Eventually(t, func() bool { return w.Stats().Waiting == 1 }, Patience, time.Millisecond)
	cancel()
	err := <-returned
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, adaptive.ErrRejected)
	require.Zero(t, dials.Load(), "nothing was sent")
	held.Done(adaptive.Ignored)
	c.works(t, w)
}

func (c Client) dead(t *testing.T) {
	w := NewWitness(t, adaptive.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, dials := counted(plain(c.Server))
	require.ErrorIs(t, c.Call(ctx, w, n), context.Canceled)
	require.Zero(t, dials.Load(), "nothing was sent")
	require.Zero(t, w.Stats().Ended)
	c.works(t, w)
}

// leaps lets what is wrapped leave without returning.
func (c Client) leaps(t *testing.T, leap func(), want any) {
	w := NewWitness(t, adaptive.Config{})
	gone := make(chan any)
	go func() {
		defer func() { gone <- recover() }()
		_ = c.Below(t.Context(), w, leap)
	}()
	require.Equal(t, want, <-gone, "it goes on")
	w.Now(t, c.want("panic below", adaptive.Abandoned))
	c.works(t, w)
}

func (c Client) readLate(t *testing.T) {
	w := NewWitness(t, adaptive.Config{})
	a, err := c.Open(t.Context(), w, plain(c.Server))
	require.NoError(t, err)
	w.Held(t)
	require.NoError(t, a.Read())
	w.Ended(t, adaptive.Success)
	a.Leave()
	c.works(t, w)
}

func (c Client) closedEarly(t *testing.T) {
	w := NewWitness(t, adaptive.Config{})
	a, err := c.Open(t.Context(), w, plain(c.Server))
	require.NoError(t, err)
	if a.Close == nil {
		a.Leave()
		t.Skip("this client's answers are read or cancelled")
	}
	w.Held(t)
	require.NoError(t, a.Close())
	w.Ended(t, c.want("answer closed early", adaptive.Success))
	a.Leave()
	c.works(t, w)
}

// abandoned leaves answers half read and ends their context, no more.
func (c Client) abandoned(t *testing.T) {
	for l, want := range map[leaves]adaptive.Outcome{cancels: adaptive.Ignored, deadline: adaptive.TimedOut} {
		w := NewWitness(t, adaptive.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		if l == deadline {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), silence/2) // time for the answer to begin, on a busy machine too
		}
		// Silent, or the answer could be in buffers of ours already.
		a, err := c.Open(ctx, w, relayed(t, c.Server, midAnswer, true))
		require.NoError(t, err)
		w.Held(t)
		if l == cancels {
			cancel()
		}
		w.Ended(t, c.want("answer abandoned"+string(l), want))
		cancel()
		a.Leave()
		c.works(t, w)
	}
}

// storm makes calls of every kind at once, most of which fail.
func (c Client) storm(t *testing.T) {
	w := NewWitness(t, adaptive.Config{Law: "fixed:4"})
	var calls sync.WaitGroup
	faults := c.faults()
	for i := range 3 * len(faults) {
		f := faults[i%len(faults)]
		n := f.network(t)
		calls.Go(func() {
			ctx, cancel := f.leaves.context(t.Context())
			defer cancel()
			err := c.Call(ctx, w, n)
			if f.want == adaptive.Success && err != nil {
				t.Errorf("%s: %v", f, err)
			}
		})
	}
	calls.Wait()
	require.Eventually(t, func() bool { return w.Stats().InFlight == 0 }, Patience, time.Millisecond)
	for len(w.ends) > 0 {
		<-w.ends
	}
	c.works(t, w)
}

// counted counts the connections made through n.
func counted(n Network) (Network, *atomic.Int32) {
	var dials atomic.Int32
	dial := n.Dial
	n.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return dial(ctx, network, addr)
	}
	return n, &dials
}
