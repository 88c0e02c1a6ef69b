package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type manCmd struct{}

// Run prints the manual, made from the grammar of the command line and nothing else.
func (manCmd) Run(e *env, k *kong.Context) error {
	m := manual{}
	m.line(`.TH LOOPFAULT 1 "" "loopfault %s"`, roff(version))
	m.line(".SH NAME\nloopfault \\- find hangs of loop-back NFS mounts in QEMU guests, and compare kernels by them")
	m.line(".SH SYNOPSIS\n.B loopfault\n.I command\n[flags]")
	m.line(".SH DESCRIPTION")
	for _, p := range strings.Split(k.Model.Help, "\n\n") {
		m.line("%s\n.PP", roff(p))
	}
	m.line(".SH OPTIONS")
	m.flags(k.Model.Flags)
	m.line(".SH COMMANDS")
	for _, n := range k.Model.Leaves(true) {
		m.command(n)
	}
	m.line(".SH ENVIRONMENT\nLOOPFAULT_RESULTS, LOOPFAULT_CACHE, LOOPFAULT_QEMU, LOOPFAULT_ACCEL, LOOPFAULT_RELEASE.\nNO_COLOR needs no attention: nothing is printed in colour.")
	_, err := io.WriteString(e.stdout, m.String())
	return err
}

// manual collects man(7) text.
type manual struct{ strings.Builder }

func (m *manual) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *manual) command(n *kong.Node) {
	m.line(".SS %s", roff(n.Summary()))
	m.line("%s", roff(n.Help))
	for _, p := range n.Positional {
		m.line(".TP\n.I %s\n%s", roff(p.Name), roff(p.Help))
	}
	m.flags(n.Flags)
	if text := jsonHelp[pathOf(n)]; text != "" {
		m.line(".PP\n%s", roff(text))
	}
	for _, e := range examples[pathOf(n)] {
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

// roff escapes text.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
