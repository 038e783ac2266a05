package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

func (r *row) verdict() string {
	if r.met {
		return "met"
	}
	return "missed"
}

// print writes the table for a terminal, and reports whether all bounds were kept.
func print(out io.Writer, rows []row) (good bool) {
	good = true
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\tline\ttruth\tfound\twanted\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.server, r.claim, r.truth, r.found, r.wanted, r.verdict())
		good = good && r.met
	}
	w.Flush()
	return good
}

const head = `# Real servers of known capacity, the whole way

Made by ` + "`nice -n -20 go run ./bench/real -o bench/results/real.md`" + `, all or with ` + "`-only`" + ` one server at a time, on %s, %s, %d processors:
knee, twin, tuned limiter, and what that does at twice the knee beside a plain client. Each server is a process of its
own on one of the processors; loops in the idle class of Linux, where there is one, keep them awake. Callers give up
after %d times the p99 at the knee, as the load test calls a p99 too much that is so many times the calm one.

| server | line | truth | found | wanted | |
|---|---|---|---|---|---|
`

// merge writes the table to a file, or puts the rows into the one that is there in
// place of those of the same servers.
func merge(path string, rows []row) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, head, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), patient)
	for _, k := range kinds {
		fresh := false
		for _, r := range rows {
			if r.server == k.what {
				fresh = true
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.server, r.claim, r.truth, r.found, r.wanted, r.verdict())
			}
		}
		for line := range strings.Lines(string(old)) {
			if !fresh && strings.HasPrefix(line, "| "+k.what+" |") {
				b.WriteString(line)
			}
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}
