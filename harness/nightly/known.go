package nightly

import (
	"path"
	"strconv"
	"strings"
	"time"
)

// covers says whether a hang of the cell is the known one, whatever the day.
func (k Known) covers(c Cell, signature string) bool {
	if k.Signature != "" && k.Signature != signature {
		return false
	}
	for glob, name := range map[string]string{k.Scenario: c.Name, k.Kernel: c.Kernel} {
		if ok, _ := path.Match(glob, name); glob != "" && !ok {
			return false
		}
	}
	return between(c.Row.Version, k.From, k.To)
}

// expired says whether the entry no longer counts; its last day does.
func (k Known) expired(now time.Time) bool {
	until, err := time.ParseInLocation(time.DateOnly, k.Until, now.Location())
	return err != nil || !now.Before(until.AddDate(0, 0, 1))
}

// name is how reports call the entry.
func (k Known) name() string {
	if k.Signature == "" {
		return "scenario " + k.Scenario
	}
	return k.Signature
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
