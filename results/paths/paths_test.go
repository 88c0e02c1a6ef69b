package paths_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"loopfault/results/paths"
)

const send = "pnfs_send_layoutreturn"

var evict = []string{"_pnfs_return_layout", "nfs4_evict_inode"}

// ways are those of scenario pnfs-layoutreturn-evict, as far as these tests need them.
var ways = []paths.Path{
	{Name: "error-branch", Below: []string{"pnfs_put_layout_hdr", send}},
	{Name: "evict", Below: evict},
	{Name: "evict/exit", Below: []string{"generic_shutdown_super", "do_exit"}},
	{Name: "evict/umount", Below: []string{"generic_shutdown_super"}},
	{Name: "recall", Below: []string{"nfs4_callback_layoutrecall"}},
}

func read(t *testing.T, name string) paths.Histogram {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return paths.ReadHistogram(string(text))
}

// The files are of a trial of our own on 6.12.
func TestHistogramsOfAKernel(t *testing.T) {
	calls, failed := read(t, "calls-6.12.txt"), read(t, "failed-6.12.txt")
	assert.EqualValues(t, 142, paths.Sum(calls.Stacks))
	assert.EqualValues(t, 65, paths.Sum(failed.Stacks))
	assert.Zero(t, calls.Dropped)
	assert.EqualValues(t, 87, paths.Taken(send, evict, calls.Stacks))
	assert.EqualValues(t, 43, paths.Taken(send, evict, failed.Stacks), "a probe in the middle of the function has other frames above it")

	got := paths.Tally(send, ways, calls.Stacks, failed.Stacks)
	assert.Equal(t, paths.Count{Calls: 87, Landed: 43}, got["evict"])
	assert.Equal(t, paths.Count{Calls: 14, Landed: 7}, got["evict/exit"])
	assert.Equal(t, paths.Count{Calls: 13, Landed: 9}, got["evict/umount"], "what exits is not counted twice")
	sum := got["error-branch"].Calls + got["evict"].Calls + got["recall"].Calls + got[paths.Other].Calls
	assert.EqualValues(t, 142, sum, "every call is in one whole")

	byCaller := paths.Tally(send, nil, calls.Stacks, failed.Stacks)
	assert.Equal(t, paths.Count{Calls: 87, Landed: 43}, byCaller["_pnfs_return_layout"])
	assert.Contains(t, byCaller, "pnfs_put_layout_hdr", "the compiler's .part.0 is no name of its own")
}

// The report's own stack, frame for frame from the call to the signal that killed the
// last process of the mount namespace.
func TestTheReportedStackIsTaken(t *testing.T) {
	reported := []string{
		send, "_pnfs_return_layout", "nfs4_evict_inode", "evict", "evict_inodes", "generic_shutdown_super", "kill_anon_super",
		"nfs_kill_super", "deactivate_locked_super", "cleanup_mnt", "task_work_run", "do_exit", "do_group_exit", "get_signal",
	}
	found := false
	for _, s := range read(t, "calls-6.12.txt").Stacks {
		for i := range s.Frames {
			if len(s.Frames)-i >= len(reported) && assert.ObjectsAreEqual(reported, s.Frames[i:i+len(reported)]) {
				found = true
			}
		}
	}
	assert.True(t, found)
}

func stack(hits int64, frames ...string) paths.Stack { return paths.Stack{Frames: frames, Hits: hits} }

func TestAPathIsFramesInTheirOrder(t *testing.T) {
	s := stack(1, "probe", send, "pnfs_put_layout_hdr", send, "pnfs_put_layout_hdr", "nfs4_callback_layoutrecall")
	assert.True(t, s.Took(send, nil))
	assert.True(t, s.Took(send, []string{"pnfs_put_layout_hdr", send}))
	assert.True(t, s.Took(send, []string{send, "nfs4_callback_layoutrecall"}), "others may stand between them")
	assert.False(t, s.Took(send, []string{"nfs4_callback_layoutrecall", send}))
	assert.False(t, s.Took("_pnfs_return_layout", nil), "it is not on the stack")
	assert.True(t, s.Took(send, []string{"other|pnfs_put_layout_hdr"}))
	assert.False(t, stack(1, send).Took(send, []string{send}), "the call itself is not below itself")
}

