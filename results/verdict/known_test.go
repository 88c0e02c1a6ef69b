package verdict_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// Every entry was seen once, and its log is kept: else a new rule for signatures
// would leave it without effect and nobody would know.
func TestKnownSplatsHaveLogs(t *testing.T) {
	logs, err := filepath.Glob("../kernelreport/testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	seen := map[string]bool{}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		header, _, _ := strings.Cut(string(text), "\n\n")
		for line := range strings.Lines(header) {
			if signature, ok := strings.CutPrefix(line, "SIGNATURE: "); ok {
				seen[strings.TrimSpace(signature)] = true
			}
		}
	}
	require.NotEmpty(t, seen)
	for _, s := range verdict.KnownSplats() {
		assert.True(t, seen[s.Signature], "%s: no log in results/kernelreport/testdata has it", s.Signature)
	}
}

func TestListsOfSplatsAreStrict(t *testing.T) {
	list, err := verdict.ReadSplats("# comment\n\nv3:lockdep:circular-locking:a/b # two locks, one order\nv3:kasan:use-after-free:c#why\n")
	require.NoError(t, err)
	assert.Equal(t, verdict.Splats{
		{Signature: "v3:lockdep:circular-locking:a/b", Reason: "two locks, one order"},
		{Signature: "v3:kasan:use-after-free:c", Reason: "why"},
	}, list)
	assert.True(t, list[0].Blinds())
	assert.False(t, list[1].Blinds())
	assert.True(t, list[1].Expected([]string{"KASAN"}))
	assert.False(t, list[1].Expected([]string{"PROVE_LOCKING"}))
	for text, want := range map[string]string{
		"v3:lockdep:x:y":                             "line 1: v3:lockdep:x:y has no reason",
		"\nv3:lockdep:x:y #":                         "line 2: v3:lockdep:x:y has no reason",
		"lockdep # r":                                "line 1: expected SIGNATURE # reason",
		"v3:lockdep:x y:z # r":                       "line 1: expected SIGNATURE # reason",
		"v3:hang:umount:f # r":                       `line 1: "hang" is no kind of crash; hangs are never known`,
		"v3:lokdep:x:y # r":                          `"lokdep" is no kind of crash`,
		"v3:kasan:x:y # r\nv3:kasan:x:y # once more": "line 2: v3:kasan:x:y stands there twice",
	} {
		_, err := verdict.ReadSplats(text)
		require.ErrorContains(t, err, want)
	}
}

func TestSplatsAreCrashesUnlessTheyAreKnown(t *testing.T) {
	for _, kind := range []kernelreport.Kind{kernelreport.KindLockdep, kernelreport.KindLockUsage, kernelreport.KindKASAN} {
		o := good()
		o.Reports = []kernelreport.Report{seen(kind, verdict.Console)}
		v := verdict.Decide(o)
		assert.Equal(t, verdict.Crash, v.Kind)
		assert.Equal(t, string(kind)+" in f", v.Title)

		o.Reports[0].Detector = verdict.Known
		assert.Equal(t, verdict.Verdict{Kind: verdict.Clean, Known: []string{"v1:" + string(kind)}}, verdict.Decide(o))
		o.Reports = append(o.Reports, seen(kernelreport.KindHungTask, verdict.Khungtaskd))
		v = verdict.Decide(o)
		assert.Equal(t, verdict.Hang, v.Kind, "it hides nothing")
		assert.Len(t, v.Known, 1)
	}
}
