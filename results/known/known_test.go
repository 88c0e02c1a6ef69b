package known_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/known"
)

func TestWhatAnEntryCovers(t *testing.T) {
	at := known.Where{Scenario: "open-evict", Kernel: "stock@7.3", Version: "7.3.4-lf-2992f9f2"}
	for _, k := range []known.Issue{
		{Signature: "v3:x"}, {Scenario: "open-*"}, {Signature: "v3:x", Kernel: "stock@*", From: "7.3", To: "7.3"}, {Scenario: "open-evict", From: "6.12"}, {Resource: "PG_writeback"},
	} {
		assert.True(t, k.Covers(at, known.Hang{Signature: "v3:x", Resource: "PG_writeback"}), "%+v", k)
	}
	for _, k := range []known.Issue{
		{Signature: "v3:y"}, {Scenario: "evict"}, {Signature: "v3:x", Kernel: "stock"}, {Signature: "v3:x", To: "7.2"}, {Signature: "v3:x", From: "7.4"},
		{Resource: "PG_locked"}, {Signature: "v3:y", Resource: "PG_writeback"}, {Signature: "v3:x", Resource: "PG_locked"},
	} {
		assert.False(t, k.Covers(at, known.Hang{Signature: "v3:x", Resource: "PG_writeback"}), "%+v", k)
	}
}

func TestTheLastDayCounts(t *testing.T) {
	k := known.Issue{Until: "2026-11-29"}
	assert.False(t, k.Expired(time.Date(2026, 11, 29, 23, 59, 0, 0, time.UTC)))
	assert.True(t, k.Expired(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)))
	assert.True(t, known.Issue{}.Expired(time.Now()), "without a day nothing counts")
}

func TestAListIsChecked(t *testing.T) {
	list, err := known.Parse("k.yaml", []byte("- signature: v3:x\n  to: '7.3'\n  reason: reported\n  until: 2027-01-31\n"))
	require.NoError(t, err)
	assert.Equal(t, []known.Issue{{Signature: "v3:x", To: "7.3", Reason: "reported", Until: "2027-01-31"}}, list)
	for text, want := range map[string]string{
		"- reason: r\n  until: 2027-01-31\n":              "k.yaml: [0]: want a signature, a resource or a scenario",
		"- signature: x\n  until: 2027-01-31\n":           "k.yaml: [0].reason: want one",
		"- signature: x\n  reason: r\n  until: soon\n":    `k.yaml: [0].until is "soon", want a date`,
		"- scenario: '['\n  reason: r\n":                  "k.yaml: [0].scenario is",
		"- {signature: x, reason: r, until: 1, age: 3}\n": "k.yaml:1: ",
		"signature: x\n":                                  "k.yaml:1: ",
	} {
		_, err := known.Parse("k.yaml", []byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- signature: v3:x\n  reason: r\n  until: 2027-01-31\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := known.Parse("k.yaml", text)
		if err != nil {
			return
		}
		for _, k := range list {
			k.Covers(known.Where{Scenario: "s", Kernel: "k", Version: "6.12.1"}, known.Hang{Signature: "x"})
			assert.NotEmpty(t, k.Name())
			assert.NotEmpty(t, k.Reason)
		}
	})
}
