package load

import (
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// newLogged counts response times in nanoseconds, to three digits.
func newLogged() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(MostTime), 3) }

// WriteLog writes the response times of each step that was measured since r began,
// as an interval log of HdrHistogram: an interval for each, in nanoseconds, with the
// rate as its tag. A Run that was read from a file has only what was measured since.
func (r *Run) WriteLog(w io.Writer) error {
	log := hdrhistogram.NewHistogramLogWriter(w)
	begun := r.Begun.Unix() * 1000 // what the log has of it
	log.SetBaseTime(begun)
	for _, f := range []func() error{
		func() error {
			return log.OutputComment(fmt.Sprintf("[response times of %s %s, ns]", r.Method, r.Target))
		},
		log.OutputLogFormatVersion,
		func() error { return log.OutputStartTime(begun) },
		func() error { return log.OutputBaseTime(begun) },
		log.OutputLegend,
	} {
		if err := f(); err != nil {
			return err
		}
	}
	one := func(s *Step, tag string) error {
		if s.logged == nil {
			return nil
		}
		s.logged.SetTag(tag)
		s.logged.SetStartTimeMs(s.begun.UnixMilli())
		s.logged.SetEndTimeMs(s.begun.Add(s.For).UnixMilli())
		return log.OutputIntervalHistogram(s.logged)
	}
	for i := range r.Steps {
		if err := one(&r.Steps[i], fmt.Sprintf("%.4g/s", r.Steps[i].Rate)); err != nil {
			return err
		}
	}
	if r.Verified == nil {
		return nil
	}
	for i := range r.Verified.Cells {
		c := &r.Verified.Cells[i]
		client := "plain"
		if c.Guarded {
			client = "limiter"
		}
		if err := one(&c.Measured, fmt.Sprintf("%s-%gx", client, c.Times)); err != nil {
			return err
		}
	}
	return nil
}
