package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/flyball-go/flyball/adaptive"
	"github.com/flyball-go/flyball/cmd/flyball/internal/fit"
	"github.com/flyball-go/flyball/cmd/flyball/internal/verify"
	"github.com/flyball-go/flyball/cmd/flyball/load"
	"github.com/flyball-go/flyball/contrib/adaptivehttp"
	"github.com/flyball-go/flyball/simulate"
	"github.com/flyball-go/flyball/simulate/tune"
)

// verifyFlags are those of loadtest that measure whether a prediction holds.
type verifyFlags struct {
	Verify     string        `placeholder:"LIMITER" help:"Then call the target at 0.8, 1, 1.3 and 2 times the knee, through a client with this configuration (YAML) and a plain one, and compare with what the twin says."`
	Run        string        `placeholder:"FILE" help:"Take the knee from this result, as -o wrote it, and do not look for it."`
	Twin       string        `placeholder:"FILE" help:"Scenario that predicts. Without it the one that fit makes of the result."`
	VerifyStep time.Duration `placeholder:"TIME" default:"9s" help:"Length of each of the eight measurements; the first third of it does not count."`
	Tolerance  float64       `placeholder:"SHARE" default:"0.2" help:"By so much goodput and p99 may be off what was predicted."`
}

func (c *verifyFlags) inputs() (in []string) {
	for _, path := range []string{c.Verify, c.Run, c.Twin} {
		if path != "" {
			in = append(in, path)
		}
	}
	return in
}

// verification is what verifyFlags name, read and checked; nil if they name nothing.
type verification struct {
	verify.Check
	file string
	run  *load.Run // nil means that the knee is to be found
}

// prepare reads and checks everything before the first call.
func (c *verifyFlags) prepare(target string) (*verification, error) {
	if c.Verify == "" {
		if c.Run != "" || c.Twin != "" {
			return nil, errors.New("--run and --twin need --verify")
		}
		return nil, nil
	}
	v := &verification{file: c.Verify}
	v.Length, v.Tolerance = c.VerifyStep, c.Tolerance
	var errs []error
	if c.VerifyStep < 100*time.Millisecond || c.VerifyStep > 10*time.Minute {
		errs = append(errs, fmt.Errorf("--verify-step is %v, want 100ms to 10m", c.VerifyStep))
	}
	if !(c.Tolerance > 0 && c.Tolerance <= 10) {
		errs = append(errs, fmt.Errorf("--tolerance is %v, want more than 0, up to 10", c.Tolerance))
	}
	var err error
	if v.Setting, err = tune.LoadSetting(c.Verify); err != nil {
		errs = append(errs, at(c.Verify, err))
	}
	if c.Twin != "" {
		if v.Check.Twin, err = simulate.Load(c.Twin); err != nil {
			errs = append(errs, at(c.Twin, err))
		}
	}
	if c.Run != "" {
		if v.run, err = load.ReadRun(c.Run); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Run, cause(err)))
		} else if v.run.Target != target {
			errs = append(errs, fmt.Errorf("%s: is of %s, not of %s", c.Run, v.run.Target, target))
		} else if v.run.Knee == nil {
			errs = append(errs, fmt.Errorf("%s: has no knee: %s", c.Run, v.run.Detail))
		}
	}
	return v, errors.Join(errs...)
}

// predictor sets the twin, if there is none, and says how far it is to be trusted.
func (v *verification) predictor(ctx context.Context, r *load.Run) (note string, err error) {
	if v.Check.Twin != nil {
		return "", nil
	}
	twin, err := fit.Of(ctx, r, simulate.Empirical)
	if err != nil {
		return "", fmt.Errorf("no twin can be made that would predict: the result %w", err)
	}
	v.Check.Twin = twin.Scenario()
	return twin.Doubt(), nil
}

// verify measures what v says on the target of request, at the knee of run.
func (c *loadtestCommand) verify(ctx context.Context, v *verification, request *load.Request, run *load.Run, out *output) error {
	note, err := v.predictor(ctx, run)
	if err != nil {
		return err
	}
	if note != "" {
		out.notes = append(out.notes, note)
	}
	v.Knee, v.Timeout, v.GiveUp = *run.Knee, c.Timeout, c.GiveUp
	v.Client = func(g adaptive.Guard, conns int) (load.Target, func()) {
		r := *request
		r.Conns = conns
		if g != nil {
			r.Through = func(base http.RoundTripper) http.RoundTripper { return adaptivehttp.NewTransport(g, base) }
		}
		return r.Target()
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("%s: %w", v.file, err)
	}
	show := c.live(out, v.Cells(), time.Duration(v.Cells())*2*v.Length)
	defer show.end()
	v.Began, v.Told = show.began, show.cell
	run.Verified, err = v.Check.Run(ctx)
	run.Verified.Guard = v.file
	return err
}

// tell says what would be measured.
func (c *verifyFlags) tell(w io.Writer) {
	if c.Verify != "" {
		fmt.Fprintf(w, "verify   %s at 0.8, 1, 1.3 and 2 times the knee, with and without it, %v each; the twin may be off by %.3g %%\n", plain(c.Verify), c.VerifyStep, 100*c.Tolerance)
	}
}
