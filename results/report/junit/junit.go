// Package junit writes a run as JUnit XML for CI systems: an arm is a test suite, a trial a test case. It is a pure
// function of the model.
//
// Hangs and crashes are failures, failures of the harness are errors, and what is inconclusive is skipped. A last suite
// has one test case: whether the run can be trusted.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/store"
)

// The elements are those of Ant's JUnit schema, with all that it requires and nothing that it lacks.
type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []suite  `xml:"testsuite"`
}

type suite struct {
	ID         int        `xml:"id,attr"`
	Name       string     `xml:"name,attr"`
	Package    string     `xml:"package,attr"`
	Timestamp  string     `xml:"timestamp,attr"` // without a zone: UTC
	Hostname   string     `xml:"hostname,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"` // seconds
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
	Out        output     `xml:"system-out"`
	Err        output     `xml:"system-err"`
}

type output struct {
	Text string `xml:",cdata"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Skipped   *skipped `xml:"skipped"`
	Error     *problem `xml:"error"`
	Failure   *problem `xml:"failure"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

// mostLines is the most lines of one kernel text.
const mostLines = 200

// Write writes the run.
func Write(w io.Writer, r model.Run) error {
	doc := suites{}
	for i, a := range r.Manifest.Arms {
		doc.Suites = append(doc.Suites, armSuite(r, i, a))
	}
	doc.Suites = append(doc.Suites, trust(r, len(doc.Suites)))
	return encode(w, doc)
}

func encode(w io.Writer, doc suites) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newSuite(r model.Run, id int, name string) suite {
	return blank(r.Summary.Scenario, r.Manifest.Started, id, name)
}

// blank is suite number id of what is named of.
func blank(of string, started time.Time, id int, name string) suite {
	return suite{ID: id, Name: plain.Line(name), Package: "loopfault." + plain.Line(of),
		Timestamp: started.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost"}
}

func armSuite(r model.Run, id int, arm store.Arm) suite {
	s := newSuite(r, id, arm.Name)
	s.Properties = properties(r, arm)
	seconds := 0.0
	for _, t := range r.Of(arm.Name) {
		s.add(caseOf(r, s.Package+"."+s.Name, t))
		seconds += t.Seconds
	}
	s.Time = decimal(seconds)
	return s
}

func properties(r model.Run, arm store.Arm) []property {
	list := []property{
		{"run", r.Name}, {"seed", fmt.Sprint(r.Manifest.Seed)}, {"kernel", arm.Kernel}, {"version", arm.Version},
		{"kernel_hash", arm.KernelHash}, {"config_hash", arm.ConfigHash}, {"control", fmt.Sprint(arm.Control)},
	}
	for _, p := range arm.Patches {
		list = append(list, property{"patch", p.Name + " " + p.SHA256})
	}
	for i := range list {
		list[i].Value = plain.Line(list[i].Value)
	}
	return list
}

func (s *suite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func caseOf(r model.Run, class string, t store.Trial) testcase {
	c := testcase{Name: fmt.Sprintf("trial %d", t.N), Classname: class, Time: decimal(t.Seconds)}
	result, why := r.Result(t)
	why = plain.Line(why)
	switch result {
	case model.Failed:
		c.Failure = &problem{Message: why, Type: string(t.Verdict.Kind), Text: plain.Text(evidence(r, t), mostLines)}
	case model.Broken:
		c.Error = &problem{Message: why, Type: "harness", Text: why}
	case model.Skipped:
		c.Skipped = &skipped{why}
	}
	return c
}

// evidence is what a failure shows: the stack with the first trial of each signature, a line that leads there with
// the others.
func evidence(r model.Run, t store.Trial) string {
	text := model.Injected(r.Arm(t.Arm), t) + "\nsignature " + t.Signature + "\n"
	if t.Explanation != "" {
		text += t.Explanation + "\n"
	}
	f, first := r.Finding(t)
	switch {
	case f == nil:
	case !first:
		text += fmt.Sprintf("stack: see trial %d\n", f.First.N)
	case f.Stack != nil:
		text += "stack of " + f.Stack.Who() + ":\n" + f.Stack.Text()
	default:
		text += f.Console
	}
	if first {
		text += "to reproduce it:\n" + strings.Join(f.Commands, "\n") + "\n"
	}
	return text
}

// trust is the suite that says whether the others can be believed.
func trust(r model.Run, id int) suite {
	s := newSuite(r, id, "trust")
	s.Time = decimal(0)
	c := testcase{Name: "the run can be trusted", Classname: s.Package + ".trust", Time: decimal(0)}
	switch {
	case len(r.Trials) == 0:
		c.Skipped = &skipped{plain.Line(r.Sentence)}
	case !r.Summary.Trusted:
		c.Failure = &problem{Message: plain.Line(r.Summary.Problem), Type: "not trusted", Text: plain.Text(strings.Join(r.Summary.Problems, "\n"), mostLines)}
	}
	s.add(c)
	s.Out.Text = plain.Line(r.Sentence)
	return s
}

func decimal(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }
