package textinput

import (
	"bufio"
	"context"
	"io"

	"loopfault/errs"
)

// Each hands over the text that a name stands for, or each text of a directory or an archive, by its name there; - is stdin,
// which may be an archive, too. Errors are the user's, or those of visit.
func Each(ctx context.Context, stdin io.Reader, name string, visit func(name string, text io.Reader) error) error {
	if name == "-" {
		return eachOf(ctx, stdin, visit)
	}
	if t := TreeOf(name); t != nil {
		return t.Walk(ctx, visit)
	}
	in, err := Open(ctx, nil, []string{name})
	if err != nil {
		return err
	}
	defer in.Close()
	return visit(name, in[0])
}

func eachOf(ctx context.Context, stdin io.Reader, visit func(name string, text io.Reader) error) error {
	const name = "standard input"
	text, err := Decode(endsWith(ctx, stdin))
	if err != nil {
		return errs.ByUser(err)
	}
	in := bufio.NewReaderSize(text, looked)
	if IsTar(in) {
		t := Tree{name, func(ctx context.Context, visit func(string, io.Reader) error) error { return WalkTar(ctx, in, visit) }}
		return t.Walk(ctx, visit)
	}
	one, err := asText(&logFile{Reader: in, name: name})
	if err != nil {
		return errs.ByUser(err)
	}
	return visit(name, one)
}
