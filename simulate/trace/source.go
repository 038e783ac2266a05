package trace

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

const (
	maxRatio   = 200     // of unpacked to packed bytes; logs reach 60, a bomb 1,000
	freeOfGzip = 1 << 20 // unpacked bytes before the ratio counts
)

// errBomb and errNested refuse what would fill the memory.
var (
	errBomb   = fmt.Errorf("unpacks to more than %d times its size, must be less; unpack it first to read it anyway", maxRatio)
	errNested = errors.New("is packed twice, unpack it once")
)

// A budget counts bytes on their way in, and ends them with an error.
type budget struct {
	r    io.Reader
	n    int64
	most int64   // 0 means any number
	raw  *budget // the packed bytes below, nil if not packed
}

func (b *budget) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if fault := b.spend(int64(n)); fault != nil {
		return 0, fault
	}
	return n, err
}

func (b *budget) spend(n int64) error {
	b.n += n
	if b.most > 0 && b.n > b.most {
		return fmt.Errorf("is more than %d bytes unpacked, the most that are read", b.most)
	}
	if b.raw != nil && b.n > freeOfGzip && b.n > maxRatio*b.raw.n {
		return errBomb
	}
	return nil
}

var gzipMagic = []byte{0x1f, 0x8b}

// unpacked reads r, unpacking it if it is gzip.
func unpacked(r io.Reader, most int64) (*budget, error) {
	raw := &budget{r: r}
	in := bufio.NewReader(raw)
	magic, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, gzipMagic) {
		return &budget{r: in, most: most}, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return &budget{r: z, most: most, raw: raw}, nil
}

// explained says what an error of a reader means for the file.
func explained(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("is cut short: %w", err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return fmt.Errorf("is damaged: %w", err)
	}
	return err
}
