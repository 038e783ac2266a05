package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const maxLine = 1 << 20 // bytes of a line, or of a CSV record of several lines

// lines reads a text file line by line, any of LF and CRLF at their ends.
type lines struct {
	name string
	src  *budget
	r    *bufio.Reader
	long []byte // of a line that is longer than the buffer of r
	n    int    // number of the line that next returned
	cur  []byte // that line
	back bool   // next returns it once more
}

func newLines(name string, r io.Reader, most int64) (*lines, error) {
	l := &lines{name: name}
	src, err := unpacked(r, most)
	if err != nil {
		return nil, l.fileFault("%w", explained(err))
	}
	l.src, l.r = src, bufio.NewReaderSize(src, 64<<10)
	head, err := l.r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, l.fileFault("%w", explained(err))
	}
	switch {
	case len(head) == 0:
		return nil, l.fileFault("is empty, has no records")
	case bytes.HasPrefix(head, gzipMagic):
		return nil, l.fileFault("%w", errNested)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), utf16Text(head):
		return nil, l.fileFault("is UTF-16, must be UTF-8")
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = l.r.Discard(3) // peeked above
	}
	return l, nil
}

// utf16Text recognises Latin letters in two bytes each.
func utf16Text(head []byte) bool {
	return len(head) == 4 && (head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0 ||
		head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0)
}

// next returns the next line without its end, valid until the next call; io.EOF
// after the last.
func (l *lines) next() ([]byte, error) {
	if l.back {
		l.back = false
		return l.cur, nil
	}
	line, err := l.slice()
	if len(line) == 0 && errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	l.n++
	if err != nil && !errors.Is(err, io.EOF) {
		if errors.Is(err, bufio.ErrBufferFull) {
			err = errors.New("is longer than 1 MiB, must be a shorter line")
		}
		return nil, l.here().fault("%w", explained(err))
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > maxLine {
		return nil, l.here().fault("is longer than 1 MiB, must be a shorter line")
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, l.here().fault("has a NUL byte, must be text")
	}
	l.cur = line
	return line, nil
}

// slice is the next line with its end, or as much of it as is too long. Few lines
// are long, so that a buffer for the longest would cost small files more than
// all else.
func (l *lines) slice() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return part, err
	}
	l.long = append(l.long[:0], part...)
	for errors.Is(err, bufio.ErrBufferFull) && len(l.long) < maxLine+2 {
		part, err = l.r.ReadSlice('\n')
		l.long = append(l.long, part...)
	}
	return l.long, err
}

// nextText is next without lines of nothing but blanks.
func (l *lines) nextText() ([]byte, error) {
	for {
		line, err := l.next()
		if err != nil || len(bytes.TrimSpace(line)) > 0 {
			return line, err
		}
	}
}

// unread makes next return the same line again.
func (l *lines) unread() { l.back = true }

func (l *lines) here() place { return place{file: l.name, line: l.n} }

func (l *lines) fileFault(format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{printable(l.name)}, args...)...)
}
