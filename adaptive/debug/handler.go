package debug

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/flyball-go/flyball/adaptive"
)

// A Source is what the page shows: an *[adaptive.Limiter] or a guard in front of
// one that tells of both, such as a *breaker.Breaker.
type Source interface {
	adaptive.Reporter
	Explain() string
	Decisions() iter.Seq[adaptive.Decision]
}

// Config says what a page shows and to whom.
type Config struct {
	Sources []Source         // shown in this order
	More    iter.Seq[Source] // asked at each view for those that come and go; of these 100 are shown

	// Hosts are the names, without port, by which the page is asked for, besides
	// localhost and loopback addresses.
	Hosts []string

	// Rename gives the name to show for a limiter's own, where that may not be
	// shown; nil leaves it.
	Rename func(name string) string
}

// New returns the page. It is safe for concurrent use.
func New(c Config) http.Handler {
	c.Sources, c.Hosts = slices.Clone(c.Sources), slices.Clone(c.Hosts)
	return &page{c}
}

// Keyed is a Config.More of the Limiters of a Keyed.
func Keyed[K comparable](k *adaptive.Keyed[K]) iter.Seq[Source] {
	return func(yield func(Source) bool) {
		for _, l := range k.All() {
			if !yield(l) {
				return
			}
		}
	}
}

type page struct{ c Config }

var (
	//go:embed page.html page.css page.js
	files  embed.FS
	layout = template.Must(template.ParseFS(files, "page.html"))
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// ServeHTTP implements [http.Handler].
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !p.knows(r.Host) {
		http.Error(w, "Forbidden: the page is asked for as "+strconv.Quote(r.Host)+
			", which is neither localhost nor a loopback address nor in Hosts of debug.Config.", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "The page is only for reading.", http.StatusMethodNotAllowed)
		return
	}
	h.Add("Vary", "Accept")
	query := r.URL.Query()
	var (
		body bytes.Buffer
		kind string
		err  error
	)
	switch file, format := query.Get("file"), query.Get("format"); {
	case file == "page.css":
		kind, err = "text/css; charset=utf-8", copyFile(&body, file)
	case file == "page.js":
		kind, err = "text/javascript; charset=utf-8", copyFile(&body, file)
	case file != "":
		http.Error(w, "There is no such file; there are page.css and page.js.", http.StatusNotFound)
		return
	case format == "json" || format == "" && wantsJSON(r):
		kind, err = "application/json", json.NewEncoder(&body).Encode(p.look())
	case format == "" || format == "html":
		kind, err = "text/html; charset=utf-8", layout.Execute(&body, p.look())
	default:
		http.Error(w, "There is no such format; there are html and json.", http.StatusBadRequest)
		return
	}
	if err != nil {
		http.Error(w, "The page could not be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body.Bytes()) // err: nobody listens any more
	}
}

func copyFile(w io.Writer, name string) error {
	text, err := files.ReadFile(name)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// wantsJSON: a browser names text/html, a program names what it can read.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// knows reports whether a Host header names this page.
func (p *page) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() {
		return true
	}
	same := func(known string) bool { return strings.EqualFold(known, host) }
	return same("localhost") || host != "" && slices.ContainsFunc(p.c.Hosts, same)
}
