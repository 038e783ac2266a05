package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// An Ask is what a call asks for, where calls are not all the same.
type Ask struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
}

// ReadAsks reads a file of targets as vegeta takes it: a line METHOD URL for each,
// and below it its headers and, as @FILE, what its body is read from by read. An empty
// line or the next METHOD URL ends it, and # begins a line that is not read. All must
// be at the scheme, host and port of base: one host has one knee, and its address alone
// was checked. All faults are joined, each with name and its line.
func ReadAsks(name string, from io.Reader, base *url.URL, read func(path string) ([]byte, error)) ([]Ask, error) {
	var asks []Ask
	var errs []error
	open := false // lines belong to the last of asks
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		fault := func(format string, a ...any) {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, fmt.Errorf(format, a...)))
		}
		line := strings.TrimSpace(lines.Text())
		method, target, isTarget := strings.Cut(line, " ")
		key, value, isHeader := strings.Cut(line, ":")
		switch {
		case line == "":
			open = false
		case line[0] == '#':
		case isTarget && method == strings.ToUpper(method) && strings.Contains(target, "://"):
			u, err := url.Parse(strings.TrimSpace(target))
			switch {
			case err != nil:
				fault("%w", err)
			case u.Scheme != base.Scheme || u.Host != base.Host:
				fault("%s is not at %s://%s, which is what is loaded", target, base.Scheme, base.Host)
			case u.User != nil:
				fault("has a user in it; say it with a header Authorization")
			default:
				if _, err := http.NewRequest(method, u.String(), nil); err != nil {
					fault("%w", err)
				}
			}
			asks, open = append(asks, Ask{Method: method, URL: u, Header: http.Header{}}), true
		case !open:
			fault("%q: want METHOD URL, such as GET %s://%s/", line, base.Scheme, base.Host)
		case line[0] == '@':
			body, err := read(line[1:])
			if err != nil {
				fault("%w", err)
			}
			asks[len(asks)-1].Body = body
		case !isHeader || key == "" || key != strings.TrimSpace(key):
			fault("%q: want NAME: VALUE or @FILE", line)
		case strings.EqualFold(key, "User-Agent"):
			fault("%q: whoever is loaded may know by whom", line)
		default:
			asks[len(asks)-1].Header.Add(key, strings.TrimSpace(value))
		}
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	} else if len(asks) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%s: has no target, want lines METHOD URL", name))
	}
	return asks, errors.Join(errs...)
}
