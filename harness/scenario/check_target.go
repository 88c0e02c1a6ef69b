package scenario

import (
	"fmt"
	"strings"

	"loopfault/results/paths"
)

// target checks the counted function and its paths.
func (c *checker) target(t paths.Target) {
	const path = "target"
	if t.Function != "" {
		c.either(t.Function, path)
	}
	c.want(t.Function != "" || len(t.Below)+len(t.Paths) == 0, path+".function", "want the name of a kernel function")
	c.functions(t.Below, path+".below")
	for i, p := range t.Paths {
		c.functions(p.Below, fmt.Sprintf("%s.paths[%d].below", path, i))
	}
	if at, wrong := paths.Check(t.Paths); wrong != "" {
		c.want(false, fmt.Sprintf("%s.paths[%d]", path, at), "%s", wrong)
	}
}

// functions checks a list of names.
func (c *checker) functions(names []string, path string) {
	for i, name := range names {
		c.either(name, fmt.Sprintf("%s[%d]", path, i))
	}
}

// either checks a name, or several of which a kernel has one.
func (c *checker) either(names, path string) {
	for f := range strings.SplitSeq(names, "|") {
		c.want(functionForm.MatchString(f), path, "is %q, want the name of a kernel function, or several with | between them", names)
	}
}
