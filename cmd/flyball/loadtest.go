package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// loadtestCommand finds the knee of a real target.
type loadtestCommand struct {
	URL string `arg:"" name:"url" help:"Target, http or https."`

	Method  string   `short:"X" placeholder:"NAME" default:"GET" help:"Method of the requests."`
	Header  []string `short:"H" sep:"none" placeholder:"'NAME: VALUE'" help:"Header of the requests. Can be given more than once."`
	Body    string   `placeholder:"FILE" help:"File that is the body of the requests."`
	Targets string   `placeholder:"FILE" help:"Requests that take turns, in the format of vegeta; all at the host of the URL."`
	HTTP2   bool     `name:"http2" help:"Speak HTTP/2 only, without TLS by prior knowledge."`
	MaxBody int64    `placeholder:"BYTES" default:"10000000" help:"An answer with a longer body is an error."`

	From        float64       `placeholder:"RATE" default:"10" help:"First rate, calls per second."`
	MaxRate     float64       `placeholder:"RATE" default:"1000" help:"No rate is above it."`
	Factor      float64       `placeholder:"N" default:"1.5" help:"From rate to rate."`
	MinStep     time.Duration `placeholder:"TIME" default:"2s" help:"A rate is held at least so long."`
	MaxStep     time.Duration `placeholder:"TIME" default:"10s" help:"And at most so long, if p99 and throughput are not known well before."`
	MaxTime     time.Duration `placeholder:"TIME" default:"5m" help:"Of the whole test."`
	Connections int           `placeholder:"N" default:"256" help:"Most calls in flight, and connections."`
	Timeout     time.Duration `placeholder:"TIME" default:"10s" help:"Of a call."`
	GiveUp      int           `placeholder:"N" default:"100" help:"Failures in a row after which the target counts as dead."`
	Errors      float64       `placeholder:"SHARE" default:"0.01" help:"Share of errors that is too much."`
	Ratio       float64       `placeholder:"N" default:"3" help:"p99 that is too much, as a multiple of the first step's."`
	Within      float64       `placeholder:"SHARE" default:"0.05" help:"Look for the knee until it is known to this share."`

	Recover bool `help:"Then hold twice the knee, and see how soon the target is well again."`

	AllowRemote bool   `help:"Let load leave this machine. Needs --i-own."`
	IOwn        string `name:"i-own" placeholder:"HOST" help:"The host of the target, which you may load."`
	DryRun      bool   `help:"Say what would be done, and do nothing but resolve the name."`

	Verification verifyFlags `embed:""`

	Output  string `short:"o" placeholder:"FILE" help:"Write the result to this file, as JSON."`
	Replace bool   `help:"Replace the file of -o if it is there."`
	HTML    string `name:"html" placeholder:"FILE" help:"Write the result to this file, as a page."`
	HDR     string `name:"hdr" placeholder:"FILE" help:"Write response times of each step to this file, as a log of HdrHistogram."`
	Format  string `enum:"table,json" default:"table" help:"One of ${enum}."`
	Quiet   bool   `short:"q" help:"Say nothing while it runs."`
}

// Help implements kong.HelpProvider.
func (c *loadtestCommand) Help() string {
	return `Calls the target in an open loop at rising rates until one is too much, closes in on the highest rate that is not, and holds it. Calls begin at
instants fixed in advance; times count from those as well as from when calls did begin, and how late they began is told, so that a generator at its end is
not taken for a target at its end. Without --allow-remote and --i-own load goes to this machine only. Redirects are not followed, proxies not used.
With --verify it then measures whether a prediction holds: the target is called at multiples of the knee, with and without a limiter, and its twin is
played under the same calls. Goodput and p99 (time-outs included) have to agree within --tolerance, but for a plain client beyond the knee.
Ends with 1 if there is no knee to tell, the target died or the prediction does not hold; what was measured until it had to end is written to
FILE.partial.json.

Examples:

	flyball loadtest http://localhost:8080/search
	flyball loadtest http://localhost:8080/orders -X POST -H 'X-Test: yes' --body order.json -o run.json
	flyball loadtest http://localhost:8080 --targets targets.txt --recover
	flyball loadtest http://localhost:8080/search --run run.json --verify limiter.yaml
	flyball loadtest https://staging.example/ --allow-remote --i-own staging.example --dry-run`
}

