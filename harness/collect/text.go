package collect

import (
	"fmt"
	"io"

	"loopfault/results/evidence"
)

// Line says of a text, as soon as it is taken, when that was and how long it is; problems are files of it that could not be read.
func Line(t evidence.Text, problems int) string {
	more := ""
	if problems > 0 {
		more = ", not all could be read"
	}
	return fmt.Sprintf("%5.1f s  %-20s %9d bytes%s", t.Seconds, t.Name, t.Bytes, more)
}

// Warn says what could not be read, and which processes stay behind.
func (t *Taken) Warn(w io.Writer) {
	for _, p := range t.About.Problems {
		fmt.Fprintf(w, "loopfault: could not read %s\n", p)
	}
	for _, l := range t.About.Left {
		fmt.Fprintf(w, "loopfault: process %d cannot be killed: it still blocks in a read of %s, and stays behind until that ends\n", l.PID, l.Path)
	}
}

// Kept is an archive in a file, as collect --json prints it.
type Kept struct {
	File string `json:"file"`
	evidence.Collection
}

// Fprint says for people what is in it, and what it is for.
func (k Kept) Fprint(w io.Writer) {
	left := "names of files are left out"
	if k.Paths {
		left = "names of files are in it"
	}
	fmt.Fprintf(w, "%s: %s; host names, addresses and names of processes are in it. On any machine: loopfault explain %s\n", k.File, left, k.File)
}
