package trace

import (
	"fmt"
	"strings"
)

// A place is where in a file something was read.
type place struct {
	file string
	line int
	key  string // column or field; "" means the whole line
}

func (p place) fault(format string, args ...any) error {
	if p.key == "" {
		return fmt.Errorf("%s:%d: "+format, append([]any{printable(p.file), p.line}, args...)...)
	}
	return fmt.Errorf("%s:%d: %s: "+format, append([]any{printable(p.file), p.line, clipped(p.key)}, args...)...)
}

// at is the same line at another key.
func (p place) at(key string) place { p.key = key; return p }

// printable keeps what a file or its name says from steering a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// clipped is printable text of a file, short enough for one line.
func clipped(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return printable(s)
}

// quoted is a cell as errors show it.
func quoted(cell []byte) string {
	const most = 40
	if len(cell) > most {
		return fmt.Sprintf("%q…", cell[:most])
	}
	return fmt.Sprintf("%q", cell)
}