func (c *loadtestCommand) target() string { return "" }
func (c *loadtestCommand) inputs() []string {
	in := c.Verification.inputs()
	for _, path := range []string{c.Body, c.Targets} {
		if path != "" {
			in = append(in, path)
		}
	}
	return in
}

func (c *loadtestCommand) plan() load.Plan {
	return load.Plan{
		From: c.From, MaxRate: c.MaxRate, Factor: c.Factor, Min: c.MinStep, Max: c.MaxStep, MaxTime: c.MaxTime, InFlight: c.Connections,
		Timeout: c.Timeout, GiveUp: c.GiveUp, Errors: c.Errors, Ratio: c.Ratio, Within: c.Within,
		Recover: c.Recover,
	}
}

func (c *loadtestCommand) run(ctx context.Context, out *output) error {
	request, err := c.request(ctx)
	if err != nil {
		return err
	}
	check, err := c.Verification.prepare(shown(request.URL))
	if err != nil {
		return err
	}
	if c.Recover && check != nil && check.run != nil {
		return errors.New("--recover follows a search for the knee, and --run has one already, so leave one of the two out")
	}
	artifact, err := freshFile(c.Output, c.Replace, c.inputs())
	if err != nil {
		return err
	}
	page, err := out.another(c.HTML, c)
	if err != nil {
		return err
	}
	log, err := out.another(c.HDR, c)
	if err != nil {
		return err
	}
	if c.DryRun {
		p := c.plan()
		fmt.Fprintf(out, "target   %s %s at %s, as %s\n", request.Method, plain(shown(request.URL)), strings.Join(request.Dial, ", "), request.Agent)
		p.Write(out)
		c.Verification.tell(out)
		return nil
	}
	target, closeAll := request.Target()
	defer closeAll()
	if err := c.try(ctx, target); err != nil {
		return err
	}
	run := &load.Run{Version: load.Version, Flyball: version(), Loop: "open", Method: request.Method, Target: shown(request.URL), Begun: time.Now(), Plan: c.plan()}
	if run.Ceiling, err = load.Ceiling(ctx, *request, 300*time.Millisecond); err != nil {
		return fmt.Errorf("measure the generator: %w", err)
	}
	if check == nil || check.run == nil {
		err = c.find(ctx, target, run, out)
	} else {
		run.Found, run.Plan = check.run.Found, check.run.Plan
	}
	if err == nil && check != nil && run.Knee != nil {
		err = c.verify(ctx, check, request, run, out)
	}
	return c.write(run, err, files{artifact, page, log}, out)
}

