package scenario

import (
	"maps"
	"reflect"
	"strings"

	"loopfault/faults"
	"loopfault/results/observe"
	"loopfault/workloads/wire"
)

const topLevel = "Top level"

// required are the fields without which a scenario is refused, by title of their section and name: what the checks find
// in parts that have nothing set, and find as well when all switches of such a part are on.
func required() map[string]bool {
	off, on := withNothingSet(false), withNothingSet(true)
	maps.DeleteFunc(off, func(field string, _ bool) bool { return !on[field] })
	return off
}

func withNothingSet(on bool) map[string]bool {
	missing := map[string]bool{}
	find := func(change func(*Scenario)) {
		s := defaults()
		change(&s)
		for _, f := range check(s) {
			mark(missing, f.path)
		}
	}
	find(func(*Scenario) {})
	top := maps.Clone(missing) // a part may want something else in the scenario; that is not for every scenario
	find(func(s *Scenario) { s.Workloads = []wire.Workload{{SharedFile: &wire.SharedFile{Processes: 1}}} })
	for _, w := range oneOfEach[wire.Workload](on) {
		find(func(s *Scenario) { s.Workloads = []wire.Workload{w} })
	}
	for _, f := range oneOfEach[Fault](on) {
		if f.Explore != nil && on {
			f.Explore.Schedule = faults.Schedule{{}} // instead of drawing one
		}
		find(func(s *Scenario) { s.Faults = []Fault{f} })
	}
	explore := faults.Explore{Points: []faults.Place{{}}, Schedule: faults.Schedule{{}}}
	find(func(s *Scenario) { s.Faults = []Fault{{Explore: &explore}} })
	find(func(s *Scenario) { s.Observe = &observe.Plan{Points: []observe.Point{{}}} })
	find(func(s *Scenario) { s.Observe = &observe.Plan{Claims: []observe.Claim{{After: &observe.After{}}}} })
	maps.DeleteFunc(missing, func(field string, _ bool) bool {
		title, _, _ := strings.Cut(field, ".")
		return title == "Fault" || title == "Workload" || title == topLevel && !top[field]
	})
	return missing
}

// oneOfEach sets each field of a one-of struct in turn, to something with nothing set but its switches.
func oneOfEach[T any](switches bool) (list []T) {
	for i := range reflect.TypeFor[T]().NumField() {
		var one T
		part := reflect.New(reflect.TypeFor[T]().Field(i).Type.Elem())
		for k := range part.Elem().NumField() {
			if f := part.Elem().Field(k); f.Kind() == reflect.Bool {
				f.SetBool(switches)
			}
		}
		reflect.ValueOf(&one).Elem().Field(i).Set(part)
		list = append(list, one)
	}
	return list
}

// mark marks the field that a path leads to, and with it the structs on the way in which it is missing.
func mark(missing map[string]bool, path string) {
	t, title := reflect.TypeFor[Scenario](), topLevel
	segments := strings.Split(path, ".")
	var fields []string
	for i, segment := range segments {
		name, _, _ := strings.Cut(segment, "[")
		of := typeOf(t, name)
		if of == nil {
			return // what a mapping holds
		}
		fields = append(fields, title+"."+name)
		if of.Kind() != reflect.Struct && i < len(segments)-1 {
			fields = nil // the list or the pointer is there
		}
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		t, title = of, of.Name()
	}
	for _, f := range fields {
		missing[f] = true
	}
}

// typeOf is the type of a struct's field, nil if there is none.
func typeOf(t reflect.Type, name string) reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if of := typeOf(f.Type, name); of != nil {
				return of
			}
		}
		if tag, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); tag == name {
			return f.Type
		}
	}
	return nil
}
