// Package textinput makes text of what people keep logs in: compressed files, UTF-16, archives and directories.
//
// It reads streams in bounded memory and knows nothing of what the text says. What is no text is told from it, and
// refused with what it is.
package textinput

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

const (
	peeked      = 512      // bytes that tell what a stream is
	maxInflated = 8 << 30  // bytes that are read of one compressed stream
	maxWindow   = 64 << 20 // bytes of memory that a compressed stream may ask for
	maxLayers   = 3        // encodings inside each other
)

// Decode undoes compression (gzip, bzip2, zstd) and UTF-16, also one inside the other. What is neither it hands through;
// so is xz, whose decoder would give each block of a hostile file as much memory as it asks for. Errors of a damaged stream come when it is read.
func Decode(r io.Reader) (io.Reader, error) {
	for range maxLayers {
		in := bufio.NewReaderSize(r, 64<<10)
		head, err := in.Peek(peeked)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
			return newUTF16(in), nil
		}
		inflated, err := decompress(in, head)
		if err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		if inflated == nil {
			return in, nil
		}
		r = &bounded{r: inflated, left: maxInflated}
	}
	return r, nil
}

// decompress returns nil if the head is that of no compressed stream.
func decompress(in io.Reader, head []byte) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 9 && string(head[4:10]) == "1AY&SY":
		return bzip2.NewReader(in), nil
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderLowmem(true))
	}
	return nil, nil
}

// bounded ends a stream that inflates without end.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("more than %d GiB come out of a compressed file", int64(maxInflated)>>30)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// utf16Reader makes UTF-8 of UTF-16, as Windows' terminals write logs.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	rest []byte // decoded, not yet read
	high rune   // first half of a pair
}

func newUTF16(in *bufio.Reader) io.Reader {
	mark := make([]byte, 2)
	_, _ = io.ReadFull(in, mark) // was peeked at
	return &utf16Reader{in: in, big: mark[0] == 0xfe}
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	var unit [2]byte
	for len(u.rest) < len(p) {
		if _, err := io.ReadFull(u.in, unit[:]); err != nil {
			if len(u.rest) > 0 {
				break
			}
			if errors.Is(err, io.ErrUnexpectedEOF) { // half a character at the end
				err = io.EOF
			}
			return 0, err
		}
		r := rune(unit[0]) | rune(unit[1])<<8
		if u.big {
			r = rune(unit[0])<<8 | rune(unit[1])
		}
		switch {
		case u.high != 0:
			r, u.high = utf16.DecodeRune(u.high, r), 0
		case r >= 0xd800 && r < 0xdc00:
			u.high = r
			continue
		}
		u.rest = utf8.AppendRune(u.rest, r)
	}
	n := copy(p, u.rest)
	u.rest = append(u.rest[:0], u.rest[n:]...)
	return n, nil
}
