package junit

import (
	"io"
	"time"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
)

// WriteSuites writes tests that are no trials of one run: name is what they are of together, and said what a reader is
// told beside the first of them.
func WriteSuites(w io.Writer, name string, started time.Time, list []model.Suite, said string) error {
	doc := suites{}
	for i, from := range list {
		s := blank(name, started, i, from.Name)
		seconds := 0.0
		for _, c := range from.Cases {
			s.add(testcaseOf(s.Package+"."+s.Name, c))
			seconds += c.Seconds
		}
		s.Time = decimal(seconds)
		if i == 0 {
			s.Out.Text = plain.Text(said, 0)
		}
		doc.Suites = append(doc.Suites, s)
	}
	return encode(w, doc)
}

func testcaseOf(class string, from model.Case) testcase {
	c := testcase{Name: plain.Line(from.Name), Classname: class, Time: decimal(from.Seconds)}
	why := plain.Line(from.Why)
	text := plain.Text(from.Text, mostLines)
	switch from.Result {
	case model.Failed:
		c.Failure = &problem{Message: why, Type: "found", Text: text}
	case model.Broken:
		c.Error = &problem{Message: why, Type: "harness", Text: text}
	case model.Skipped:
		c.Skipped = &skipped{why}
	}
	return c
}
