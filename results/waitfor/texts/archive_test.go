package texts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/textinput"
	"loopfault/results/waitfor"
)

// What a collector took in guests that hung is explained as the evidence that the trials themselves left.
func TestArchivesOfOurGuests(t *testing.T) {
	for name, want := range map[string]struct {
		class    waitfor.Class
		sentence string
		hangs    []string // titles that match and reproduce look for
	}{
		"control-seqid-asleep": {waitfor.Lost, "lost wake-up: 5 tasks wait for CLOSE or OPEN_DOWNGRADE, not in rpc-tasks.txt, no task left to clear it",
			[]string{"INFO: task hung in nfs4_do_close", "INFO: task hung in nfs4_run_open_task"}},
		"control-congestion-kept": {waitfor.Lost, "lost wake-up: 1 task waits for the end of write congestion, no task left to declare it",
			[]string{"INFO: task hung in nfs_writepages"}},
		// The trial saw 4 threads of the server, two of which were not yet waiting.
		"control-commit-order": {waitfor.Cycle, "cycle: 6 × nfsd → i_rwsem of a directory on the exported file system → nfsd 127 → i_rwsem of a file on the exported file system → 6 × nfsd",
			[]string{"INFO: task hung in vfs_rename", "INFO: task hung in wait_on_commit"}},
	} {
		file := "testdata/" + name + ".tar.zst"
		all := New()
		require.NoError(t, textinput.Each(t.Context(), nil, file, all.Add))
		e, ok := all.Evidence()
		require.True(t, ok, name)
		x := waitfor.Explain(e)
		assert.Equal(t, want.class, x.Class, name)
		assert.Equal(t, want.sentence, x.Sentence, name)
		assert.Empty(t, x.Gaps, "%s: nothing is missing", name)
		assert.Contains(t, x.Text(), "two looks, ", name)

		hangs, _, err := Hangs(t.Context(), nil, file)
		require.NoError(t, err)
		var titles []string
		for _, h := range hangs {
			titles = append(titles, h.Title)
		}
		assert.Subset(t, titles, want.hangs, name)
	}
}
