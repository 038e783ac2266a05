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
	settles = 15 * time.Second // some forty windows
	watched = 10 * time.Second
)

// TestEightProcessesShareAServer: programs that know nothing of each other keep a
// server busy, each with its part, and with few calls in line.
func TestEightProcessesShareAServer(t *testing.T) {
	if os.Getenv("FLYBALL_LONG") == "" {
		t.Skip("measures real time, so it needs a machine to itself; FLYBALL_LONG=1 runs it")
	}
	srv := newServer()
	web := httptest.NewServer(srv)
	defer web.Close()
	program, err := os.Executable()
	require.NoError(t, err)
	for i := range size {
		start(t, program, fmt.Sprintf("%s/%d", web.URL, i))
	}
	time.Sleep(settles)
	served, inFlight := srv.watch(watched)

	require.Len(t, served, size)
	var sum, squares float64
	for _, n := range served {
		sum, squares = sum+n, squares+n*n
	}
	fairness := sum * sum / (size * squares) // Jain's index
	busy := sum / watched.Seconds() * took.Seconds() / places
	t.Logf("Jain's index %.3f, %.2f of the server's capacity, %.2f of its places in flight; served %v", fairness, busy, inFlight/places, served)
	assert.GreaterOrEqual(t, fairness, 0.95)
	assert.GreaterOrEqual(t, busy, 0.9, "of what the server can do")
	assert.LessOrEqual(t, inFlight, 1.5*places)
}

// start starts a client, and stops it when the test ends by ending its input.
func start(t *testing.T, program, url string) {
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), calls+"="+url)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		assert.NoError(t, cmd.Wait(), said.String())
		t.Log(said.String())
	})
}
