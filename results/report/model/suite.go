package model

// Suite is the results of tests that are not trials of one run, such as the cells of a night on one kernel.
// Formats that know tests only write lists of suites.
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
