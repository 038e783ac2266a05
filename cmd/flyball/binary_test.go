package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/simulate"
)

// folder is where the binary is, if it was built.
var folder string

// binary is the command as users have it, built once.
var binary = sync.OnceValues(func() (path string, err error) {
	if folder, err = os.MkdirTemp("", "flyball"); err != nil {
		return "", err
	}
	path = filepath.Join(folder, "flyball")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// built builds before the test changes its folder.
func built(t *testing.T) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return path
}

// screen is a command at a terminal, and all that it showed.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	mu   sync.Mutex
	text strings.Builder
	done chan struct{}
}

func onScreen(t *testing.T, columns uint16, env []string, path string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, cmd: exec.CommandContext(t.Context(), path, args...), done: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), append([]string{"TERM=xterm-256color", "NO_COLOR="}, env...)...)
	f, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 50, Cols: columns})
	require.NoError(t, err)
	go func() {
		defer close(s.done)
		defer f.Close()
		data := make([]byte, 1<<16)
		for {
			n, err := f.Read(data)
			s.mu.Lock()
			s.text.Write(data[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.text.String(), "\r\n", "\n")
}

func (s *screen) waitFor(text string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Contains(s.String(), text) }, time.Minute, 5*time.Millisecond)
}

func (s *screen) end() (code int) {
	err := s.cmd.Wait()
	<-s.done
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(s.t, err)
	return 0
}

func TestInterruptKeepsWhatIsDone(t *testing.T) {
	path := built(t)
	long := strings.NewReplacer("name: tiny", "name: long", "duration: 4s", "duration: 20h").Replace(asserted("score >= 1%"))
	files := map[string]string{"quick.yaml": asserted("score >= 1%"), "long.yaml": long, "out.json": "precious", "page.html": "precious too"}
	for _, c := range []struct {
		name string
		args []string
		left map[string]string // files and what is in them
		show string
	}{
		{"files", []string{"simulate", "quick.yaml", "long.yaml", "--format", "json", "-o", "out.json", "--html", "page.html"},
			map[string]string{"out.partial.json": `"scenario":"tiny"`, "page.partial.html": "Interrupted: 1 of 2 scenarios"}, "out.partial.json has 1 of 2 scenarios"},
		{"terminal", []string{"simulate", "quick.yaml", "long.yaml"}, nil, "score of 1 scenario"},
		{"check", []string{"check", "quick.yaml", "long.yaml", "--junit", "out.xml"},
			map[string]string{"out.partial.xml": `name="tiny"`}, "2 claims of 1 scenario: all hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := in(t, files)
			s := onScreen(t, 100, nil, path, append(c.args, "--events", "100000000000")...)
			s.waitFor(" long (2 of 2)") // the bar
			require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
			require.Equal(t, exitInterrupted, s.end(), s)
			require.Contains(t, s.String(), c.show)
			require.Contains(t, s.String(), "flyball: interrupted\n")
			want := []string{"quick.yaml", "long.yaml", "out.json", "page.html"}
			for name, text := range c.left {
				want = append(want, name)
				data, err := os.ReadFile(name)
				require.NoError(t, err)
				require.Contains(t, string(data), text)
				if filepath.Ext(name) == ".json" {
					var r simulate.Report
					require.NoError(t, json.Unmarshal(data, &r), "a whole document")
					require.NotEmpty(t, r.Results)
				}
			}
			require.ElementsMatch(t, want, names(t, f.dir))
			for name, text := range map[string]string{"out.json": "precious", "page.html": "precious too"} {
				data, err := os.ReadFile(name)
				require.NoError(t, err)
				require.Equal(t, text, string(data), "what was there stays")
			}
		})
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	path := built(t)
	in(t, map[string]string{"tiny.yaml": tiny})
	const green = "\x1b[32m"
	for _, c := range []struct {
		env  []string
		want bool
	}{{nil, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"TERM=dumb"}, false}} {
		s := onScreen(t, 100, c.env, path, "simulate", "tiny.yaml")
		require.Equal(t, exitOK, s.end())
		require.Equal(t, c.want, strings.Contains(s.String(), green), c.env)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, "simulate", "tiny.yaml")
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run())
	require.NotContains(t, out.String(), "\x1b")
	require.Empty(t, errs.String(), "quiet where nobody looks")
}

func TestTableFitsTheTerminal(t *testing.T) {
	path := built(t)
	in(t, map[string]string{"tiny.yaml": tiny, "b.yaml": tiny})
	progress := regexp.MustCompile(`\x1b\[[0-9]*[A-Z]`) // shown and taken back on a slow machine
	for _, columns := range []uint16{80, 120} {
		for _, args := range [][]string{{"tiny.yaml"}, {"tiny.yaml", "--repeat", "3"}, {"tiny.yaml", "b.yaml", "--repeat", "3"}} {
			s := onScreen(t, columns, []string{"NO_COLOR=1"}, path, append([]string{"simulate"}, args...)...)
			require.Equal(t, exitOK, s.end())
			for line := range strings.Lines(s.String()) {
				require.LessOrEqual(t, len([]rune(strings.TrimRight(progress.ReplaceAllString(line, ""), "\n"))), int(columns), line)
			}
		}
	}
}

func TestFullDiskLeavesWhatWasThere(t *testing.T) {
	path := built(t)
	f := in(t, map[string]string{"tiny.yaml": tiny, "out.json": "precious", "page.html": "precious too"})
	// A file may have 4 KiB, which stands for a disk with as much left.
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `trap '' XFSZ; ulimit -f 4; exec "$0" "$@"`, path, "simulate", "tiny.yaml", "--format", "json", "-o", "out.json", "--html", "page.html")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	require.Equal(t, exitInput, exit.ExitCode())
	require.Regexp(t, `\Aflyball: output page.html: file too large\n\z`, string(out))
	require.ElementsMatch(t, []string{"tiny.yaml", "out.json", "page.html"}, names(t, f.dir))
	for name, text := range map[string]string{"out.json": "precious", "page.html": "precious too"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text, string(data))
	}
}
