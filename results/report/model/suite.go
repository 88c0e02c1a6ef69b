package model

// Suite is what tests that are no trials of one run came to: the cells of a night on one kernel, say. Formats that know
// tests only write lists of them.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is one test of a suite.
type Case struct {
	Name    string
	Result  Result
	Why     string // one line; "" of what passed
	Text    string // more about it, "" if there is no more
	Seconds float64
}
