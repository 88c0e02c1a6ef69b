package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"loopfault/faults"
	"loopfault/results/observe"
	"loopfault/workloads/wire"
)

// Points are recorded into a trace buffer of their own, which other events do not
// overrun, each with its stack.
const (
	observed      = wire.Tracefs + "/instances/loopfault"
	observedGroup = "loopfault"
	// observedKiB is that buffer for each processor; it holds some 3000 points. As text it
	// is five times as large.
	observedKiB = "1024"
)

// observe records the points that the scenario's claims are about.
func (t *trial) observe(ctx context.Context) error {
	plan := t.spec.Scenario.Observe
	if plan == nil {
		return nil
	}
	if err := t.agent.Mkdir(ctx, observed); err != nil {
		return fmt.Errorf("a trace buffer for observations: %w", err)
	}
	if err := t.agent.WriteFile(ctx, observed+"/buffer_size_kb", observedKiB); err != nil {
		return err
	}
	t.unseen = map[string]string{}
	// All places are found before the first probe is set: a probe at a call site hides the call.
	places := map[string][]string{}
	for _, p := range plan.Points {
		found, err := t.placesOf(ctx, p)
		if ctx.Err() != nil {
			return err
		}
		t.unless(err, p)
		places[p.Name] = found
	}
	for _, p := range plan.Points {
		if t.unseen[p.Name] != "" {
			continue
		}
		err := t.recordPoint(ctx, p, places[p.Name])
		if ctx.Err() != nil {
			return err
		}
		t.unless(err, p)
	}
	return nil
}

// unless records a point that this kernel does not have.
func (t *trial) unless(err error, p observe.Point) {
	if err != nil {
		t.unseen[p.Name] = err.Error()
		t.history.add(entry{Type: "guest", What: "not observed", Detail: p.Name + ": " + err.Error()})
	}
}

// placesOf gives where a point is, as kprobe events have it: in all its functions.
func (t *trial) placesOf(ctx context.Context, p observe.Point) (places []string, err error) {
	for function := range strings.SplitSeq(p.Function, "|") {
		more, err := t.placesIn(ctx, p, function)
		if err != nil {
			return nil, err
		}
		places = append(places, more...)
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("this kernel has no function %s (not configured, or inlined)", p.Function)
	}
	return places, nil
}

func (t *trial) placesIn(ctx context.Context, p observe.Point, function string) ([]string, error) {
	names, err := t.copiesOf(ctx, function)
	if err != nil || p.Call == 0 {
		return names, err
	}
	var places []string
	for _, name := range names {
		fn, err := faults.Function(ctx, t.agent, name)
		if err != nil {
			return nil, err
		}
		site, err := faults.Site(ctx, t.agent, name, p.Callee, p.Call)
		if err != nil {
			return nil, err
		}
		at := site.Call
		if p.Returned {
			at = site.Return
		}
		places = append(places, fmt.Sprintf("%s+%#x", name, at-fn.Start))
	}
	return places, nil
}

// copiesOf lists the names of the symbols that hold a function's code. f.part.0 is the
// part behind a check that callers have inlined: f leads to it, and is left out.
func (t *trial) copiesOf(ctx context.Context, function string) ([]string, error) {
	syms, err := faults.Copies(ctx, t.agent, function)
	if err != nil {
		return nil, err
	}
	var names, parts []string
	for _, s := range syms {
		if strings.Contains(s.Name, ".part.") {
			parts = append(parts, s.Name)
		} else {
			names = append(names, s.Name)
		}
	}
	if len(parts) > 0 {
		return parts, nil
	}
	return names, nil
}

// probeAt defines the event of a point at one of its places.
func probeAt(p observe.Point, place string) string {
	args := ""
	if p.Object != "" {
		args += " " + observe.Field + "=" + p.Object
		if !strings.Contains(p.Object, ":") {
			args += ":x64"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		args += " " + name + "=" + p.Fields[name]
	}
	return fmt.Sprintf("p:%s/%s %s%s", observedGroup, observe.EventOf(p.Name), place, args)
}

// recordPoint has each passing of a point recorded, with its stack. Several places under
// one name are one event.
func (t *trial) recordPoint(ctx context.Context, p observe.Point, places []string) error {
	for _, place := range places {
		if err := t.agent.WriteFile(ctx, wire.Tracefs+"/kprobe_events", probeAt(p, place)); err != nil {
			return fmt.Errorf("a probe at %s: %w", place, err)
		}
	}
	event := observe.EventOf(p.Name)
	dir := observed + "/events/" + observedGroup + "/" + event
	if p.If != "" {
		if err := t.agent.WriteFile(ctx, dir+"/filter", p.If); err != nil {
			return fmt.Errorf("filter %q: %w", p.If, err)
		}
	}
	trigger := "stacktrace"
	if p.If != "" {
		trigger += " if " + p.If
	}
	return errors.Join(t.agent.WriteFile(ctx, dir+"/trigger", trigger), t.agent.WriteFile(ctx, dir+"/enable", "1"))
}

var overrunLine = regexp.MustCompile(`(?m)^(?:overrun|dropped events): ([0-9]+)`)

// proveObserved counts the claims, in what was recorded.
func (t *trial) proveObserved(ctx context.Context) error {
	plan := t.spec.Scenario.Observe
	if plan == nil {
		return nil
	}
	// Points that are passed while this is read would be in one processor's part of it only.
	if err := t.agent.WriteFile(ctx, observed+"/tracing_on", "0"); err != nil {
		return err
	}
	text, err := t.agent.ReadFile(ctx, observed+"/trace")
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.evidencePath("observed.txt"), []byte(text), 0o644); err != nil {
		return err
	}
	unseen := t.unseen
	for cpu := range t.spec.Scenario.Guest.CPUs {
		stats, err := t.agent.ReadFile(ctx, fmt.Sprintf("%s/per_cpu/cpu%d/stats", observed, cpu))
		if err != nil {
			return err
		}
		for _, m := range overrunLine.FindAllStringSubmatch(stats, -1) {
			if n, _ := strconv.ParseInt(m[1], 10, 64); n > 0 {
				t.history.add(entry{Type: "guest", What: "observations lost", Detail: fmt.Sprintf("cpu %d: %s: the last ones are kept", cpu, m[0])})
				// The order is unknown: a lost event would look like one that never happened.
				unseen = map[string]string{}
				for _, p := range plan.Points {
					unseen[p.Name] = "the trace buffer was too small for this trial"
				}
			}
		}
	}
	t.result.Observed = observe.Count(plan.Claims, observe.ReadTrace(text, plan.Points), unseen)
	return nil
}
