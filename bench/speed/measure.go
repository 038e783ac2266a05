package speed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// benchmarks is the package that is measured.
const benchmarks = "github.com/flyball-go/flyball/bench"

// Plan is how to measure.
type Plan struct {
	Rounds int
	Quick  bool      // run everything once, to see that it runs: the figures mean nothing
	Raw    io.Writer // gets what the benchmarks print, for benchstat; nil means nobody
	Told   io.Writer // hears of each round; nil means nobody
}

// Measure builds the benchmarks once and runs all of them in each round, one after the
// other, so that what slows the machine down for a while hits them all.
func Measure(ctx context.Context, p Plan) (*Measured, error) {
	dir, err := os.MkdirTemp("", "flyball-speed-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "bench.test")
	if _, err := run(ctx, "go", "test", "-c", "-o", binary, benchmarks); err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for round := range p.Rounds {
		begun := time.Now()
		for _, g := range groups {
			for_ := g.time
			if p.Quick {
				for_ = "1x"
			}
			text, err := run(ctx, binary, "-test.run", "^$", "-test.bench", g.run, "-test.benchtime", for_)
			if err != nil {
				return nil, err
			}
			all.Write(text)
			if p.Raw != nil {
				if _, err := p.Raw.Write(text); err != nil {
					return nil, err
				}
			}
		}
		if p.Told != nil {
			fmt.Fprintf(p.Told, "round %d of %d: %v\n", round+1, p.Rounds, time.Since(begun).Round(time.Second))
		}
	}
	return read(&all)
}

// run returns what a command printed.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("%s: %w\n%s%s", c, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes(), nil
}
