package kernelreport

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pasted is what expected.json says of one text that people pasted somewhere.
type pasted struct {
	File   string
	KindOK []string `json:"kind_ok"`
	Kernel *string
	Tasks  []struct {
		Comm    *string
		PID     *int
		State   *string
		Blocked *int     `json:"blocked_s"`
		BlameOK []string `json:"blame_ok"`
		Role    string
		Frames  []string
	}
}

// TestPastedTexts reads the texts in ../shared/inputs beside the repository, if they are there. They are not copied
// here; texts of the same kinds are in testdata.
func TestPastedTexts(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "inputs")
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Skip("no texts: ", err)
	}
	var texts []pasted
	require.NoError(t, json.Unmarshal(text, &texts))
	for _, want := range texts {
		t.Run(want.File, func(t *testing.T) {
			log, err := os.ReadFile(filepath.Join(dir, want.File))
			require.NoError(t, err)
			reports := checkInvariants(t, log)
			for _, l := range describe(reports) {
				t.Log(l)
			}
			require.NotEmpty(t, reports)
			assert.True(t, slices.ContainsFunc(reports, func(r Report) bool { return slices.Contains(want.KindOK, string(r.Kind)) }), "kind")
			if want.Kernel != nil {
				assert.True(t, slices.ContainsFunc(reports, func(r Report) bool { return r.Kernel == *want.Kernel }), "kernel %s", *want.Kernel)
			}
			for _, w := range want.Tasks {
				if w.Role == string(RoleBystander) {
					continue
				}
				found := false
				var best []string
				for _, r := range reports {
					for _, k := range r.Tasks {
						var frames []string
						for _, f := range k.Frames {
							frames = append(frames, f.Func)
						}
						if w.PID != nil && (k.PID == nil || *k.PID != *w.PID) || w.Comm != nil && k.Comm != *w.Comm ||
							w.State != nil && k.State != *w.State || w.Blocked != nil && (k.BlockedSeconds == nil || *k.BlockedSeconds != *w.Blocked) {
							best = append(best, describe([]Report{r})...)
							continue
						}
						found = found || containsInOrder(frames, w.Frames) && (len(w.BlameOK) == 0 || slices.Contains(w.BlameOK, k.BlameFrame) || slices.Contains(w.BlameOK, plainName(k.BlameFrame)))
					}
				}
				name := ""
				if w.Comm != nil {
					name = *w.Comm
				}
				assert.True(t, found, "task %s %s is not there as it should, only %v", name, num(w.PID), best)
			}
		})
	}
}

// containsInOrder says that have holds all of want in its order, perhaps with more in between.
func containsInOrder(have, want []string) bool {
	for _, w := range want {
		i := slices.IndexFunc(have, func(h string) bool { return plainName(h) == plainName(w) })
		if i < 0 {
			return false
		}
		have = have[i+1:]
	}
	return true
}
