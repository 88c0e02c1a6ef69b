package paths

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Words is counts in one line, the most frequent path first, parts in brackets behind
// their whole: "evict 50 (25 failed; umount 12, exit 3), pnfs_roc 12, other 4". How
// many failed is said where any did.
func Words(counts map[string]Count) string { return words(counts, "") }

func words(counts map[string]Count, whole string) string {
	var list []string
	for _, name := range inOrder(counts, whole) {
		c := counts[name]
		text := fmt.Sprintf("%s %d", strings.TrimPrefix(name, whole+part), c.Calls)
		var more []string
		if c.Landed > 0 {
			more = append(more, fmt.Sprintf("%d failed", c.Landed))
		}
		if parts := words(counts, name); parts != "" {
			more = append(more, parts)
		}
		if len(more) > 0 {
			text += " (" + strings.Join(more, "; ") + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// inOrder are the parts of a path, or those that are parts of none: by how often they
// were taken, calls that no path accounts for last.
func inOrder(counts map[string]Count, whole string) []string {
	names := slices.Collect(maps.Keys(counts))
	names = slices.DeleteFunc(names, func(n string) bool { return Whole(n) != whole })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(counts[b].Calls, counts[a].Calls), cmp.Compare(a, b))
	})
	return names
}

func last(name string) int {
	if name == Other {
		return 1
	}
	return 0
}
