package symbols

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/kernelreport"
)

// Fprint writes a stack as the kernel's decode_stacktrace.sh does, one line for each entry: the function, in parentheses
// all its source lines from the innermost inlined function to its own, and the module. Entries without lines are
// written as the kernel prints them.
func Fprint(w io.Writer, indent string, frames []kernelreport.Frame) {
	var inlined []string
	for _, f := range frames {
		if f.Inlined {
			inlined = append(inlined, fmt.Sprintf("%s:%d", f.File, f.Line))
			continue
		}
		mark := ""
		if f.Questionable {
			mark = "? "
		}
		switch {
		case f.File != "":
			fmt.Fprintf(w, "%s%s%s (%s)", indent, mark, f.Func, strings.Join(append(inlined, fmt.Sprintf("%s:%d", f.File, f.Line)), " "))
			if f.Module != "" {
				fmt.Fprintf(w, " %s", f.Module)
			}
		default:
			fmt.Fprintf(w, "%s%s%s", indent, mark, f.Func)
			if f.Offset != "" {
				fmt.Fprintf(w, "+%s/%s", f.Offset, f.Size)
			}
			if f.Module != "" {
				fmt.Fprintf(w, " [%s]", f.Module)
			}
		}
		fmt.Fprintln(w)
		inlined = nil
	}
}