func TestWordsNestParts(t *testing.T) {
	got := paths.Words(map[string]paths.Count{
		"evict": {Calls: 50, Landed: 25}, "evict/umount": {Calls: 12}, "evict/exit": {Calls: 3, Landed: 1},
		"roc": {Calls: 12}, paths.Other: {Calls: 60},
	})
	assert.Equal(t, "evict 50 (25 failed; umount 12, exit 3 (1 failed)), roc 12, other 60", got)
	assert.Empty(t, paths.Words(nil))
}

func TestMerge(t *testing.T) {
	sum := paths.Merge(nil, map[string]paths.Count{"a": {Calls: 1, Landed: 1}})
	sum = paths.Merge(sum, map[string]paths.Count{"a": {Calls: 2}, "b": {Calls: 4}})
	assert.Equal(t, map[string]paths.Count{"a": {Calls: 3, Landed: 1}, "b": {Calls: 4}}, sum)
	assert.Nil(t, paths.Merge(nil, nil))
}

func TestTheKernelsTableMayBeFull(t *testing.T) {
	h := paths.ReadHistogram("{ common_stacktrace:\n         f+0x1/0x2\n         g+0x1/0x2 [nfsv4]\n} hitcount:          5\n\nTotals:\n    Hits: 12\n    Entries: 1\n    Dropped: 7\n")
	assert.Equal(t, paths.Histogram{Stacks: []paths.Stack{stack(5, "f", "g")}, Dropped: 7}, h)
	assert.Empty(t, paths.ReadHistogram("} hitcount: 3\n{ stacktrace:\n no frame here\n} hitcount: x\n").Stacks)
}

func TestPathsAreChecked(t *testing.T) {
	for _, c := range []struct {
		list []paths.Path
		want string
	}{
		{ways, ""},
		{[]paths.Path{{Name: "Evict", Below: evict}}, `path is "Evict", want lower-case words with hyphens, such as evict, or evict/umount for a part of it`},
		{[]paths.Path{{Name: "a/", Below: evict}}, `path is "a/", want`},
		{[]paths.Path{{Name: "other", Below: evict}}, "path is other, which is the name of what no path accounts for"},
		{[]paths.Path{{Name: "a", Below: evict}, {Name: "a", Below: evict}}, "path a is there already"},
		{[]paths.Path{{Name: "a/b", Below: evict}}, "path a/b is a part of a, which is not there"},
		{[]paths.Path{{Name: "a"}}, "path a: want at least one function that stands below"},
	} {
		_, wrong := paths.Check(c.list)
		if c.want == "" {
			assert.Empty(t, wrong)
			continue
		}
		assert.Contains(t, wrong, c.want)
	}
}

func TestATargetIsANameOrAMapping(t *testing.T) {
	for text, want := range map[string]paths.Target{
		send: {Function: send},
		"{function: " + send + ", below: [_pnfs_return_layout]}": {Function: send, Below: []string{"_pnfs_return_layout"}},
	} {
		var got, back paths.Target
		require.NoError(t, yaml.Load([]byte(text), &got))
		assert.Equal(t, want, got)
		stored, err := json.Marshal(got)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(stored, &back))
		assert.Equal(t, want, back)
	}
	stored, err := json.Marshal(paths.Target{Function: send})
	require.NoError(t, err)
	assert.JSONEq(t, `"`+send+`"`, string(stored), "as runs of older versions have it")
	var t0 paths.Target
	require.ErrorContains(t, yaml.Load([]byte("{function: f, belo: [g]}"), &t0), "belo")
	assert.Equal(t, "f < g < h", paths.Target{Function: "f", Below: []string{"g", "h"}}.String())
}
