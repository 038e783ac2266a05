// Command league compares flyball with everything that could be used in its
// place. Each verb is a comparison, in a file of its own:
//
//	go run ./bench/cmd/league speed     # cost: admissions, rejections, breakers, pools
//	go run ./bench/cmd/league control   # laws: what they make of 48 scenarios, and of random ones
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// A verb is one comparison.
type verb struct {
	name  string
	about string
	run   func(ctx context.Context, args []string, out io.Writer) error
}

var verbs = []verb{
	{"speed", "what a call costs, beside other libraries", measure},
	{"control", "laws and fixed limits on the scenario library and on random scenarios", control},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := league(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "league:", err)
		os.Exit(2)
	}
}

func league(ctx context.Context, args []string, out io.Writer) error {
	var names []string
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name {
			return v.run(ctx, args[1:], out)
		}
		names = append(names, v.name)
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help") {
		fmt.Fprintln(out, "league compares flyball with what could be used in its place; league VERB -h lists the flags of one.")
		for _, v := range verbs {
			fmt.Fprintf(out, "  %-8s %s\n", v.name, v.about)
		}
		return flag.ErrHelp
	}
	if len(args) == 0 {
		return fmt.Errorf("no verb; want %s", strings.Join(names, " or "))
	}
	return fmt.Errorf("verb %q is unknown; want %s", args[0], strings.Join(names, " or "))
}

// parse reads the flags of a verb, which takes nothing else. Who asks for help is
// told them, and the error is [flag.ErrHelp].
func parse(f *flag.FlagSet, args []string, out io.Writer) error {
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(out)
		f.PrintDefaults()
		return err
	} else if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%s: %q is no flag; it takes flags only", f.Name(), f.Arg(0))
	}
	return nil
}
