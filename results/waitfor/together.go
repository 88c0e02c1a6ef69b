package waitfor

// Together is the explanation of a hang that was looked at twice: under load, and once
// the load was gone. Under load there is traffic, in which the cause may not show: what
// only the second look could tell counts then. A wake-up that is lost stays so: if the second look finds what the tasks wait for,
// the first one missed it.
func Together(under, without Explanation) Explanation {
	told := func(c Class) bool { return c != Unknown && c != Slow && c != Nothing }
	switch {
	case !told(under.Class) && told(without.Class):
		without.Details = append([]string{"seen after the load had ended; under load: " + under.Sentence}, without.Details...)
		return without
	case under.Class == Lost && without.Class != Lost && without.Class != Unknown && without.Class != Nothing:
		without.Details = append([]string{"seen after the load had ended; under load it looked like this: " + under.Sentence}, without.Details...)
		return without
	case without.Sentence != under.Sentence:
		under.Details = append(under.Details, "after the load had ended: "+without.Sentence)
	}
	return under
}

// CameBack is the explanation of tasks that went on once the load was gone: what looked like a wait that nothing is left to end
// was one that a look had missed the end of.
func CameBack(under Explanation) Explanation {
	switch under.Class {
	case Lost, Kept, Cycle, NoReply:
		under.Class, under.Sentence = Slow, "slow: its tasks came back once the load had ended; under load it looked like this: "+under.Sentence
	}
	return under
}
