package textinput

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Order is the byte order of a text in UTF-16; nil if the head is of none. Some programs leave the mark at its
// beginning out: then nearly every second byte of what people write to logs is zero, and nearly no other.
func utf16Order(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return binary.BigEndian
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch units := len(head) / 2; {
	case units < 8:
	case zeros[1] > units*3/4 && zeros[0] <= units/16:
		return binary.LittleEndian
	case zeros[0] > units*3/4 && zeros[1] <= units/16:
		return binary.BigEndian
	}
	return nil
}

// utf16Reader makes UTF-8 of UTF-16, as Windows' terminals write logs.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte // decoded, not yet read
	high  rune   // first half of a pair
	begun bool
}

func newUTF16(in *bufio.Reader, order binary.ByteOrder) io.Reader {
	return &utf16Reader{in: in, order: order}
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
		r := rune(u.order.Uint16(unit[:]))
		if !u.begun {
			if u.begun = true; r == 0xfeff { // the mark of the byte order
				continue
			}
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
