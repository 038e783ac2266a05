// Command real takes servers whose capacity is known, and whose it is not told, the
// whole way of a load test by the commands that a person would type: find the knee,
// fit a twin, tune a limiter on the twin, and verify it on the server.
//
//	go run ./bench/real
//
// Each server is a process of its own on one processor, so that what it computes is
// not what the generator lacks. What was found is put beside the truth, a line for
// each claim; it exits with 1 if a bound is missed.
// The machine should have two processors at least and nothing else to do, for two to
// four minutes a server, and Linux, which can keep its processors awake; nice -n -20
// helps where it has.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if name := os.Getenv(serveEnv); name != "" {
		serve(find(name))
	}
	only := flag.String("only", "", "the one server to load: "+strings.Join(names(), ", "))
	output := flag.String("o", "", "file for the table, in Markdown; with -only the rows of that server are replaced in it")
	command := flag.String("flyball", "", "the command to use; without it the one of this repository is built")
	folder := flag.String("keep", "", "folder for what the commands write, which is kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, os.Stdout, *only, *output, *command, *folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, "real:", err)
	}
	if !good {
		os.Exit(1)
	}
}

// run takes the servers the whole way, and reports whether all bounds were kept.
func run(ctx context.Context, out io.Writer, only, output, command, folder string) (good bool, err error) {
	if only != "" && find(only) == nil {
		return false, fmt.Errorf("-only names %q, must be one of %s", only, strings.Join(names(), ", "))
	}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "real-"); err != nil {
			return false, err
		}
		defer os.RemoveAll(folder)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return false, err
	}
	if command == "" {
		command = filepath.Join(folder, "flyball")
		c := exec.CommandContext(ctx, "go", "build", "-o", command, "github.com/flyball-go/flyball/cmd/flyball")
		c.Stderr = out
		if err := c.Run(); err != nil {
			return false, err
		}
	}
	if stop, err := keepAwake(); err != nil {
		fmt.Fprintln(out, "processors may fall asleep, and be slow where little is asked of them:", err)
	} else {
		defer stop()
	}
	var rows []row
	for _, k := range kinds {
		if only != "" && only != k.name {
			continue
		}
		begun := time.Now()
		w := way{ctx: ctx, out: out, command: command, folder: filepath.Join(folder, k.name)}
		f, err := w.through(k)
		if err != nil {
			return false, fmt.Errorf("%s: %w", k.name, err)
		}
		fmt.Fprintf(out, "\n%s took %v\n", k.name, time.Since(begun).Round(time.Second))
		rows = append(rows, f.rows(k)...)
	}
	fmt.Fprintln(out)
	good = print(out, rows)
	if output != "" {
		err = merge(output, rows)
	}
	return good && err == nil, err
}
