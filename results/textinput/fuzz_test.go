package textinput

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"testing"
)

// enough is what is read of one input: an archive of a few bytes may stand for gigabytes.
const enough = 1 << 20

// FuzzDecode gives a damaged or hostile file. It is text, or an error, in bounded memory; what comes out of a UTF-16 file
// is no UTF-16 any more.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(text))
	f.Add([]byte("\xff\xfeI\x00N\x00"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\xff\x9d\x00\x01"))
	f.Add([]byte("BZh91AY&SY\x00\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x19\x00\x00abc\xd9\x6f\x1b\x24"))
	f.Add([]byte("\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3"))
	f.Add([]byte("I\x00N\x00F\x00O\x00:\x00 \x00t\x00a\x00s\x00"))
	f.Add([]byte(aMail))
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := Decode(bytes.NewReader(file))
		if err != nil {
			return
		}
		in := bufio.NewReaderSize(io.LimitReader(out, enough), looked)
		if head, _ := in.Peek(looked); strange(head) == 0 && len(head) > 0 {
			kindOf(head)
		}
		if IsTar(in) {
			_ = WalkTar(context.Background(), in, func(name string, text io.Reader) error {
				_, err := io.Copy(io.Discard, io.LimitReader(text, enough))
				return err
			})
		}
		_, _ = io.Copy(io.Discard, in)
	})
}
