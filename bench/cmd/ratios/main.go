// Command ratios turns the output of `go test -bench Admit`, repeated, into a
// table of medians and of ratios to the reference measured in the same round.
//
//	go run ./cmd/ratios [-title TEXT] [-by COMMAND] [-base NAME] [-o results/admit.md] results/admit.txt
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	base := flag.String("base", "ref_c2", "the contender that ratios are to")
	title := flag.String("title", "What an admission costs", "the heading of the table")
	by := flag.String("by", "make bench", "the command that the table names as its origin")
	out := flag.String("o", "", "file to write; standard output if empty")
	flag.Parse()
	if err := run(flag.Args(), *title, *by, *base, *out); err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(2)
	}
}

func run(files []string, title, by, base, out string) error {
	if len(files) != 1 {
		return fmt.Errorf("%d files named, must be one with the output of go test -bench Admit", len(files))
	}
	f, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	var text strings.Builder
	if err := r.write(&text, title, by, base); err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	if out == "" {
		_, err = io.WriteString(os.Stdout, text.String())
		return err
	}
	return os.WriteFile(out, []byte(text.String()), 0o644)
}
