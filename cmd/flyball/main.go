// Command flyball simulates adaptive concurrency limits: it runs the limiter and
// the breaker of this library, in virtual time, against a modelled downstream.
//
//	flyball simulate examples/scenarios/brownout.yaml
//
// It ends with 0 if all went well, 1 if a gate failed, 2 if the arguments or a
// file are wrong, 3 if flyball itself is, and 130 if it was interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

const (
	exitOK          = 0
	exitFailed      = 1
	exitInput       = 2
	exitInternal    = 3
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// grammar is what can be said on the command line: a field per sub-command.
type grammar struct {
	Simulate simulateCommand `cmd:"" help:"Run guards against a scenario in virtual time and compare them."`
	Check    checkCommand    `cmd:"" help:"Run scenarios and judge what they assert: a gate for CI, which ends with 1 if an assertion fails."`
	Tune     tuneCommand     `cmd:"" help:"Search for the configuration that is best in the worst of several scenarios."`
	Doctor   doctorCommand   `cmd:"" help:"Find rules of a configuration that cannot work where it is used: a gate for CI, which ends with 1 if there is one."`

	Loadtest loadtestCommand `cmd:"" help:"Load a real target and find its knee: the highest rate at which it keeps up."`
	Fit      fitCommand      `cmd:"" help:"Make a scenario of a load test, and say how well it predicts."`

	Completion completionCommand `cmd:"" help:"Write a script that completes command lines, for a shell."`

	Version kong.VersionFlag `help:"Print the version."`
}

// A command is a sub-command.
type command interface {
	run(ctx context.Context, o *output) error
	target() string   // file the output goes to; "" means standard output
	inputs() []string // files that the output must not overwrite
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "flyball: internal error: %v\n%s", p, debug.Stack())
			code = exitInternal
		}
	}()
	cmd, err := parse(args, stdout, stderr)
	if err == nil && cmd != nil {
		err = execute(ctx, cmd, args, stdout, stderr)
	}
	return conclude(err, stderr)
}

// conclude says what went wrong and returns the exit code.
func conclude(err error, stderr io.Writer) int {
	var internal internalError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "flyball: interrupted")
		return exitInterrupted
	case errors.As(err, &internal):
		complain(stderr, err)
		return exitInternal
	default:
		complain(stderr, err)
		return exitInput
	}
}

// complain writes a line for each of the joined errors.
func complain(stderr io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "flyball: %s\n", plain(strings.TrimSpace(line)))
	}
}

// internalError is a fault that is neither the user's nor the input's.
type internalError struct{ error }

func (e internalError) Unwrap() error { return e.error }

// newParser reads command lines into g. It calls ended if a flag such as --help has
// written all there is to say.
func newParser(g *grammar, stdout, stderr io.Writer, ended func()) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("flyball"),
		kong.Description("Adaptive concurrency limits, tried out in virtual time."),
		kong.Vars{"guards": strings.Join(simulate.DefaultGuards(), ","), "version": version(), "objective": tune.DefaultObjective},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { ended() }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
}

// parse returns nil without an error if args asked for help, which is then
// written.
func parse(args []string, stdout, stderr io.Writer) (command, error) {
	var g grammar
	helped := false
	parser, err := newParser(&g, stdout, stderr, func() { helped = true })
	if err != nil {
		return nil, internalError{err}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w; see flyball --help", err)
	}
	cmd, ok := parsed.Selected().Target.Addr().Interface().(command)
	if !ok {
		return nil, internalError{fmt.Errorf("no such command: %s", parsed.Command())}
	}
	return cmd, nil
}

// execute runs cmd and then publishes what it wrote, all or nothing. Of a command
// that was interrupted it publishes what was done.
func execute(ctx context.Context, cmd command, args []string, stdout, stderr io.Writer) error {
	target, err := resolveTarget(cmd.target(), cmd.inputs())
	if err != nil {
		return err
	}
	o := output{command: quote(append([]string{"flyball"}, args...)), stderr: stderr}
	if columns := terminal(stdout); columns > 0 && target == "" {
		o.look = report.Look{Columns: columns, Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	}
	if terminal(stderr) > 0 {
		o.status = stderr
	}
	interrupted := cmd.run(ctx, &o)
	if interrupted != nil {
		if !errors.Is(interrupted, context.Canceled) {
			return interrupted
		}
		if o.partial == "" {
			o.tell(stderr)
			return interrupted
		}
		if target, err = o.divert(target, cmd.inputs()); err != nil {
			return err
		}
	}
	o.tell(stderr)
	if err := o.publish(target, stdout); err != nil {
		return err
	}
	if interrupted != nil {
		return interrupted
	}
	if o.after != nil {
		o.after()
	}
	return o.gate
}
