package textinput

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"loopfault/errs"
	"loopfault/results/safefile"
)

// Tree is a directory, or an archive, with many texts in it: a sosreport, say.
type Tree struct {
	Name string
	walk func(ctx context.Context, visit func(name string, text io.Reader) error) error
}

// TreeOf is the tree that a name stands for; nil if it is one text, or nothing that can be
// opened, which whoever opens it then says.
func TreeOf(name string) *Tree {
	if name == "-" || isDescriptor(name) {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return &Tree{name, func(ctx context.Context, visit func(string, io.Reader) error) error {
			return WalkDir(ctx, name, visit)
		}}
	}
	if ok, err := inArchive(name, func(io.Reader) error { return nil }); err != nil || !ok {
		return nil
	}
	return &Tree{name, func(ctx context.Context, visit func(string, io.Reader) error) error {
		_, err := inArchive(name, func(in io.Reader) error { return WalkTar(ctx, in, visit) })
		return err
	}}
}

// Walk hands over each text of the tree by its name in it, decoded. What is no text is passed over. Errors of the tree
// itself are the user's; one that visit returns ends the walk.
func (t *Tree) Walk(ctx context.Context, visit func(name string, text io.Reader) error) error {
	err := t.walk(ctx, func(name string, text io.Reader) error {
		in := bufio.NewReaderSize(text, looked)
		if head, _ := in.Peek(looked); strange(head) > len(head)/8 {
			return nil
		}
		return visit(name, in)
	})
	if err != nil {
		return errs.ByUser(fmt.Errorf("%s: %w", t.Name, err))
	}
	return nil
}

// inArchive hands over what an archive holds, uncompressed, and says whether it is one.
func inArchive(name string, do func(io.Reader) error) (bool, error) {
	f, err := safefile.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := Decode(f)
	if err != nil {
		return false, err
	}
	in := bufio.NewReaderSize(text, looked)
	if !IsTar(in) {
		return false, nil
	}
	return true, do(in)
}
