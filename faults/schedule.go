package faults

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Change is one departure from how vCPUs would run: the vCPU that makes the At-th hit
// of a point (from 1) is held until others made so many more.
type Change struct{ At, Others int }

// Schedule lists changes in the order of their hits. Its text is "17+2 40+1".
type Schedule []Change

func (s Schedule) String() string {
	var words []string
	for _, c := range s {
		words = append(words, fmt.Sprintf("%d+%d", c.At, c.Others))
	}
	return strings.Join(words, " ")
}

// MarshalText and UnmarshalText are for JSON and YAML.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Schedule) UnmarshalText(text []byte) error {
	*s = nil
	for word := range strings.FieldsSeq(string(text)) {
		var c Change
		if n, err := fmt.Sscanf(word, "%d+%d", &c.At, &c.Others); err != nil || n != 2 || fmt.Sprintf("%d+%d", c.At, c.Others) != word || c.At < 1 || c.Others < 1 {
			return fmt.Errorf("schedule: %q, want HIT+OTHERS such as 17+2", word)
		}
		*s = append(*s, c)
	}
	if !slices.IsSortedFunc(*s, func(a, b Change) int { return cmp.Compare(a.At, b.At) }) {
		return fmt.Errorf("schedule: %q, want changes in the order of their hits", text)
	}
	return nil
}

// draw makes a schedule of so many changes among the first so many hits, as
// probabilistic concurrency testing does: a bug that needs d changes in a run of n
// hits occurs with a chance of about 1 in n^d, however rare it is otherwise.
func draw(r *rand.Rand, changes, among, longest int) Schedule {
	at := r.Perm(among)[:min(changes, among)]
	slices.Sort(at)
	var s Schedule
	for _, n := range at {
		s = append(s, Change{At: n + 1, Others: 1 + r.IntN(longest)})
	}
	return s
}
