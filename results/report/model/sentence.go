package model

import (
	"fmt"
	"math"
	"strings"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// sentence is the verdict of a run with its numbers: whether it can be trusted comes before what it says.
func sentence(r Run) string {
	s := r.Summary
	switch {
	case len(r.Trials) == 0:
		return "No conclusion yet: no trial is complete."
	case !s.Trusted:
		return "Not to be trusted: " + s.Problem + "."
	case r.Outcome == summary.Broken:
		return fmt.Sprintf("No conclusion: the harness itself failed in all %d trials.", len(r.Trials))
	}
	var arms []string
	for _, a := range s.Arms {
		if !a.Control && !a.NoFault {
			arms = append(arms, armSentence(a))
		}
	}
	text := strings.Join(arms, "; ")
	for _, c := range s.Comparisons {
		text += fmt.Sprintf("; %s against %s: %s (p = %.2g)", c.Arm, c.Base, c.Word, c.Adjusted)
	}
	return upper(text) + "."
}

func armSentence(a summary.Arm) string {
	n, crashes := a.Counted(), a.Verdicts[verdict.Crash]
	switch {
	case a.Trials == 0:
		return a.Name + " has not run yet"
	case n == 0:
		return fmt.Sprintf("no conclusion about %s: none of its %s counts", a.Name, trials(a.Trials))
	}
	also := ""
	if crashes > 0 {
		also = fmt.Sprintf(" and crashed in %d", crashes)
	}
	if a.Hung() == 0 && crashes == 0 {
		return fmt.Sprintf("no hang in %s of %s: less than %s of trials hang, at 95 %% confidence", trials(n), a.Name, percentUp(*a.Below))
	}
	if a.Hung() == 0 {
		return fmt.Sprintf("%s crashed in %d of %s and hung in none", a.Name, crashes, trials(n))
	}
	return fmt.Sprintf("%s hung in %d of %s%s: %s of trials hang, %s to %s at 95 %% confidence",
		a.Name, a.Hung(), trials(n), also, Percent(a.HangRate), Percent(a.Interval[0]), Percent(a.Interval[1]))
}

func trials(n int) string {
	if n == 1 {
		return "1 trial"
	}
	return fmt.Sprintf("%d trials", n)
}

// Percent is a rate with one digit behind the point.
func Percent(rate float64) string { return fmt.Sprintf("%.1f %%", 100*rate) }

// percentUp rounds upwards, so that "less than" stays true.
func percentUp(rate float64) string { return fmt.Sprintf("%.1f %%", math.Ceil(1000*rate)/10) }

// upper makes the first letter of a sentence a capital, unless it begins with an arm's name.
func upper(s string) string {
	for _, word := range []string{"no hang", "of "} {
		if strings.HasPrefix(s, word) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}
