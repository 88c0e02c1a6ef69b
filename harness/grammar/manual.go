package grammar

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// About is what a manual says of the program that its grammar does not.
type About struct {
	Version     string
	Title       string   // what it does, for the line NAME, as man(7) text
	Environment []string // names of variables
}

// Manual is the manual in section 1 as man(7) has it.
func (t Notes) Manual(app *kong.Application, about About) string {
	m := manual{notes: t}
	m.line(`.TH %s 1 "" "%s %s"`, strings.ToUpper(app.Name), app.Name, roff(about.Version))
	m.line(".SH NAME\n%s \\- %s", app.Name, about.Title)
	m.line(".SH SYNOPSIS\n.B %s\n.I command\n[flags]", app.Name)
	m.line(".SH DESCRIPTION")
	for _, p := range strings.Split(app.Help, "\n\n") {
		m.line("%s\n.PP", roff(p))
	}
	m.line(".SH OPTIONS")
	m.flags(app.Flags)
	m.line(".SH COMMANDS")
	for _, n := range app.Leaves(true) {
		m.command(n)
	}
	m.line(".SH ENVIRONMENT\n%s.\nNO_COLOR needs no attention: nothing is printed in colour.", strings.Join(about.Environment, ", "))
	return m.String()
}

// manual collects man(7) text.
type manual struct {
	strings.Builder
	notes Notes
}

func (m *manual) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *manual) command(n *kong.Node) {
	m.line(".SS %s", roff(n.Summary()))
	m.line("%s", roff(n.Help))
	for _, p := range n.Positional {
		m.line(".TP\n.I %s\n%s", roff(p.Name), roff(p.Help))
	}
	m.flags(n.Flags)
	if text := m.notes.JSON[n.Path()]; text != "" {
		m.line(".PP\n%s", roff(text))
	}
	for _, e := range m.notes.Examples[n.Path()] {
		m.line(".PP\n%s:\n.PP\n.nf\n.RS 4\n%s\n.RE\n.fi", roff(e[1]), roff(e[0]))
	}
}

func (m *manual) flags(list []*kong.Flag) {
	for _, f := range list {
		if f.Hidden || f.Name == "help" {
			continue
		}
		m.line(".TP\n.B %s\n%s", roff(f.String()), roff(f.Help))
	}
}

// roff escapes text for man(7).
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
