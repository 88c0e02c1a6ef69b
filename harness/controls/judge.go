package controls

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

// Seen is one trial of a control and what was seen in it.
type Seen struct {
	Trial       store.Trial
	Reports     []kernelreport.Report
	Console     string
	Explanation waitfor.Explanation
}

var khungtaskdLine = regexp.MustCompile(`(?m)INFO: task .* blocked (in I/O wait )?for more than [0-9]+ seconds`)

// lines counts what khungtaskd printed.
func (s Seen) lines() int { return len(khungtaskdLine.FindAllString(s.Console, -1)) }

// Hangs are the trials that hung, or stalled if that is enough.
func (c Control) Hangs(all []Seen) []Seen {
	return slices.DeleteFunc(slices.Clone(all), func(s Seen) bool {
		return s.Trial.Verdict.Kind != verdict.Hang && !(c.Stalls && s.Trial.Verdict.Kind == verdict.Stall)
	})
}

// Problems lists how the trials of a control deviate from what is required;
// empty if the harness saw all it has to see.
func (c Control) Problems(all []Seen) []string {
	var list []string
	blame := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	hung := c.Hangs(all)
	if len(hung) == 0 {
		var ends []string
		for _, s := range all {
			ends = append(ends, strings.TrimSpace(fmt.Sprintf("%s %s", s.Trial.Verdict.Kind, s.Trial.Reason)))
		}
		blame("no trial of %d hung: %s", len(all), strings.Join(ends, "; "))
		return list
	}
	seen := tally(hung, Seen.detectors)
	for _, d := range c.SeenBy {
		if !slices.ContainsFunc(strings.Split(d, Or), func(d string) bool { return seen[d] > 0 }) {
			blame("%s saw it in none of the %d trials that hung", d, len(hung))
		}
	}
	for _, s := range hung {
		if c.Silent && s.lines() > 0 {
			blame("trial %d: khungtaskd was to say nothing, and printed %d lines", s.Trial.N, s.lines())
		}
		if !slices.ContainsFunc(c.Titles, func(f string) bool { return endsWithWord(s.Trial.Title, f) }) {
			blame("trial %d: title %q names none of %s", s.Trial.N, s.Trial.Title, strings.Join(c.Titles, ", "))
		}
	}
	if !slices.ContainsFunc(hung, func(s Seen) bool { return slices.Contains(c.Classes, s.Explanation.Class) }) {
		blame("explained as none of %v but as %s: %s", c.Classes, ranked(tally(hung, Seen.classes)), hung[0].Explanation.Sentence)
	}
	if found := tally(hung, Seen.blames); len(c.Blames) > 0 && !slices.ContainsFunc(c.Blames, func(f string) bool { return found[f] > 0 }) {
		blame("no report blames any of %s; blamed were %s", strings.Join(c.Blames, ", "), ranked(found))
	}
	return list
}

// endsWithWord says that a title is about a function: its last word.
func endsWithWord(title, function string) bool { return strings.HasSuffix(title, " "+function) }

func (s Seen) detectors() []string { return s.Trial.Detectors }

func (s Seen) classes() []string { return []string{string(s.Explanation.Class)} }

func (s Seen) titles() []string { return []string{strings.TrimPrefix(s.Trial.Title, "INFO: ")} }

// confirmed is how the hang was confirmed: proven or outlived.
func (s Seen) confirmed() []string {
	if c := s.Trial.Confirmed; c != nil {
		return []string{c.How}
	}
	return nil
}

// blames are the blame frames of reports of the hang, each once.
func (s Seen) blames() []string {
	found := map[string]bool{}
	for _, r := range s.Reports {
		if verdict.KindOf(r.Kind) != verdict.Hang || r.Detector == verdict.Sysrq {
			continue
		}
		for _, t := range r.Tasks {
			if t.BlameFrame != "" && t.Role == kernelreport.RoleVictim {
				found[t.BlameFrame] = true
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}

// tally counts in how many trials each word occurs.
func tally(all []Seen, words func(Seen) []string) map[string]int {
	counts := map[string]int{}
	for _, s := range all {
		for _, w := range words(s) {
			counts[w]++
		}
	}
	return counts
}

// ranked lists words, the most frequent first, with their counts.
func ranked(counts map[string]int) string {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for i, w := range words {
		words[i] = fmt.Sprintf("%s %d", w, counts[w])
	}
	return cmp.Or(strings.Join(words, ", "), "none")
}

// TableHead is the head of a table of controls, in Markdown.
const TableHead = "| control | scenario | hangs | seen by (trials) | khungtaskd lines | title (trials) | blame frames (trials) | explained as (trials) | explanation of the first | median s to hang | confirmed (trials) | median s from the first task's sleep to the verdict | what it is |\n" +
	"|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"

// Row is the control's line in that table.
func (c Control) Row(all []Seen) string {
	hung := c.Hangs(all)
	var lines []string
	var seconds, lasted []float64
	explanation := "-"
	for _, s := range slices.Backward(hung) {
		explanation = strings.ReplaceAll(s.Explanation.Sentence, "|", "\\|")
	}
	for _, s := range hung {
		lines = append(lines, fmt.Sprint(s.lines()))
		seconds = append(seconds, s.Trial.WorkSeconds)
		if c := s.Trial.Confirmed; c != nil {
			lasted = append(lasted, c.Lasted)
		}
	}
	return fmt.Sprintf("| %s (%s) | %s | %d of %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
		c.Kernel, c.Mechanism, c.Scenario, len(hung), len(all), ranked(tally(hung, Seen.detectors)),
		cmp.Or(strings.Join(lines, ", "), "-"), ranked(tally(hung, Seen.titles)), ranked(tally(hung, Seen.blames)),
		ranked(tally(hung, Seen.classes)), explanation, median(seconds),
		ranked(tally(hung, Seen.confirmed)), median(lasted), c.Explains)
}

func median(of []float64) string {
	if len(of) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", stats.Median(of))
}
