package scenario

// refused is what is wrong with a scenario, by path.
func refused(s Scenario) map[string]string {
	found := map[string]string{}
	for _, f := range check(s) {
		found[f.path] = f.message
	}
	return found
}
