package summary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/words"
)

// byHost counts hits of an arm on each host.
func byHost(own []outcome) map[string]stats.Count {
	counts := map[string]stats.Count{}
	for _, o := range own {
		if !o.counts {
			continue
		}
		c := counts[o.host]
		c.Trials++
		if o.hit {
			c.Hits++
		}
		counts[o.host] = c
	}
	return counts
}

// strata are two arms on each host.
func strata(base, arm string, outcomes []outcome) (list []stats.Pair) {
	bases, arms := byHost(of(base, outcomes)), byHost(of(arm, outcomes))
	for _, host := range slices.Sorted(maps.Keys(arms)) {
		list = append(list, stats.Pair{Base: bases[host], Arm: arms[host]})
	}
	return list
}

// blocksOfRounds pairs the two arms of each round that ran whole on one host. Trials of
// different hosts make no block: of arms with equal rates the test takes for granted
// that those of a block are equal.
func blocksOfRounds(base, arm string, outcomes []outcome) *stats.Sequential {
	var s stats.Sequential
	for len(outcomes) > 0 {
		n := 1
		for n < len(outcomes) && outcomes[n].seed == outcomes[0].seed {
			n++
		}
		round := outcomes[:n]
		outcomes = outcomes[n:]
		a, b := one(base, round), one(arm, round)
		if a != nil && b != nil && a.counts && b.counts && a.host == b.host {
			s.Add(a.hit, b.hit)
		}
	}
	return &s
}

func one(arm string, round []outcome) *outcome {
	for i := range round {
		if round[i].arm == arm {
			return &round[i]
		}
	}
	return nil
}

// inTime is an arm's outcomes in the order in which they came about. Shards have controls
// with numbers behind all others, which run before them all the same.
func inTime(m store.Manifest, own []outcome) []outcome {
	if m.Merged == nil && m.Shard == (store.Shard{}) {
		return own
	}
	own = slices.Clone(own)
	slices.SortStableFunc(own, func(a, b outcome) int { return a.started.Compare(b.started) })
	return own
}

// blindHosts are the problems of hosts on which a control never hung, although it hangs
// so often elsewhere that this is no chance, however many hosts there are.
func blindHosts(a Arm, own []outcome) (list []string) {
	counts := byHost(own)
	for _, host := range slices.Sorted(maps.Keys(counts)) {
		here := counts[host]
		others := stats.Count{Hits: a.Hung() - here.Hits, Trials: a.Counted() - here.Trials}
		if here.Hits > 0 || stats.Fisher(0, here.Trials, others.Hits, others.Trials)*float64(len(counts)) > 1-stats.Level {
			continue
		}
		list = append(list, fmt.Sprintf("control arm %s did not hang in any of %s on host %s, and in %d of %d elsewhere: "+
			"the detector or the injector is broken there, trust no clean result of that host",
			a.Name, words.Count(here.Trials, "trial"), host, others.Hits, others.Trials))
	}
	return list
}

// shardNotes say which part of a campaign a run is.
func shardNotes(m store.Manifest) []string {
	if m.Shard == (store.Shard{}) {
		return nil
	}
	text := fmt.Sprintf("This is %s: %s of %d of the campaign, and controls; loopfault merge makes one run of all shards.",
		m.Shard, m.RoundsOfShard(), m.Trials)
	if m.Until == store.UntilDifference || m.Until == store.UntilAnswer {
		text += " Whether the question is answered is tested there, and not in one shard."
	}
	return []string{text}
}

// mergedNotes say where a merged run comes from, what it lacks, and what hosts show.
func mergedNotes(m store.Manifest, s Summary) (list []string) {
	merged := m.Merged
	if merged == nil {
		return nil
	}
	list = append(list, fmt.Sprintf("Merged from %s of %s; trials ran on %s: %s.", words.Count(len(merged.Shards), "run"),
		words.Count(merged.Of, "shard"), words.Count(len(merged.Hosts), "host"), hostWords(merged.Hosts)))
	if missing := merged.Missing(); len(missing) > 0 {
		list = append(list, fmt.Sprintf("Not merged, as there is no run of them: of %s %s.", words.Count(merged.Of, "shard"), numbers(missing)))
	}
	for _, r := range first(merged.Unfinished()) {
		why := "it was killed"
		if r.Ended != "" {
			why = "it stopped: " + r.Ended
		}
		list = append(list, fmt.Sprintf("%s had %d of its %d trials when it was merged (%s).", upperFirst(r.Shard.String()), r.Trials, r.Planned, why))
	}
	if n := len(merged.Unfinished()); n > mostListed {
		list = append(list, fmt.Sprintf("So had %d other shards some of theirs; manifest.json lists them.", n-mostListed))
	}
	twice := 0
	for _, r := range merged.Shards {
		twice += r.Twice
	}
	if twice > 0 {
		list = append(list, fmt.Sprintf("%s ran twice: the one of the run that began first counts, the other lies beside it.", upperFirst(words.Count(twice, "trial"))))
	}
	list = append(list, unlikeNotes(merged.Hosts)...)
	for _, c := range s.Comparisons {
		if c.Stratified != nil {
			list = append(list, stratifiedNote(c))
		}
	}
	return list
}

func stratifiedNote(c Comparison) string {
	if c.Stratified.Strata == 0 {
		return fmt.Sprintf("%s against %s within hosts: nothing to compare, on each host all trials ended alike.", c.Arm, c.Base)
	}
	ratio := "no odds ratio can be given"
	if r := c.Stratified.OddsRatio; r != nil {
		ratio = fmt.Sprintf("common odds ratio %.3g", *r)
	}
	return fmt.Sprintf("%s against %s within hosts: p = %.3g (Cochran-Mantel-Haenszel, %s), %s.", c.Arm, c.Base,
		c.Stratified.P, words.Count(c.Stratified.Strata, "host"), ratio)
}

// unlikeNotes say that hosts ran guests in different ways.
func unlikeNotes(hosts []store.MergedHost) (list []string) {
	for _, c := range []struct {
		what string
		of   func(store.MergedHost) string
	}{
		{"version of QEMU", func(h store.MergedHost) string { return h.QEMU }},
		{"accelerator", func(h store.MergedHost) string { return h.Accel }},
	} {
		have := map[string]bool{}
		for _, h := range hosts {
			have[c.of(h)] = true
		}
		if len(have) > 1 {
			list = append(list, fmt.Sprintf("Hosts are not alike in their %s (%s): rates are those of the mixture, comparisons within hosts hold.",
				c.what, strings.Join(slices.Sorted(maps.Keys(have)), ", ")))
		}
	}
	return list
}

// mostListed is how many of a kind a note names.
const mostListed = 5

func first[T any](list []T) []T { return list[:min(len(list), mostListed)] }

func hostWords(hosts []store.MergedHost) string {
	hosts = slices.Clone(hosts)
	slices.SortStableFunc(hosts, func(a, b store.MergedHost) int { return cmp.Compare(b.Trials, a.Trials) })
	var words []string
	for _, h := range first(hosts) {
		words = append(words, fmt.Sprintf("%s (%d)", cmp.Or(h.Name, "a host without a name"), h.Trials))
	}
	if more := len(hosts) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d others", more))
	}
	return strings.Join(words, ", ")
}

func numbers(list []int) string {
	var words []string
	for _, n := range first(list) {
		words = append(words, fmt.Sprint(n))
	}
	if more := len(list) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d others", more))
	}
	return strings.Join(words, ", ")
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
