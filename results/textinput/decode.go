// Package textinput makes text of what people keep logs in: compressed files, UTF-16, archives and directories.
//
// It reads streams in bounded memory and knows nothing of what the text says.
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
	"github.com/ulikunitz/xz"
)

const (
	peeked      = 512      // bytes that tell what a stream is
	maxInflated = 8 << 30  // bytes that are read of one compressed stream
	maxWindow   = 64 << 20 // bytes of memory that a compressed stream may ask for
	maxLayers   = 3        // encodings inside each other
)

// Decode undoes compression (gzip, bzip2, xz, zstd) and UTF-16, also one inside the other. What is neither it hands
// through. Errors of a damaged stream come when it is read.
func Decode(r io.Reader) (io.Reader, error) {
	for range maxLayers {
		in := bufio.NewReaderSize(r, 64<<10)
		r = in
		head, err := in.Peek(peeked)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b")):
			r, err = gzip.NewReader(in)
		case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 9 && string(head[4:10]) == "1AY&SY":
			r = bzip2.NewReader(in)
		case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
			r, err = xz.NewReader(in)
		case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
			r, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderLowmem(true))
		case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
			return newUTF16(in), nil
		default:
			return in, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		r = &bounded{r: r, left: maxInflated}
	}
	return r, nil
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