// request reads and checks everything before the first call.
func (c *loadtestCommand) request(ctx context.Context) (*load.Request, error) {
	p := c.plan()
	errs := []error{p.Validate()}
	r := &load.Request{Method: c.Method, HTTP2: c.HTTP2, Agent: "flyball-loadtest/" + version(), Conns: c.Connections, MaxBody: c.MaxBody, Header: http.Header{}}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("target: %w", err))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		errs = append(errs, fmt.Errorf("target %s: want a URL such as http://localhost:8080/path", c.URL))
	case u.User != nil:
		errs = append(errs, errors.New("target: has a user in it; say it with --header 'Authorization: …'"))
	}
	r.URL = u
	if _, err := http.NewRequest(c.Method, "http://localhost", nil); err != nil {
		errs = append(errs, fmt.Errorf("--method is %q, want one such as POST", c.Method))
	}
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("--max-body is %d, want 0 or more", c.MaxBody))
	}
	for _, h := range c.Header {
		name, value, found := strings.Cut(h, ":")
		value = strings.TrimSpace(value)
		switch {
		case !found || name == "" || name != strings.TrimSpace(name):
			errs = append(errs, fmt.Errorf("--header %q: want NAME: VALUE", h))
		case strings.EqualFold(name, "User-Agent"):
			errs = append(errs, fmt.Errorf("--header %q: whoever is loaded may know by whom: it is %s", h, r.Agent))
		default:
			r.Header.Add(name, value)
		}
	}
	if c.Body != "" {
		if r.Body, err = os.ReadFile(c.Body); err != nil {
			errs = append(errs, fmt.Errorf("--body: %w", at(c.Body, err)))
		}
	}
	if c.Targets != "" && (c.Body != "" || c.Method != http.MethodGet) {
		errs = append(errs, errors.New("--targets says method and body of each request, so leave out --method and --body"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Targets != "" {
		f, err := os.Open(c.Targets)
		if err != nil {
			return nil, fmt.Errorf("--targets: %w", at(c.Targets, err))
		}
		defer f.Close()
		if r.Asks, err = load.ReadAsks(c.Targets, f, u, os.ReadFile); err != nil {
			return nil, err
		}
		r.Method = counted(len(r.Asks), "request") + " at" // each has its own; this is for who reads of it
	}
	r.Dial, err = load.Resolve(ctx, u, load.Leave{Remote: c.AllowRemote, Owned: c.IOwn})
	return r, err
}

// try makes one call: who does not answer that is not loaded.
func (c *loadtestCommand) try(ctx context.Context, target load.Target) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if err := target(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the first call failed, so no others were made: %w", err)
	}
	return context.Cause(ctx)
}

// find loads the target, and shows how that goes.
func (c *loadtestCommand) find(ctx context.Context, target load.Target, run *load.Run, out *output) (err error) {
	g := load.Generator{Target: target, InFlight: c.Connections, Timeout: c.Timeout, GiveUp: c.GiveUp}
	show := c.live(out, run.Plan.Steps(), run.Plan.MaxTime)
	defer show.end()
	show.holds(&g, "")
	f := load.Finder{Plan: run.Plan, Hold: g.Hold, Ceiling: run.Ceiling, Told: show.step, Recover: show.recovers}
	run.Found, err = f.Find(ctx)
	return err
}

// files are where a run goes, each "" if nowhere.
type files struct{ json, page, log string }

// write shows the run and has it put into its file. Of a run that was interrupted,
// or of a target that died, it shows what there is.
func (c *loadtestCommand) write(run *load.Run, ended error, to files, out *output) error {
	interrupted := errors.Is(ended, context.Canceled)
	switch {
	case interrupted:
		run.Partial = "interrupted"
	case ended != nil:
		run.Partial = ended.Error()
		out.notes = append(out.notes, run.Partial)
	}
	if run.Knee == nil || ended != nil || run.Verified != nil && len(run.Verified.Failed()) > 0 {
		out.gate = errFailed
	}
	if run.Partial != "" {
		out.partial = counted(len(run.Steps), "step")
	}
	data, err := json.MarshalIndent(run, "", "\t")
	if err != nil {
		return internalError{err}
	}
	data = append(data, '\n')
	out.measured = data
	if to.json != "" {
		out.files = append(out.files, file{path: to.json, data: data, dear: true})
	}
	if to.page != "" {
		var b bytes.Buffer
		if err := (report.LoadPage{Version: version(), Command: quote([]string{"flyball", "loadtest", run.Target}), Run: run}).Write(&b); err != nil {
			return internalError{err}
		}
		out.files = append(out.files, file{path: to.page, data: b.Bytes()})
	}
	if to.log != "" {
		var b bytes.Buffer
		if err := run.WriteLog(&b); err != nil {
			return internalError{err}
		}
		out.files = append(out.files, file{path: to.log, data: b.Bytes()})
	}
	if c.Format == "json" {
		out.Write(data)
	} else if c.Verification.Run != "" {
		report.Verified(out, run, time.Since(run.Begun), out.look)
	} else {
		report.Loaded(out, run, time.Since(run.Begun), out.look)
	}
	if interrupted {
		return ended // whoever runs commands puts the file aside
	}
	if ended != nil {
		_, err = out.divert("", c.inputs())
	}
	return err
}

// shown is u without what may be secret.
func shown(u *url.URL) string {
	s := *u
	s.User, s.RawQuery, s.Fragment = nil, "", ""
	return s.String()
}
