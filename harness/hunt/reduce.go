package hunt

import (
	"slices"

	"loopfault/harness/scenario"
)

// Reduce makes a scenario that hangs smaller, one step after the other, and keeps each step with which it still
// hangs: the quick variant, its own version and file system, without each of its parts, with fewer processes. happens
// runs a smaller one; an error ends the search, with the smallest one so far.
func Reduce(ref scenario.Ref, happens func(scenario.Ref) (bool, error)) (scenario.Ref, error) {
	attempt := func(smaller scenario.Ref) (bool, error) {
		if _, _, err := smaller.Find(); err != nil {
			return false, nil // nothing sensible is left
		}
		still, err := happens(smaller)
		if still && err == nil {
			ref = smaller
		}
		return still, err
	}
	if quick := scenario.Variant("quick"); !slices.Contains(ref.Choices, scenario.Choice(quick)) {
		first := scenario.Ref{Source: ref.Source, Choices: append(scenario.Choices{quick}, ref.Choices...)}
		if _, err := attempt(first); err != nil {
			return ref, err
		}
	}
	for _, choice := range slices.Clone(ref.Choices) {
		if _, variant := choice.(scenario.Variant); variant {
			continue
		}
		less := slices.DeleteFunc(slices.Clone(ref.Choices), func(c scenario.Choice) bool { return c == choice })
		if _, err := attempt(scenario.Ref{Source: ref.Source, Choices: less}); err != nil {
			return ref, err
		}
	}
	s, _, err := ref.Find()
	if err != nil {
		return ref, err
	}
	for _, part := range s.Parts() {
		if _, err := attempt(ref.With(scenario.Without(part))); err != nil {
			return ref, err
		}
	}
	if s, _, err = ref.Find(); err != nil {
		return ref, err
	}
	base := ref
	for n := s.MostProcesses() / 2; n >= 1; n /= 2 {
		if still, err := attempt(base.With(scenario.Processes(n))); err != nil || !still {
			return ref, err
		}
	}
	return ref, nil
}
