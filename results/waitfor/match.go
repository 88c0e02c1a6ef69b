package waitfor

import (
	"strings"

	"loopfault/results/report/plain"
)

// sleepers are the functions below which a task waits whatever it waits for.
// /proc leaves them out of its stacks, the console does not; without them both
// read alike.
var sleepers = []string{
	"__switch_to", "context_switch", "__schedule", "__schedule_loop", "schedule", "schedule_*", "io_schedule*", "preempt_schedule*", "bit_wait*", "__wait_on_bit*",
	"out_of_line_wait_on_bit*", "rwsem_down_*", "down_read*", "down_write*", "__down_*", "__mutex_lock*", "mutex_lock*",
	"percpu_down_*", "__percpu_down_*", "asm_sysvec_*", "asm_exc_*", "irqentry_*",
	"call_rwsem_down_*", "rwsem_down_failed_common",
	"wait_for_completion*", "__wait_for_common*", "wait_for_common*", "wait_on_bit*", "do_wait_for_common*",
	"cv_wait*", "__cv_wait*", "__cv_timedwait*", // of ZFS
}

// asleep is a stack from where it sleeps: innermost first, without sleepers and
// without what compilers add to names.
func asleep(funcs []string) []string {
	var out []string
	for _, f := range funcs {
		f, _, _ = strings.Cut(f, ".")
		if f != "" && !matchesAny(sleepers, f) {
			out = append(out, plain.Short(f, 80))
		}
	}
	return out
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(p, name) {
			return true
		}
	}
	return false
}

// matches compares a name with a pattern, whose last letter may be a star.
func matches(pattern, name string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, head)
	}
	return pattern == name
}

// startsWith says whether a stack begins like a row's frames: names one after
// the other, "..." for any number of others.
func startsWith(stack, frames []string) bool {
	for i, p := range frames {
		if p == "..." {
			for j := range len(stack) + 1 {
				if startsWith(stack[j:], frames[i+1:]) {
					return true
				}
			}
			return false
		}
		if len(stack) == 0 || !matches(p, stack[0]) {
			return false
		}
		stack = stack[1:]
	}
	return true
}

// firstOf is the innermost function of a stack that is one of the patterns.
func firstOf(stack, patterns []string) (string, bool) {
	for _, f := range stack {
		if matchesAny(patterns, f) {
			return f, true
		}
	}
	return "", false
}

// passesThrough is firstOf behind the place where the task sleeps: it holds on
// to something on its way.
func passesThrough(stack, patterns []string) (string, bool) {
	if len(stack) == 0 {
		return "", false
	}
	return firstOf(stack[1:], patterns)
}
