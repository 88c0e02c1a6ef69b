package texts

import (
	"context"
	"io"

	"loopfault/results/textinput"
	"loopfault/results/waitfor"
)

// Explain explains the hang that some texts tell of: files, directories, archives, and - for stdin. Of Class waitfor.Nothing is
// what tells of none; unread are then texts in which something looks like a report of one.
func Explain(ctx context.Context, stdin io.Reader, names []string) (x waitfor.Explanation, unread []Unread, err error) {
	all := New()
	for _, name := range names {
		if err := textinput.Each(ctx, stdin, name, all.Add); err != nil {
			return x, nil, err
		}
	}
	evidence, _ := all.Evidence()
	if x = waitfor.Explain(evidence); x.Class == waitfor.Nothing {
		unread = all.Unread
	}
	return x, unread, nil
}
