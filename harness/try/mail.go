package try

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/mail"
	"loopfault/results/report/plain"
)

// Mail writes the body of the mail that says what the check showed: what was
// compared, then each scenario.
func (o Outcome) Mail(w io.Writer) error {
	var b strings.Builder
	indented := func(first, rest, format string, args ...any) {
		b.WriteString(plain.Wrap(plain.Line(fmt.Sprintf(format, args...)), mail.Width, first, rest))
	}
	line := func(format string, args ...any) { indented("", "", format, args...) }
	what := "this patch"
	if len(o.Patched.Patches) > 1 {
		what = fmt.Sprintf("these %d patches", len(o.Patched.Patches))
	}
	line("I compared a kernel that has %s with the same kernel without, both built from %s by one compiler with one configuration, in guests that are NFS server and client at once.", what, o.Base.Source)
	b.WriteByte('\n')
	for _, p := range o.Patched.Patches {
		name := p.Name
		if p.Reverse {
			name += ", taken out"
		}
		indented("  ", "    ", "%s: %s", name, p.Summary)
	}
	b.WriteByte('\n')
	if n := len(o.Request.Scenarios); n > 1 {
		line("There are %d scenarios; p-values are corrected for that.", n)
		b.WriteByte('\n')
	}
	for _, c := range o.Checked {
		if err := mail.Write(&b, c.Run); err != nil {
			return err
		}
		if c.NoControl != "" {
			line("No kernel with a planted bug ran in %s: %s. Its clean trials prove less: that hangs would have been seen was not shown.", c.Scenario, c.NoControl)
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
