package try_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/try"
	"loopfault/results/report/model"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/kernel"
)

// fake is a world without kernels: it builds what it is told, and base hangs.
type fake struct {
	built    []kernel.Spec
	fails    map[string]error // by kernel name
	compared []try.Comparison
}

func (f *fake) Build(_ context.Context, s kernel.Spec) (kernel.Build, error) {
	f.built = append(f.built, s)
	b := kernel.Build{Name: s.Name, Source: s.Source, Version: "6.12-" + s.Name}
	for _, p := range s.Patches {
		b.Patches = append(b.Patches, kernel.AppliedPatch{Name: p.Name, SHA256: "0123456789abcdef", Summary: "nfs: a \x1b[31mred\x1b[0m subject"})
	}
	return b, f.fails[s.Name]
}

func (f *fake) Compare(_ context.Context, c try.Comparison) (model.Run, error) {
	f.compared = append(f.compared, c)
	m := store.Manifest{Name: c.Scenario.String(), Arms: []store.Arm{{Name: try.Base}, {Name: try.Patched}}, Terms: store.Terms{Family: c.Family}}
	trials := []store.Trial{trial(1, try.Base, verdict.Hang), trial(2, try.Patched, verdict.Clean)}
	if c.Control != nil {
		m.Arms = append(m.Arms, store.Arm{Name: try.Control, Control: true})
		trials = append(trials, trial(3, try.Control, verdict.Hang))
	}
	return model.Of("RUN", m, trials), nil
}

func trial(n int, arm string, k verdict.Kind) store.Trial {
	t := store.Trial{Planned: store.Planned{N: n, Arm: arm}, Explanation: "somebody waits"}
	t.Verdict.Kind, t.Exercised, t.Landed = k, 7, 3
	if k == verdict.Hang {
		t.Signature, t.Title = "3:hung_task:x", "INFO: task hung in x"
	}
	return t
}

func request(refs ...string) try.Request {
	var scenarios []scenario.Ref
	for _, text := range refs {
		ref, err := scenario.ParseRef(text)
		if err != nil {
			panic(err)
		}
		scenarios = append(scenarios, ref)
	}
	return try.Request{
		Source: "debian:6.12", Scenarios: scenarios, For: time.Hour,
		Patches: []kernel.Patch{{Name: "v2 0001 fix.patch", Text: []byte("x")}},
	}
}

func names(specs []kernel.Spec) (list []string) {
	for _, s := range specs {
		list = append(list, s.Name)
	}
	return list
}

func TestBaseAndPatchedDifferByThePatchAlone(t *testing.T) {
	f := &fake{}
	out, err := try.Run(t.Context(), f, request("pnfs-layoutreturn-enomem:quick", "dirty-limit"))
	require.NoError(t, err)
	require.Len(t, f.compared, 2)
	assert.Equal(t, "stock", f.compared[0].Base.Name, "the catalogue's, which is built already")
	assert.Regexp(t, `^try-v2-0001-fix-[0-9a-f]{8}$`, f.compared[0].Patched.Name)
	assert.Equal(t, f.built[0].Source, f.built[1].Source)
	assert.Equal(t, f.built[0].Fragments, f.built[1].Fragments)
	assert.Equal(t, 2, f.compared[0].Family)
	assert.Equal(t, "control-lost-wakeup", f.compared[0].Control.Name)
	assert.Equal(t, 30*time.Minute, f.compared[0].For)
	assert.InDelta(t, time.Hour, f.compared[1].For, float64(time.Minute), "what the first left")
	assert.Len(t, out.Checked, 2)
}

func TestControlIsPlantedIntoTheSameSource(t *testing.T) {
	f := &fake{}
	r := request("pnfs-layoutreturn-enomem")
	r.Source, r.Flavours = "/src/linux", []string{"lockdep"}
	_, err := try.Run(t.Context(), f, r)
	require.NoError(t, err)
	got := names(f.built)
	assert.Equal(t, "try-base+lockdep", got[0])
	assert.Equal(t, "try-control-lost-wakeup+lockdep", got[2])
	for _, s := range f.built {
		assert.Equal(t, "/src/linux", s.Source)
		assert.Len(t, s.Fragments, 1)
	}
}

// What a scenario needs of a kernel is built into all of them.
func TestFlavoursOfScenariosAreAdded(t *testing.T) {
	f := &fake{}
	r := request("localio-writers", "ceph-mixed")
	r.Source, r.Flavours = "/src/linux", []string{"ceph"}
	_, err := try.Run(t.Context(), f, r)
	require.NoError(t, err)
	got := names(f.built)
	assert.Equal(t, "try-base+ceph+localio", got[0])
	assert.Equal(t, "try-control-localio-lost+ceph+localio", got[2])
}

func TestControlThatDoesNotFitIsNamed(t *testing.T) {
	f := &fake{fails: map[string]error{"control-lost-wakeup": errs.Usagef("hunk 1 does not apply")}}
	out, err := try.Run(t.Context(), f, request("pnfs-layoutreturn-enomem"))
	require.NoError(t, err)
	assert.Nil(t, f.compared[0].Control)
	assert.Contains(t, out.Checked[0].NoControl, "hunk 1 does not apply")

	f.fails["control-lost-wakeup"] = errs.Infraf("disk full")
	_, err = try.Run(t.Context(), f, request("pnfs-layoutreturn-enomem"))
	assert.ErrorContains(t, err, "disk full")
}

func TestMisspeltScenarioBuildsNothing(t *testing.T) {
	f := &fake{}
	_, err := try.Run(t.Context(), f, request("dirty-limit", "dirty-limits"))
	require.ErrorContains(t, err, "no scenario named")
	assert.Empty(t, f.built)
}

func TestMail(t *testing.T) {
	f := &fake{fails: map[string]error{"control-local-throttle": errs.Usagef("does not apply")}}
	out, err := try.Run(t.Context(), f, request("pnfs-layoutreturn-enomem:quick", "dirty-limit"))
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, out.Mail(&text))
	golden := filepath.Join("testdata", "mail.txt")
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), text.String())
	assert.NotContains(t, text.String(), "\x1b")
}
