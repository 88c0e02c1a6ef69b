package textinput

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"loopfault/errs"
	"loopfault/results/safefile"
)

// Inputs are logs to read, one after the other.
type Inputs []io.ReadCloser

// Close closes all of them.
func (list Inputs) Close() {
	for _, in := range list {
		in.Close()
	}
}

// Open opens logs by name, all of them before anything is read, so that a wrong name costs nothing; - or no name at all is
// stdin. What is no log is refused with what it is: a parser would find no report in it and not say
// why. Errors are the user's.
func Open(ctx context.Context, stdin io.Reader, names []string) (Inputs, error) {
	if len(names) == 0 {
		names = []string{"-"}
	}
	var list Inputs
	for _, name := range names {
		in, err := openInput(ctx, stdin, name)
		if err != nil {
			list.Close()
			return nil, errs.ByUser(err)
		}
		list = append(list, in)
	}
	return list, nil
}

func openInput(ctx context.Context, stdin io.Reader, name string) (io.ReadCloser, error) {
	switch {
	case name == "-":
		return asText(&logFile{Reader: endsWith(ctx, stdin), name: "standard input"})
	case isDescriptor(name):
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return asText(&logFile{Reader: endsWith(ctx, f), Closer: f, name: name})
	}
	f, err := safefile.Open(name)
	if err != nil {
		return nil, err
	}
	return asText(&logFile{Reader: f, Closer: f, name: name})
}

// isDescriptor says that a name is one that a shell gives to something it opened for us, as in <(zcat log.gz).
func isDescriptor(name string) bool {
	return name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/")
}

// endsWith is a reader that ends when ctx does, even if the other end never closes.
func endsWith(ctx context.Context, from io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, from)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	return out
}

type logFile struct {
	io.Reader
	io.Closer
	name string
}

func (f *logFile) Close() error {
	if f.Closer == nil {
		return nil
	}
	return f.Closer.Close()
}

// looked is how much of a file is looked at to say whether it is text, in bytes.
const looked = 8 << 10

// asText undoes compression and UTF-16, and looks at the beginning of a log. Consoles and mails hold some bytes that are no
// text; where an eighth is, there is none.
func asText(f *logFile) (io.ReadCloser, error) {
	text, err := Decode(f.Reader)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	in := bufio.NewReaderSize(text, looked)
	head, err := in.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if strange(head) > len(head)/8 {
		f.Close()
		return nil, &safefile.Refused{Path: f.name, Why: "is no text but " + kindOf(head) + "; want the text of a log or a mail"}
	}
	f.Reader = in
	return f, nil
}

// strange counts bytes that no text holds.
func strange(head []byte) (n int) {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 || r < ' ' && !strings.ContainsRune("\t\n\v\f\r\b\x1b", r) {
			n++
		}
		head = head[size:]
	}
	return n
}

// magics are beginnings that the standard library does not know.
var magics = []struct{ begins, kind string }{
	{"\x7fELF", "an ELF file"}, {"KDUMP   ", "a memory dump"},
}

func kindOf(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.begins)) {
			return m.kind
		}
	}
	if kind := http.DetectContentType(head); !strings.HasPrefix(kind, "text/") && kind != "application/octet-stream" {
		return kind
	}
	return "binary data"
}
