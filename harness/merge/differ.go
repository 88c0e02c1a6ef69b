package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"loopfault/results/store"
)

// differs says in what a run is of another campaign than the first one, "" if it is of the
// same.
func differs(first, m store.Manifest) string {
	for _, c := range []struct {
		what     string
		was, now any
	}{
		{"scenario", first.Name, m.Name},
		{"seed", first.Seed, m.Seed},
		{"number of trials", first.Trials, m.Trials},
		{"number of shards", first.Shard.Of, m.Shard.Of},
		{"way to deal rounds out to shards", dealt(first), dealt(m)},
		{"root image", first.Image.SHA256, m.Image.SHA256},
		{"version of loopfault", first.Versions["loopfault"], m.Versions["loopfault"]},
	} {
		if c.was != c.now {
			return fmt.Sprintf("its %s is %.20s, there %.20s", c.what, fmt.Sprint(c.now), fmt.Sprint(c.was))
		}
	}
	if what := otherArm(first.Arms, m.Arms); what != "" {
		return what
	}
	switch {
	case !sameScenario(first.Scenario, m.Scenario):
		return "the text of its scenario is another one"
	case !reflect.DeepEqual(terms(first), terms(m)):
		return "it was asked for with other flags (--for, --until, --cold, --count or a list of known issues)"
	}
	return ""
}

// terms are what has to be the same in all shards.
func terms(m store.Manifest) store.Terms {
	t := m.Terms
	t.Cut(store.Shard{})
	return t
}

// dealt says how rounds were dealt out to shards.
func dealt(m store.Manifest) string {
	if m.Deal == store.DealInTurn {
		return "all in turn"
	}
	return string(m.Deal)
}

func otherArm(first, arms []store.Arm) string {
	if len(first) != len(arms) {
		return fmt.Sprintf("it has %d arms, there are %d", len(arms), len(first))
	}
	for i, a := range arms {
		f := first[i]
		switch {
		case a.Name != f.Name || a.Control != f.Control || a.NoFault != f.NoFault:
			return fmt.Sprintf("its arm %d is %s, there %s", i+1, a.Name, f.Name)
		case a.KernelHash != f.KernelHash:
			return fmt.Sprintf("its kernel of arm %s is another one (sha256 %.12s, there %.12s): builds of one configuration differ from host to host, so take one bundle to all of them",
				a.Name, a.KernelHash, f.KernelHash)
		}
	}
	return ""
}

// sameScenario compares what manifests hold indented.
func sameScenario(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// withoutShard is a command line that runs the whole plan.
func withoutShard(command []string) (whole []string) {
	for i := 0; i < len(command); i++ {
		switch {
		case command[i] == "--shard":
			i++
		case strings.HasPrefix(command[i], "--shard="):
		default:
			whole = append(whole, command[i])
		}
	}
	return slices.Clip(whole)
}
