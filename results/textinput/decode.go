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

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

const (
	peeked      = 512      // bytes that tell what a stream is
	maxInflated = 8 << 30  // bytes that are read of one compressed stream
	maxWindow   = 64 << 20 // bytes of memory that a compressed stream may ask for
	maxLayers   = 3        // encodings inside each other; an attachment of a mail begins anew
)

// Decode undoes compression (gzip, bzip2, xz, zstd), UTF-16 and the base64 of mails, also one inside the other; it puts lines
// together that a terminal broke, and the parts of a log that the kernel saved when it died. Other text it hands through. Errors of a damaged stream come when it is read.
func Decode(r io.Reader) (io.Reader, error) { return decode(r, 0) }

// decode is Decode inside of as many mails as depth says.
func decode(r io.Reader, depth int) (io.Reader, error) {
	for range maxLayers {
		in := bufio.NewReaderSize(r, 64<<10)
		head, err := in.Peek(peeked)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if order := utf16Order(head); order != nil {
			return newUTF16(in, order), nil
		}
		inflated, err := decompress(in, head)
		if err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		if inflated == nil {
			if startsHeader(head) {
				if head, _ = in.Peek(mailHead); isMail(head) {
					return &mail{in: in, depth: depth}, nil
				}
			}
			return ordered(in, head)
		}
		r = &bounded{r: inflated, left: maxInflated}
	}
	return r, nil
}

// ordered undoes what a copy off a terminal and the kernel's persistent store do to the lines of a log.
func ordered(in *bufio.Reader, head []byte) (io.Reader, error) {
	if m := storedPart.FindIndex(head); m != nil && m[0] == 0 {
		return inOrder(in)
	}
	head, _ = in.Peek(in.Buffered()) // no more: a log may be read while it is written
	if columns := foldedAt(head[:bytes.LastIndexByte(head, '\n')+1]); columns > 0 {
		return &unfolded{in: in, columns: columns}, nil
	}
	return in, nil
}

// decompress returns nil if the head is that of no compressed stream.
func decompress(in io.Reader, head []byte) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 9 && string(head[4:10]) == "1AY&SY":
		return bzip2.NewReader(in), nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(in, maxWindow)
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
