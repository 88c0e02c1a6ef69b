package main

import (
	"fmt"
	"text/tabwriter"

	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

type listCmd struct{}

func (listCmd) Run(e *env) error {
	st, err := store.Find(e.results)
	if err != nil {
		return usageError{err}
	}
	runs, err := st.List()
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		fmt.Fprintf(e.stdout, "no runs in %s\n", e.results)
		return nil
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tARMS\tTRIALS\tCLEAN\tHANG\tCRASH\tINCONCLUSIVE\tERROR\tPROBLEM")
	for _, r := range runs {
		counts := map[verdict.Kind]int{}
		for _, a := range summary.Of(r.Manifest, r.Trials).Arms {
			for k, n := range a.Verdicts {
				counts[k] += n
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t", r.Run, len(r.Manifest.Arms), len(r.Trials))
		for _, k := range verdict.Kinds() {
			fmt.Fprintf(t, "%d\t", counts[k])
		}
		fmt.Fprintln(t, r.Problem)
	}
	return t.Flush()
}
