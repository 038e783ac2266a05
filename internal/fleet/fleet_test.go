//go:build !race

package fleet

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	size    = 8
	watched = 10 * time.Second
)

// TestEightProcessesShareAServer: programs that know nothing of each other keep a
// server busy, each with its part, and with few calls in line.
func TestEightProcessesShareAServer(t *testing.T) {
	f := newFleet(t, "knee", 0.9)
	for i := range size {
		f.start(i)
	}
	f.shares(15*time.Second, size) // some forty windows
}

// TestALateProcessHasItsShare: under the law that is for it, one that comes when seven
// have shared a server for a while does as well as they do within a minute.
func TestALateProcessHasItsShare(t *testing.T) {
	f := newFleet(t, "fair", 0.8) // its probes take a fifth of the time
	for i := range size - 1 {
		f.start(i)
	}
	f.shares(time.Minute, size-1)
	f.start(size - 1)
	sum, served := 0.0, f.shares(time.Minute, size)
	for _, n := range served {
		sum += n
	}
	share := served[f.path(size-1)] * size / sum
	t.Logf("the late one has %.2f of a fair share", share)
	assert.InDelta(t, 1, share, 0.2)
}

// A fleet is programs under one law, and the server that they call.
type fleet struct {
	*testing.T
	law          string
	busy         float64 // share of what the server can do that is wanted of it
	program, url string
	srv          *server
}

func newFleet(t *testing.T, law string, busy float64) *fleet {
	if os.Getenv("FLYBALL_LONG") == "" {
		t.Skip("measures real time, so it needs a machine to itself; FLYBALL_LONG=1 runs it")
	}
	program, err := os.Executable()
	require.NoError(t, err)
	srv := newServer()
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	return &fleet{t, law, busy, program, web.URL, srv}
}

func (f *fleet) path(i int) string { return fmt.Sprintf("/%d", i) }

// shares holds how so many share the server once they have had time to settle.
func (f *fleet) shares(settles time.Duration, programs int) (served map[string]float64) {
	time.Sleep(settles)
	served, inFlight := f.srv.watch(watched)
	require.Len(f, served, programs)
	var sum, squares float64
	for _, n := range served {
		sum, squares = sum+n, squares+n*n
	}
	fairness := sum * sum / (float64(programs) * squares) // Jain's index
	busy := sum / watched.Seconds() * took.Seconds() / places
	f.Logf("Jain's index %.3f, %.2f of the server's capacity, %.2f of its places in flight; served %v", fairness, busy, inFlight/places, served)
	assert.GreaterOrEqual(f, fairness, 0.95)
	assert.GreaterOrEqual(f, busy, f.busy, "of what the server can do")
	assert.LessOrEqual(f, inFlight, 1.5*places)
	return served
}

// start starts a client, and stops it when the test ends by ending its input.
func (f *fleet) start(i int) {
	cmd := exec.Command(f.program)
	cmd.Env = append(os.Environ(), calls+"="+f.url+f.path(i), law+"="+f.law)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	require.NoError(f, err)
	require.NoError(f, cmd.Start())
	f.Cleanup(func() {
		_ = in.Close()
		assert.NoError(f, cmd.Wait(), said.String())
		f.Log(said.String())
	})
}
