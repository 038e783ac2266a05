package report_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/internal/report"
	"github.com/flyball-go/flyball/internal/servers"
)

// browser is a tab of headless Chromium and all that its page said and asked for.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	console  []string
	requests []string
}

func chromium(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(servers.Chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	ctx, done := chromedp.NewContext(ctx)
	t.Cleanup(done)
	b := &browser{t: t, ctx: ctx}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requests = append(b.requests, e.Request.URL)
		}
	}))
	go func() {
		for m, err := range chromedp.Console(ctx) {
			if err != nil {
				return
			}
			b.mu.Lock()
			b.console = append(b.console, m.String())
			b.mu.Unlock()
		}
	}()
	return b
}

// open shows a page in a window of so many pixels.
func (b *browser) open(path string, width int64, scheme string) {
	b.t.Helper()
	b.mu.Lock()
	b.console, b.requests = nil, nil
	b.mu.Unlock()
	_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600})
	require.NoError(b.t, err)
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(b.t, err)
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Navigate("file://"+path)))
	_, err = chromedp.Run(b.ctx, chromedp.Poll[bool](`document.querySelectorAll('.charts .chart').length > 0`))
	require.NoError(b.t, err)
}

// quiet requires that the page asked for itself alone and complained of nothing.
func (b *browser) quiet(path string) {
	b.t.Helper()
	b.eval(`new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))`)
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.console)
	for _, r := range b.requests {
		require.Contains(b.t, []string{"file://" + path, "data:,"}, r)
	}
	require.NotEmpty(b.t, b.requests, "requests are seen")
}

func (b *browser) eval(js string) any {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](js, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	return v
}

