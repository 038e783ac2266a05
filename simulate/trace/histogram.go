package trace

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/bits"
)

// Cookies at the head of an encoded histogram: the packed form, and what is inside.
// Bits 4 to 7 hold a word size that nobody reads.
const (
	cookiePackedV2 = 0x1c849304
	cookieV2       = 0x1c849303
	cookiePackedV1 = 0x1c849302
	cookiePackedV0 = 0x1c849309
	cookieWordSize = 0xf0
)

// A geometry is how a histogram maps values to places: buckets of doubling width,
// each cut into the same number of equal steps. Only the upper half of a bucket's
// steps is new, for the lower half lies in the buckets below.
type geometry struct {
	unit   int // log2 of the narrowest step
	half   int // log2 of half the steps of a bucket
	places int64
}

// newGeometry takes the range of values and the decimal digits that must survive.
func newGeometry(lowest, highest int64, digits int32) (g geometry, ok bool) {
	if digits < 0 || digits > 5 || highest < 2 {
		return g, false
	}
	lowest = max(lowest, 1) // some writers say 0 for 1
	g.unit = bits.Len64(uint64(lowest)) - 1
	steps := 2 * int64(math.Pow10(int(digits)))
	g.half = max(bits.Len64(uint64(steps-1)), 1) - 1
	if g.unit+g.half > 61 || lowest > highest/2 {
		return g, false
	}
	buckets := int64(1)
	for top := int64(2) << (g.unit + g.half); top <= highest; buckets++ {
		if top > math.MaxInt64/2 {
			buckets++
			break
		}
		top *= 2
	}
	g.places = (buckets + 1) << g.half
	return g, true
}

// value stands for what counts at a place. HdrHistogram merges logs by counting the
// lowest value of a place in a histogram of the same digits that discerns from 1, and
// reads back the highest value which that cannot tell from it; so do we, or figures
// of one file would differ between tools.
func (g geometry) value(place int64) int64 {
	bucket := max(place>>g.half-1, 0)
	step := place - bucket<<g.half
	lowest := uint64(step) << (g.unit + int(bucket))
	blur := max(bits.Len64(lowest)-g.half-1, 0)
	return int64(lowest | (1<<blur - 1))
}

// readHistogram decodes a V2 histogram and calls count for each value that has
// samples; spend hears how many bytes it unpacks to.
func readHistogram(at place, text []byte, spend func(int64) error, count func(at place, value, n int64) error) error {
	packed, err := unwrap(at, text)
	if err != nil {
		return err
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return at.fault("is damaged: %w", err)
	}
	defer z.Close()
	var head struct {
		Cookie, Payload, Offset, Digits int32
		Lowest, Highest                 int64
		Ratio                           float64
	}
	if err := binary.Read(z, binary.BigEndian, &head); err != nil {
		return at.fault("is damaged: %w", err)
	}
	if head.Cookie&^cookieWordSize != cookieV2 {
		return at.fault("has the cookie %#x inside, must be of V2", uint32(head.Cookie))
	}
	g, ok := newGeometry(head.Lowest, head.Highest, head.Digits)
	if !ok {
		return at.fault("is damaged: it says %d to %d with %d digits, which no histogram has", head.Lowest, head.Highest, head.Digits)
	}
	if head.Payload < 0 || int64(head.Payload) > 9*g.places {
		return at.fault("is damaged: it says %d bytes of counts for %d places", head.Payload, g.places)
	}
	if err := spend(int64(head.Payload)); err != nil {
		return at.fault("%w", err)
	}
	counts := bufio.NewReader(io.LimitReader(z, int64(head.Payload)))
	read, err := g.readCounts(at, counts, count)
	if err != nil {
		return err
	}
	// The reader checks its sum at the end only, and the end must be here.
	n, err := io.Copy(io.Discard, io.LimitReader(z, 1))
	switch {
	case err != nil:
		return at.fault("is damaged: %w", err)
	case n > 0 || read != int64(head.Payload):
		return at.fault("is damaged: it says %d bytes of counts, and has another number", head.Payload)
	}
	return nil
}

// unwrap takes off the base64 and the head of the packed form.
func unwrap(at place, text []byte) ([]byte, error) {
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(raw, text)
	if err != nil {
		return nil, at.fault("is damaged: %w", err)
	}
	if raw = raw[:n]; n < 8 {
		return nil, at.fault("is cut short: %d bytes, must have 8 at least", n)
	}
	switch cookie := binary.BigEndian.Uint32(raw); cookie &^ cookieWordSize {
	case cookiePackedV2:
	case cookiePackedV1:
		return nil, at.fault("is a V1 histogram, must be V2: write the log again with HdrHistogram 2.1.4 or later")
	case cookiePackedV0 &^ cookieWordSize:
		return nil, at.fault("is a V0 histogram, must be V2: write the log again with HdrHistogram 2.1.4 or later")
	default:
		return nil, at.fault("has the cookie %#x, must be a V2 histogram", cookie)
	}
	length := binary.BigEndian.Uint32(raw[4:])
	if int64(length) > int64(n-8) {
		return nil, at.fault("is cut short: %d bytes, must be %d", n-8, length)
	}
	return raw[8 : 8+length], nil
}

// readCounts walks along the places: a count moves on by one, a negative one by as
// many empty places. It returns the bytes it read.
func (g geometry) readCounts(at place, r *bufio.Reader, count func(at place, value, n int64) error) (read int64, err error) {
	for i := int64(0); ; {
		n, size, err := zigzag(r)
		if errors.Is(err, io.EOF) && size == 0 {
			return read, nil
		}
		if err != nil {
			return read, at.fault("is damaged: %w", err)
		}
		read += int64(size)
		moved := int64(1)
		if n < 0 {
			moved = -n
		}
		if moved < 0 || moved > g.places-i {
			return read, at.fault("is damaged: counts go past the last of %d places", g.places)
		}
		if n > 0 {
			if err := count(at, g.value(i), n); err != nil {
				return read, err
			}
		}
		i += moved
	}
}

// zigzag reads a number of 1 to 9 bytes, seven bits each and eight in the ninth, with
// its sign in the lowest bit.
func zigzag(r *bufio.Reader) (n int64, size int, err error) {
	var u uint64
	for shift := 0; ; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			if size > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, size, err
		}
		size++
		if size == 9 {
			u |= uint64(b) << shift
			break
		}
		u |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return int64(u>>1) ^ -int64(u&1), size, nil
}
