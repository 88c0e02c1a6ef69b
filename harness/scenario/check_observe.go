package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"loopfault/results/observe"
)

var (
	pointForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	// fetchForm is an argument of a kprobe event: a register, an argument, or memory that one
	// of them points to, with a type behind it.
	fetchForm = regexp.MustCompile(`^(\+\d+\()*(%[a-z0-9]{2,4}|\$arg[1-6]|\$retval)\)*(:[xsu]?(8|16|32|64))?$`)
	// filterForm is a filter of events: comparisons of fields with numbers.
	filterForm = regexp.MustCompile(`^[a-z0-9_ ()&|!=<>x-]*$`)
)

// mostPoints bounds how many events are recorded: each costs time whenever it is passed.
const mostPoints = 32

// observe checks what is to be observed.
func (c *checker) observe(plan *observe.Plan) {
	if plan == nil {
		return
	}
	c.between(len(plan.Points), 1, mostPoints, "observe.points")
	var points, claims []string
	for i, p := range plan.Points {
		path := fmt.Sprintf("observe.points[%d]", i)
		c.want(pointForm.MatchString(p.Name), path+".point", "is %q, want lower-case words with hyphens", p.Name)
		c.want(!slices.Contains(points, p.Name), path+".point", "%s is there already", p.Name)
		points = append(points, p.Name)
		c.functions([]string{p.Function}, path+".function")
		c.functions(p.Below, path+".below")
		c.functions(p.NotBelow, path+".not_below")
		c.between(p.Call, 0, 1000, path+".call")
		c.want(p.Callee == "" || functionForm.MatchString(p.Callee), path+".callee", "is %q, want the name of a kernel function", p.Callee)
		c.want((p.Callee == "") == (p.Call == 0), path+".callee", "want callee and call, or neither")
		c.want(!p.Returned || p.Call > 0, path+".returned", "want the call that returned: callee and call")
		c.want(p.Object == "" || fetchForm.MatchString(p.Object), path+".object", "is %q, want an argument of a kprobe event, such as %%di or +88(%%di):x64", p.Object)
		for name, fetch := range p.Fields {
			c.want(eventName.MatchString(name) && name != observe.Field, path+".fields."+name, "want a lower-case word other than %s", observe.Field)
			c.want(fetchForm.MatchString(fetch), path+".fields."+name, "is %q, want an argument of a kprobe event, such as +88(%%di):x64", fetch)
		}
		c.want(filterForm.MatchString(p.If), path+".if", "is %q, want a filter over the fields, such as flags & 0x20", p.If)
	}
	for i, cl := range plan.Claims {
		path := fmt.Sprintf("observe.claims[%d]", i)
		c.want(pointForm.MatchString(cl.Name), path+".claim", "is %q, want lower-case words with hyphens", cl.Name)
		c.want(!slices.Contains(points, cl.Name) && !slices.Contains(claims, cl.Name), path+".claim", "%s is there already", cl.Name)
		c.want(cl.Says != "" && !strings.Contains(cl.Says, "\n"), path+".says", "want one line")
		c.functions(cl.Below, path+".below")
		known := func(name, field string, also ...string) {
			c.want(slices.Contains(append(also, points...), name), path+field, "there is no point %q", name)
		}
		known(cl.Point, ".point")
		known(cl.Chances, ".chances", append(claims, "")...)
		c.want(cl.Expected == "" || cl.Expected == observe.Always, path+".expected", "is %q, want %s or nothing", cl.Expected, observe.Always)
		if a := cl.After; a != nil {
			known(a.Point, ".after.point")
			known(a.Within, ".after.within", "")
			for _, u := range a.Unless {
				known(u, ".after.unless")
			}
			c.want(slices.Contains([]string{"", observe.Same, observe.Another}, a.By), path+".after.by", "is %q, want %s or %s", a.By, observe.Same, observe.Another)
		}
		claims = append(claims, cl.Name)
	}
}

var eventName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