func (b *browser) point(selector string, x, y float64) {
	b.t.Helper()
	js := fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()`, selector)
	box, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](js))
	require.NoError(b.t, err)
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box[0]+x*box[2], box[1]+y*box[3])))
}

func written(t *testing.T, p report.Page) (path string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	path = filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// One browser for all, because it takes a while to start.
func TestPageInABrowser(t *testing.T) {
	b := chromium(t)
	for name, test := range map[string]func(*testing.T, *browser){
		"one scenario": oneScenario, "several scenarios and seeds": severalScenarios, "hostile text is shown and not obeyed": hostileText,
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			test(t, b)
		})
	}
}

func oneScenario(t *testing.T, b *browser) {
	path := written(t, report.Page{Version: "v1.2.3", Command: "flyball simulate outage.yaml", Entries: []report.Entry{outage(t)}})
	for _, width := range []int64{1400, 390} {
		for _, scheme := range []string{"light", "dark"} {
			b.open(path, width, scheme)
			b.quiet(path)
			require.LessOrEqual(t, b.eval(`document.documentElement.scrollWidth`), float64(width), "nothing sticks out to the side")
			require.Equal(t, []any{"Load and goodput", "Limit", "In flight", "Queue at the downstream", "Latency", "Breaker", "Decisions"},
				b.eval(`[...document.querySelectorAll('.charts h3')].map(e => e.textContent)`))
			dark := b.eval(`getComputedStyle(document.body).backgroundColor === 'rgb(20, 23, 26)'`)
			require.Equal(t, scheme == "dark", dark)
		}
	}

	b.open(path, 1400, "light")
	const limit, decisions, breaker = ".charts .chart:nth-child(2) svg", ".charts .chart:nth-child(7) svg", ".charts .chart:nth-child(6) svg:not(.swatch)"
	require.Equal(t, true, b.eval(`document.querySelector('.tip').hidden`))
	b.point(limit, 0.5, 0.5)
	tip := b.eval(`document.querySelector('.tip').innerText`).(string)
	require.Contains(t, tip, "100% errors", "what was going on")
	require.Regexp(t, `(knee|coupled) \d+\.\d{3}s: limit `, tip, "why the limit is what it is")
	require.Contains(t, tip, "breaker is open since")
	for _, guard := range []string{"knee", "coupled", "oracle"} {
		require.Contains(t, tip, guard)
	}
	b.point(decisions, 0.3, 0.2)
	require.Regexp(t, `knee \d+\.\d{3}s: limit .*samples`, b.eval(`document.querySelector('.tip .decision').innerText`))
	b.point("h1", 0.5, 0.5)
	require.Equal(t, true, b.eval(`document.querySelector('.tip').hidden`))

	require.Equal(t, true, b.eval(`document.querySelectorAll('.open').length > 0 && document.querySelectorAll('.half').length > 0`), breaker)
	curves := `document.querySelectorAll('.charts .chart:nth-child(2) path.curve').length`
	require.Equal(t, 3.0, b.eval(curves))
	b.eval(`document.querySelector('[data-guard="fixed:1x"]').click()`)
	require.Equal(t, 4.0, b.eval(curves), "a guard is shown")
	b.eval(`document.querySelector('[data-guard="knee"]').click()`)
	require.Equal(t, 3.0, b.eval(curves), "a guard is hidden")
	require.Equal(t, "false", b.eval(`document.querySelector('[data-guard="knee"]').getAttribute('aria-pressed')`))

	b.eval(`document.querySelector('.charts .chart').focus()`)
	require.NoError(t, chromedp.Do(b.ctx, chromedp.KeyEvent(kb.ArrowRight)))
	require.Equal(t, false, b.eval(`document.querySelector('.tip').hidden`), "the keyboard reads the charts too")
	b.quiet(path)

	// What is quiet above would be heard, and what would leave is stopped.
	b.eval(`new Image().src = 'http://127.0.0.1:9/beacon'`)
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return strings.Contains(strings.Join(b.console, "\n"), "Content Security Policy")
	}, 10*time.Second, 10*time.Millisecond)
}

func severalScenarios(t *testing.T, b *browser) {
	e := outage(t)
	_, calm := sample() // without faults, and nothing kept of the guards
	other := report.Entry{File: "b.yaml", Text: "name: b", Scenario: calm, Report: repeated()}
	path := written(t, report.Page{Command: "flyball simulate a.yaml b.yaml --repeat 3", Partial: "Interrupted: 2 of 3 scenarios.", Entries: []report.Entry{e, other}})
	b.open(path, 1400, "light")
	b.quiet(path)
	require.Equal(t, 2.0, b.eval(`document.querySelectorAll('.scene').length`))
	require.Equal(t, 7+5.0, b.eval(`document.querySelectorAll('.charts h3').length`), "no breakers and no decisions in the second")
	require.Equal(t, 1+2+2.0, b.eval(`document.querySelectorAll('.matrix tr').length`))
	require.Equal(t, "Interrupted: 2 of 3 scenarios.", b.eval(`document.querySelector('.partial').innerText`))
	require.Equal(t, 3*5.0, b.eval(`document.querySelectorAll('.scene:nth-of-type(3) .scatter .dot').length`), "a dot for each seed")
	require.Regexp(t, `^Far off: none \(11\.2/s at .*\), corelimit/vegas \(107/s at .*\)$`, b.eval(`document.querySelector('.scene:nth-of-type(3) .scatter .note').textContent`))
}

func hostileText(t *testing.T, b *browser) {
	const evil = `</script></style></title><script>window.pwned = 1</script><img src=x onerror="window.pwned=2">'"` + "`${window.pwned=3}` {{.}} \u2028 --><!--"
	e := outage(t)
	e.File, e.Text, e.Report.Scenario, e.Report.Description, e.Report.Hash = evil, evil, evil, evil, evil
	e.Scenario.Faults[0].Kind = evil
	for _, res := range e.Report.Results {
		if res.Guard == "knee" {
			res.Guard = evil
			res.Repeatable = false
		}
		if res.History != nil {
			for i := range res.History.Decisions {
				res.History.Decisions[i].Decision = evil
			}
		}
		if res.Guard == "coupled" {
			res.History.Trips[0].State = evil
		}
	}
	for _, entries := range [][]report.Entry{{e}, {e, e}} {
		path := written(t, report.Page{Version: evil, Command: evil, Partial: evil, Entries: entries})
		b.open(path, 1400, "light")
		b.point(".charts .chart:nth-child(2) svg", 0.4, 0.5)
		b.quiet(path)
		require.Contains(t, b.eval(`document.querySelector('.tip .decision').textContent`), "window.pwned=2")
		require.Equal(t, "undefined", b.eval(`typeof window.pwned`))
		require.Equal(t, 0.0, b.eval(`document.querySelectorAll('img').length`))
		require.Equal(t, 2.0, b.eval(`document.scripts.length`), "the numbers and the drawing")
		clean := func(s any) string { return strings.Join(strings.Fields(s.(string)), " ") }
		want := clean(evil)
		require.Equal(t, want, clean(b.eval(`document.querySelector('.scene h1').textContent`)))
		require.Equal(t, want, clean(b.eval(`document.querySelector('.scene pre').textContent`)))
		require.Equal(t, want, clean(b.eval(`document.querySelector('pre.command').textContent`)))
		require.Contains(t, clean(b.eval(`document.querySelector('.keys').textContent`)), want)
		require.Contains(t, clean(b.eval(`document.querySelector('.tip').textContent`)), want)
	}
}
