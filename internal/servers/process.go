package servers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// patience bounds how long a server may take to come up or to go.
const patience = 20 * time.Second

// A Process is a server that runs as a process of its own.
type Process struct {
	Addr string // host:port it listens at; stays the same through Restart

	dir     string
	command func() *exec.Cmd
	ready   func(addr string) error

	mu     sync.Mutex
	cmd    *exec.Cmd
	output *lockedBuffer
	gone   chan struct{} // closed when cmd has ended
}

// A MissingError says which program a server needs and which of Debian's
// packages has it.
type MissingError struct{ Program, Package string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed: apt-get install %s", e.Program, e.Package)
}

// find returns the path of a program, looked for in the folders too, which may
// be patterns.
func find(program, debianPackage string, folders ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, folder := range folders {
		matches, _ := filepath.Glob(filepath.Join(folder, program)) // err: a bad pattern of our own
		if len(matches) > 0 {
			return matches[len(matches)-1], nil // the newest version
		}
	}
	return "", &MissingError{program, debianPackage}
}

// freeAddr returns an address of the loopback interface that nobody listens at.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs the command and waits until the server answers.
func (p *Process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd, gone := p.command(), make(chan struct{})
	p.output = &lockedBuffer{}
	cmd.Stdout, cmd.Stderr, cmd.Dir = p.output, p.output, p.dir
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its output
		close(gone)
	}()
	p.cmd, p.gone = cmd, gone
	deadline := time.Now().Add(patience)
	for {
		err := p.ready(p.Addr)
		if err == nil {
			return nil
		}
		select {
		case <-gone:
			return fmt.Errorf("%s ended at once: %s", cmd.Path, p.output)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.end((*os.Process).Kill)
			return fmt.Errorf("%s is not ready after %v: %w\n%s", cmd.Path, patience, err, p.output)
		}
	}
}

// Restart starts a server again that was stopped or killed, at the same address
// and with what it had kept on disk.
func (p *Process) Restart() error {
	select {
	case <-p.gone:
		return p.start()
	default:
		return errors.New("servers: Restart of a server that runs")
	}
}

// Kill ends the server at once, as a crash would.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end((*os.Process).Kill)
}

// Freeze stops the server's process without ending it: it keeps its connections
// and answers nothing until Thaw.
func (p *Process) Freeze() error { return freeze(p.cmd.Process) }

// Thaw lets a frozen server go on.
func (p *Process) Thaw() error { return thaw(p.cmd.Process) }

// Stop ends the server and removes its folder. It may be called again.
func (p *Process) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(func(process *os.Process) error { interrupt(process); return nil })
	_ = os.RemoveAll(p.dir)
}

// Output is what the server has printed since it was started last.
func (p *Process) Output() string { return p.output.String() }

// end ends the process, in its way or at the latest after a while by force. How
// may fail: the process may have ended already.
func (p *Process) end(how func(*os.Process) error) {
	_ = how(p.cmd.Process)
	select {
	case <-p.gone:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.gone
	}
}

// launch makes a Process in a new folder and starts it. The port is free when it
// is picked, not for ever; so a second one is tried.
func launch(name string, own func(dir string) error, command func(dir, addr string) *exec.Cmd, ready func(addr string) error) (*Process, error) {
	dir, err := os.MkdirTemp("", "flyball-"+name+"-")
	if err != nil {
		return nil, err
	}
	if err := own(dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	for range 3 {
		var addr string
		if addr, err = freeAddr(); err != nil {
			break
		}
		p := &Process{Addr: addr, dir: dir, ready: ready, command: func() *exec.Cmd { return command(dir, addr) }}
		if err = p.start(); err == nil {
			return p, nil
		}
	}
	_ = os.RemoveAll(dir)
	return nil, err
}

// answered dials addr, sends ask and wants an answer that begins with want.
func answered(addr string, ask []byte, want string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write(ask); err != nil {
		return err
	}
	answer := make([]byte, 256)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(answer[:n], []byte(want)) {
		return fmt.Errorf("%s answered %q", addr, answer[:n])
	}
	return nil
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
