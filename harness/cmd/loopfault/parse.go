package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"loopfault/results/kernelreport"
)

type parseCmd struct {
	Format string   `enum:"text,json" default:"text" help:"text or json."`
	Files  []string `arg:"" optional:"" name:"file" help:"Logs; - or nothing for standard input."`
}

func (c parseCmd) Run(e *env) error {
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	out := kernelreport.File{Reports: []kernelreport.Report{}}
	for _, name := range c.Files {
		var text []byte
		var err error
		if name == "-" {
			text, err = io.ReadAll(e.stdin)
		} else {
			text, err = os.ReadFile(name)
		}
		if err != nil {
			return usageError{err}
		}
		out.Reports = append(out.Reports, kernelreport.Parse(text)...)
	}
	if c.Format == "json" {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	for _, r := range out.Reports {
		printReport(e.stdout, r)
	}
	if len(out.Reports) == 0 {
		fmt.Fprintln(e.stdout, "no kernel reports found")
	}
	return nil
}

func printReport(w io.Writer, r kernelreport.Report) {
	fmt.Fprintf(w, "%s\n  kind %s, signature %s, bytes %d to %d", r.Title, r.Kind, r.Signature, r.Start, r.End)
	if r.Count > 1 {
		fmt.Fprintf(w, ", %d times", r.Count)
	}
	fmt.Fprintln(w)
	if r.Corrupted != "" {
		fmt.Fprintf(w, "  doubtful: %s\n", r.Corrupted)
	}
	for _, t := range r.Tasks {
		fmt.Fprintf(w, "  %s %q", t.Role, t.Comm)
		if t.PID != nil {
			fmt.Fprintf(w, " pid %d", *t.PID)
		}
		fmt.Fprintf(w, ": %d frames, waits in %s, blame %s\n", len(t.Frames), t.WaitFrame, t.BlameFrame)
	}
}
