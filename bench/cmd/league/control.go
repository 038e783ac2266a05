package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/flyball-go/flyball/bench/peers"
	"github.com/flyball-go/flyball/bench/virtual"
	"github.com/flyball-go/flyball/simulate"
)

// rivals are the guards of the claim: every law of ours, the yardstick of a fixed
// limit that somebody knew to be right, all that is imported, and every peer.
var rivals = "knee,fixed:1x,fixed:2x,aimd,vegas,gradient,none," +
	"corelimit/aimd,corelimit/aimd-win,corelimit/vegas,corelimit/vegas-win," +
	"corelimit/gradient,corelimit/gradient-win,corelimit/gradient2,corelimit/gradient2-win," +
	strings.Join(peerNames(), ",")

func peerNames() (names []string) {
	for _, p := range peers.All() {
		names = append(names, p.Name)
	}
	return names
}

// options of control, as flags.
type options struct {
	guards    []string
	seeds     []uint64 // of the named scenarios
	random    []uint64 // of the random ones
	count     int      // random scenarios of each seed
	only      *regexp.Regexp
	scenarios string
	events    uint64
	found     string // file that keeps oracles
	out, csv  string
	brief     bool
}

func readOptions(args []string, help io.Writer) (*options, error) {
	f := flag.NewFlagSet("control", flag.ContinueOnError)
	guards := f.String("guards", rivals, "under test, separated by commas; the first is held against the others")
	seeds := f.String("seeds", "1", "of the named scenarios, separated by commas; none leaves them out")
	random := f.String("random", "", "seeds of random scenarios, separated by commas")
	commit := f.String("commit", "", "hash of the commit that froze the law: the first three words of its SHA-256 are seeds of random scenarios, so that nobody chose them")
	count := f.Int("n", 40, "random scenarios of each seed")
	only := f.String("only", "", "a regular expression: only scenarios whose name it fits")
	folder := f.String("scenarios", "examples/scenarios", "folder of the named scenarios: those with a code in a comment")
	events := f.Uint64("events", 200_000_000, "budget of one run")
	found := f.String("oracles", defaultMemory(), "file that keeps oracles from run to run; empty means none")
	out := f.String("o", "", "file for the tables; standard output if empty")
	csv := f.String("csv", "", "file for every single run")
	brief := f.Bool("brief", false, "leave out the tables of single scenarios")
	if err := parse(f, args, help); err != nil {
		return nil, err
	}
	o := &options{
		guards: strings.Split(*guards, ","), count: *count, scenarios: *folder, events: *events,
		found: *found, out: *out, csv: *csv, brief: *brief,
	}
	var faults []error
	for _, g := range o.guards {
		if _, err := peers.Find(g); err == nil {
			continue
		}
		if err := simulate.CheckGuard(g); err != nil {
			faults = append(faults, fmt.Errorf("%w; or one of the peers %s", err, strings.Join(peerNames(), ", ")))
		}
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		faults = append(faults, fmt.Errorf("-only: %w", err))
	}
	for _, list := range []struct {
		flag, text string
		to         *[]uint64
	}{{"seeds", *seeds, &o.seeds}, {"random", *random, &o.random}} {
		if *list.to, err = numbers(list.text); err != nil {
			faults = append(faults, fmt.Errorf("-%s: %w", list.flag, err))
		}
	}
	if *commit != "" {
		words, err := seedsOf(*commit)
		faults = append(faults, err)
		o.random = append(o.random, words...)
	}
	if o.count < 1 {
		faults = append(faults, fmt.Errorf("-n is %d, want at least 1", o.count))
	}
	return o, errors.Join(faults...)
}

func numbers(list string) (out []uint64, err error) {
	for _, text := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", text)
		}
		out = append(out, n)
	}
	return out, nil
}

var coded = regexp.MustCompile(`(?m)^# [dh]\d\d$`)

// matches are what is to be played: the named scenarios for each of their seeds,
// then the random ones.
func (o *options) matches() ([]match, error) {
	all, err := o.named()
	if err != nil {
		return nil, err
	}
	for _, seed := range o.random {
		for i := range o.count {
			m, err := newMatch(random, virtual.Game{Seed: seed, Index: i})
			if err != nil {
				return nil, err
			}
			if o.only.MatchString(m.sc.Name) {
				all = append(all, m)
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no scenario to play: -only fits none, or neither -seeds nor -random asks for any")
	}
	return all, nil
}

// named are the scenarios of the folder that have a code, as far as -only fits them.
func (o *options) named() (all []match, err error) {
	if len(o.seeds) == 0 {
		return nil, nil
	}
	entries, err := os.ReadDir(o.scenarios)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("-scenarios: %w", err)
	}
	found := false
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".yaml" {
			continue
		}
		file := filepath.Join(o.scenarios, e.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !coded.Match(text) {
			continue
		}
		found = true
		for _, seed := range o.seeds {
			m, err := newMatch(named, virtual.Game{File: file, Seed: seed})
			if err != nil {
				return nil, err
			}
			if o.only.MatchString(m.sc.Name) {
				all = append(all, m)
			}
		}
	}
	if !found { // or random ones would be played alone, and nobody would know
		return nil, fmt.Errorf("-scenarios: no scenario with a code, such as the line \"# d01\", is in %q; name the folder of the named ones, or leave them out with -seeds=", o.scenarios)
	}
	return all, nil
}

// control plays all and prints what came out.
func control(ctx context.Context, args []string, out io.Writer) error {
	o, err := readOptions(args, out)
	if err != nil {
		return err
	}
	matches, err := o.matches()
	if err != nil {
		return err
	}
	var player *virtual.Player
	if len(theirs(o.guards, true)) > 0 { // built first, not to fail after everything was played
		if player, err = virtual.NewPlayer(ctx); err != nil {
			return err
		}
		defer player.Close()
	}
	memory, err := recall(o.found)
	if err != nil {
		return err
	}
	runner := &simulate.Runner{Guards: ours(o.guards), Events: o.events}
	runner.Recall(memory.found)
	err = playAll(ctx, runner, o.guards, matches)
	if err := errors.Join(err, memory.keep(runner.Found())); err != nil {
		return err
	}
	if player != nil {
		if err := playVirtual(ctx, player, runner, o.guards, matches); err != nil {
			return err
		}
	}
	if o.csv != "" {
		if err := writeFile(o.csv, func(w io.Writer) error { return writeRuns(w, matches) }); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error { return writeTables(w, o, args, matches) }
	if o.out == "" {
		return write(out)
	}
	return writeFile(o.out, write)
}

// writeFile writes a whole file or none.
func writeFile(name string, write func(io.Writer) error) error {
	var text strings.Builder
	if err := write(&text); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text.String()), 0o644)
}
