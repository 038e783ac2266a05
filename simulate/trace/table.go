package trace

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// A table reads the records of a CSV file. Records may span lines inside quotes; a
// header line that comes again, as in files put together with cat, is passed over.
type table struct {
	in     *lines
	comma  byte
	header string // the raw header line; "" if there is none
	names  []string
	width  int // columns of every record
	buf    []byte
	cells  [][]byte
	line   int  // of the first line of the record
	again  bool // next keeps the record
}

// newTable reads the first record, which is the header if isHeader says so.
func newTable(in *lines, isHeader func(cells [][]byte) bool) (*table, error) {
	t := &table{in: in}
	first, err := in.nextText()
	if errors.Is(err, io.EOF) {
		return nil, in.fileFault("has no records")
	}
	if err != nil {
		return nil, err
	}
	t.comma = delimiter(first)
	in.unread()
	if err := t.read(); err != nil {
		return nil, err
	}
	raw := string(t.buf)
	if err := t.split(); err != nil {
		return nil, err
	}
	if !isHeader(t.cells) {
		t.again = true
		return t, nil
	}
	t.header = raw
	t.names = make([]string, len(t.cells))
	for i, c := range t.cells {
		t.names[i] = string(c)
	}
	return t, nil
}

// delimiter is the likeliest of four in a first line.
func delimiter(line []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte(",;\t|") {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// next reads a record into t.cells, valid until the next call; io.EOF after the last.
func (t *table) next() error {
	if t.again {
		t.again = false
		return nil
	}
	for {
		if err := t.read(); err != nil {
			return err
		}
		if t.header == "" || string(t.buf) != t.header {
			return t.split()
		}
	}
}

// read fills t.buf with the lines of a record: until all quotes are closed.
func (t *table) read() error {
	line, err := t.in.nextText()
	if err != nil {
		return err
	}
	t.line = t.in.n
	t.buf = append(t.buf[:0], line...)
	quotes := bytes.Count(line, []byte{'"'})
	for quotes%2 == 1 {
		line, err = t.in.next()
		if errors.Is(err, io.EOF) {
			return t.at("").fault("a quote is open at the end of the file, must be closed")
		}
		if err != nil {
			return err
		}
		if len(t.buf)+len(line) >= maxLine {
			return t.at("").fault("is a record longer than 1 MiB, is a quote left open?")
		}
		t.buf = append(append(t.buf, '\n'), line...)
		quotes += bytes.Count(line, []byte{'"'})
	}
	return nil
}

func (t *table) split() error {
	t.cells = t.cells[:0]
	for rest, more := t.buf, true; more; {
		var cell []byte
		if len(rest) > 0 && rest[0] == '"' {
			end, write := 1, 0
			for ; end < len(rest); end++ { // unescaped in place: the cell only gets shorter
				if rest[end] == '"' {
					if end+1 == len(rest) || rest[end+1] != '"' {
						break
					}
					end++
				}
				rest[write] = rest[end]
				write++
			}
			cell, rest = rest[:write], rest[min(end+1, len(rest)):]
			if more = len(rest) > 0; more && rest[0] != t.comma {
				return t.at(t.name(len(t.cells))).fault("text after the closing quote, must be a %q", t.comma)
			}
			rest = rest[min(1, len(rest)):]
		} else {
			end := bytes.IndexByte(rest, t.comma)
			if more = end >= 0; !more {
				end = len(rest)
			}
			cell, rest = rest[:end], rest[min(end+1, len(rest)):]
			if bytes.IndexByte(cell, '"') >= 0 {
				return t.at(t.name(len(t.cells))).fault("%s has a quote inside, must be in quotes as a whole", quoted(cell))
			}
		}
		t.cells = append(t.cells, bytes.TrimSpace(cell))
	}
	if t.width == 0 {
		t.width = len(t.cells)
	}
	if len(t.cells) != t.width {
		return t.at("").fault("has %d columns, must have %d as the first line", len(t.cells), t.width)
	}
	return nil
}

// name is what errors call column i: its name, or its number from 1.
func (t *table) name(i int) string {
	if i < len(t.names) && t.names[i] != "" {
		return t.names[i]
	}
	return "column " + itoa(i+1)
}

func (t *table) at(key string) place { return place{file: t.in.name, line: t.line, key: key} }

// find is the position of the first column of that name, −1 if there is none; letter
// case counts only if it decides.
func (t *table) find(name string) int {
	if i := slices.Index(t.names, name); i >= 0 {
		return i
	}
	return slices.IndexFunc(t.names, func(n string) bool { return strings.EqualFold(n, name) })
}
