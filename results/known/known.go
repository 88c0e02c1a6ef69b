// Package known is about hangs that are known already: they are shown, and counted apart from the others.
package known

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Issue is a known hang or crash, named by its signature, what its tasks wait for in the end,
// its scenario, or several of these.
type Issue struct {
	Signature string `yaml:"signature" json:"signature,omitempty"`
	Resource  string `yaml:"resource" json:"resource,omitempty"` // explanation_resource of its verdict.json: one hang may be reported for many functions
	Scenario  string `yaml:"scenario" json:"scenario,omitempty"` // glob of names
	Kernel    string `yaml:"kernel" json:"kernel,omitempty"`     // glob of kernels as the user calls them
	From      string `yaml:"from" json:"from,omitempty"`         // kernel versions, both ends counted, as in 6.1
	To        string `yaml:"to" json:"to,omitempty"`
	Reason    string `yaml:"reason" json:"reason"`
	Until     string `yaml:"until" json:"until"` // last day on which it counts, as in 2027-01-31
}

// Where is where a hang was seen.
type Where struct {
	Scenario string // its name, without variants
	Kernel   string // as the user calls it
	Version  string // uname -r
}

// Hang is what of a hang or crash an entry is compared with; Resource is "" if it was not
// explained.
type Hang struct{ Signature, Resource string }

// Covers says whether a hang is the known one, whatever the day.
func (k Issue) Covers(w Where, h Hang) bool {
	if k.Signature != "" && k.Signature != h.Signature || k.Resource != "" && k.Resource != h.Resource {
		return false
	}
	for glob, name := range map[string]string{k.Scenario: w.Scenario, k.Kernel: w.Kernel} {
		if ok, _ := path.Match(glob, name); glob != "" && !ok {
			return false
		}
	}
	return between(w.Version, k.From, k.To)
}

// Expired says whether the entry no longer counts; its last day does.
func (k Issue) Expired(now time.Time) bool {
	until, err := time.ParseInLocation(time.DateOnly, k.Until, now.Location())
	return err != nil || !now.Before(until.AddDate(0, 0, 1))
}

// Name is how reports call the entry.
func (k Issue) Name() string {
	switch {
	case k.Signature != "":
		return k.Signature
	case k.Resource != "":
		return "waits for " + k.Resource
	}
	return "scenario " + k.Scenario
}

// Why is the reason in words, with the last day.
func (k Issue) Why() string { return "known until " + k.Until + ": " + k.Reason }

// Check tells bad what is wrong with the entry; at is where it stands.
func (k Issue) Check(at string, bad func(format string, args ...any)) {
	if k.Signature == "" && k.Resource == "" && k.Scenario == "" {
		bad("%s: want a signature, a resource or a scenario", at)
	}
	if k.Reason == "" {
		bad("%s.reason: want one", at)
	}
	if _, err := time.Parse(time.DateOnly, k.Until); err != nil {
		bad("%s.until is %q, want a date as in 2027-01-31", at, k.Until)
	}
	for field, glob := range map[string]string{"scenario": k.Scenario, "kernel": k.Kernel} {
		if _, err := path.Match(glob, ""); err != nil {
			bad("%s.%s is %q: %v", at, field, glob, err)
		}
	}
	for field, v := range map[string]string{"from": k.From, "to": k.To} {
		if v != "" && len(numbers(v)) == 0 {
			bad("%s.%s is %q, want a kernel version as in 6.12", at, field, v)
		}
	}
}

// Parse reads a list of issues in YAML; file is for messages. Errors are one line for each problem.
func Parse(file string, text []byte) ([]Issue, error) {
	var list []Issue
	if err := yaml.Load(text, &list, yaml.WithKnownFields()); err != nil {
		return nil, Unreadable(file, err)
	}
	var problems []error
	for i, k := range list {
		k.Check(fmt.Sprintf("[%d]", i), func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...)))
		})
	}
	return list, errors.Join(problems...)
}

// Unreadable makes one line of each error of the YAML library.
func Unreadable(file string, err error) error {
	var many *yaml.LoadErrors
	if !errors.As(err, &many) {
		return fmt.Errorf("%s: %w", file, err)
	}
	var lines []error
	for _, e := range many.Errors {
		lines = append(lines, fmt.Errorf("%s:%d: %s", file, e.Mark.Line, e.Message))
	}
	return errors.Join(lines...)
}

// between says whether a kernel version lies in a range, whose ends are counted in
// whole: 6.12.117 lies up to 6.12. An end that is empty is none.
func between(version, from, to string) bool {
	v := numbers(version)
	return (from == "" || compare(v, numbers(from)) >= 0) && (to == "" || compare(v, numbers(to)) <= 0)
}

// numbers are the numbers that a version begins with.
func numbers(version string) (list []int) {
	word, _, _ := strings.Cut(version, "-")
	for part := range strings.SplitSeq(word, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		list = append(list, n)
	}
	return list
}

// compare compares as many numbers as end has.
func compare(v, end []int) int {
	for i, n := range end {
		if i >= len(v) {
			return -1
		}
		if v[i] != n {
			return v[i] - n
		}
	}
	return 0
}
