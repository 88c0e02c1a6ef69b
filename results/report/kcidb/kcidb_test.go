package kcidb

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/model"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

func written(t *testing.T, r model.Run) document {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, r))
	var d document
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&d))
	return d
}

// What the schema demands of ids, paths and lengths, and what a database demands: everything that is pointed at is there.
func TestObjectsHoldTogether(t *testing.T) {
	for _, spec := range []fakerun.Spec{{}, {Trials: 40, Signatures: 5, Hostile: true}} {
		d := written(t, fakerun.Model(t, spec))
		id, path := regexp.MustCompile(`^[a-z0-9_]+:[^\0]+$`), regexp.MustCompile(`^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$`)
		known := map[string]bool{}
		add := func(s string) {
			assert.Regexp(t, id, s)
			assert.False(t, known[s], s)
			known[s] = true
		}
		assert.Equal(t, version{5, 0}, d.Version)
		for _, c := range d.Checkouts {
			add(c.ID)
		}
		for _, b := range d.Builds {
			assert.True(t, known[b.CheckoutID])
			add(b.ID)
		}
		for _, c := range d.Tests {
			assert.True(t, known[c.BuildID])
			add(c.ID)
			assert.Regexp(t, path, c.Path)
			assert.LessOrEqual(t, utf8.RuneCountInString(c.LogExcerpt), 16384)
			assert.NotContains(t, c.LogExcerpt, "\x00")
			if c.LogExcerpt != "" {
				assert.Regexp(t, "^Faults were injected: ", c.LogExcerpt)
			}
		}
		for _, i := range d.Issues {
			add(i.ID)
		}
		for _, i := range d.Incidents {
			assert.True(t, known[i.IssueID] && known[i.TestID])
			add(i.ID)
		}
		assert.Len(t, d.Tests, spec.Trials)
	}
}

func TestLongLogIsCut(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	r.Findings[0].Console = string(bytes.Repeat([]byte("ü line of a kernel\n"), 2000))
	for _, c := range written(t, r).Tests {
		if c.ID == testID(r, r.Findings[0].First.N) {
			assert.Equal(t, 16384, utf8.RuneCountInString(c.LogExcerpt))
			return
		}
	}
	t.Fatal("no such test")
}

func TestStatuses(t *testing.T) {
	trusted := model.Run{Manifest: store.Manifest{Arms: []store.Arm{{Name: "a"}, {Name: "c", Control: true}}}}
	trusted.Summary.Trusted = true
	untrusted := trusted
	untrusted.Summary.Trusted = false
	for _, c := range []struct {
		run   model.Run
		arm   string
		kind  verdict.Kind
		doubt verdict.Doubt
		want  Status
	}{
		{trusted, "a", verdict.Clean, "", Pass},
		{untrusted, "a", verdict.Clean, "", Error},
		{trusted, "a", verdict.Hang, "", Fail},
		{untrusted, "a", verdict.Crash, "", Fail},
		{trusted, "a", verdict.Error, "", Miss},
		{trusted, "a", verdict.Inconclusive, verdict.CutShort, Error},
		{trusted, "a", verdict.Inconclusive, verdict.NotGranted, Skip},
		{trusted, "a", verdict.Inconclusive, verdict.NotLanded, Done},
		{trusted, "c", verdict.Hang, "", Done},
		{trusted, "c", verdict.Clean, "", Done},
		{untrusted, "c", verdict.Clean, "", Done},
	} {
		trial := store.Trial{Planned: store.Planned{Arm: c.arm}}
		trial.Verdict = verdict.Verdict{Kind: c.kind, Doubt: c.doubt}
		got, _ := statusOf(c.run, trial)
		assert.Equal(t, c.want, got, "%+v", c)
	}
	old := store.Trial{Planned: store.Planned{Arm: "a"}} // its verdict does not say what kind of doubt there is
	old.Verdict, old.Observations = verdict.Verdict{Kind: verdict.Inconclusive, Reason: "cut short: time"}, verdict.Observations{CutShort: "time"}
	got, _ := statusOf(trusted, old)
	assert.Equal(t, Error, got)
}

// The schema's own way of hashing patches, worked out by sha256sum.
func TestPatchset(t *testing.T) {
	assert.Empty(t, patchset(store.Arm{}))
	a := store.Arm{Patches: []store.Patch{{SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}, {SHA256: "x", Reverse: true}}}
	assert.Equal(t, "38acb15d02d5ac0f2a2789602e9df950c380d2799b4bdb59394e4eeabdd3a662", patchset(a))
}
