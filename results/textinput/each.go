package textinput

import (
	"context"
	"io"
)

// Each hands over the text that a name stands for, or each text of a directory or an archive, by its name there; - is stdin.
// Errors are the user's, or those of visit.
func Each(ctx context.Context, stdin io.Reader, name string, visit func(name string, text io.Reader) error) error {
	if t := TreeOf(name); t != nil {
		return t.Walk(ctx, visit)
	}
	in, err := Open(ctx, stdin, []string{name})
	if err != nil {
		return err
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	return visit(name, in[0])
}
