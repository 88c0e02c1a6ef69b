package observe_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/observe"
)

var points = []observe.Point{
	{Name: "sends", Function: "pnfs_send_layoutreturn"},
	{Name: "sends-marked", Function: "pnfs_send_layoutreturn"},
	{Name: "fails", Function: "pnfs_clear_layoutreturn_waitbit", Below: []string{"pnfs_send_layoutreturn"}, NotBelow: []string{"nfs4_proc_layoutreturn"}},
	{Name: "frees", Function: "pnfs_free_layout_hdr"},
	{Name: "is-answered", Function: "pnfs_layoutreturn_free_lsegs"},
}

// The file is the beginning of a trace of a trial of our own on 6.12.
func TestATraceOfAKernel(t *testing.T) {
	text, err := os.ReadFile("testdata/trace-6.12.txt")
	require.NoError(t, err)
	events := observe.ReadTrace(string(text), points)
	count := map[string]int{}
	for _, e := range events {
		count[e.Point]++
		assert.NotZero(t, e.Object)
		assert.NotEmpty(t, e.Stack)
		assert.Positive(t, e.Task)
	}
	assert.Equal(t, 3, count["sends"])
	assert.Equal(t, 3, count["frees"])
	assert.Equal(t, "pnfs_send_layoutreturn", events[0].Stack[0], "frames of the probe itself are left out")
	assert.Less(t, count["fails"], 3, "an answered LAYOUTRETURN clears the bit as well, and is no failure")
	assert.NotContains(t, count, "wakes-at-end", "points that were not asked for")
}

// One that fails below the end of another has failed nevertheless. The file is a piece of a trace of 6.12: a LAYOUTRETURN is sent
// when the header is put at the end of one before, its allocation fails, and the header is freed.
func TestAFailureBelowTheEndOfAnotherIsOne(t *testing.T) {
	text, err := os.ReadFile("testdata/trace-send-below-send.txt")
	require.NoError(t, err)
	var names []string
	for _, e := range observe.ReadTrace(string(text), []observe.Point{
		{Name: "sends", Function: "pnfs_send_layoutreturn"},
		{Name: "fails", Function: "wake_up_bit", Minus: 88, Below: []string{"pnfs_send_layoutreturn"}, NotBelow: []string{"nfs4_proc_layoutreturn"}},
		{Name: "frees", Function: "pnfs_free_layout_hdr"},
	}) {
		names = append(names, e.Point)
		assert.Equal(t, uint64(0xffff888009481800), e.Object)
	}
	assert.Equal(t, []string{"sends", "fails", "frees"}, names)
}

const trace = `          umount-123   [001] d..2.    12.345678: sends: (pnfs_send_layoutreturn+0x0/0x1d0) object=0x1058 flags=0x10
          umount-123   [001] d..2.    12.345679: waits: (_pnfs_return_layout+0x9d/0x2e0) object=0x58
          umount-123   [001] d..2.    12.345680: <stack trace>
 => kprobe_dispatcher
 => 0xffffffffa00000c8
 => _pnfs_return_layout
 => nfs4_evict_inode
 my task [x]-7     (      7) [000] .....    13.000000: fails: (f.part.0+0x0/0x1d0 [nfsv4]) object=0x58
          umount-123   [001] d..2.    13.5: wakes: (_pnfs_return_layout+0xa2/0x2e0)
something else entirely
          umount-123   [001] d..2.    14.0: unknown: (g+0x0/0x1)
`

func TestEventsKnowTheirStackAndObject(t *testing.T) {
	events := observe.ReadTrace(trace, []observe.Point{
		{Name: "sends", Minus: 0x1000}, {Name: "waits"}, {Name: "fails"}, {Name: "wakes"},
	})
	assert.Equal(t, []observe.Event{
		{Point: "sends", Task: 123, At: 12.345678, Object: 0x58},
		{Point: "waits", Task: 123, At: 12.345679, Object: 0x58, Stack: []string{"_pnfs_return_layout", "nfs4_evict_inode"}},
		{Point: "fails", Task: 7, At: 13, Object: 0x58},
		{Point: "wakes", Task: 123, At: 13.5, Object: 0x58},
	}, events, "the waker is of the object that its task was about last")
	assert.Empty(t, observe.ReadTrace("", nil))
}

func event(point string, task int, object uint64) observe.Event {
	return observe.Event{Point: point, Task: task, Object: object}
}

// Who did what after whom is what a report claims; each of these differs from the first
// in one thing.
func TestAClaimIsAnOrderOfEvents(t *testing.T) {
	woken := observe.Claim{Name: "woken", Point: "wakes", Chances: "waits",
		After: &observe.After{Point: "fails", By: observe.Another, Within: "waits", Unless: []string{"answered"}}}
	for what, c := range map[string]struct {
		events []observe.Event
		seen   int64
	}{
		"woken by a failure":             {[]observe.Event{event("waits", 2, 1), event("fails", 1, 1), event("wakes", 2, 1)}, 1},
		"its own failure":                {[]observe.Event{event("waits", 2, 1), event("fails", 2, 1), event("wakes", 2, 1)}, 0},
		"the failure came before":        {[]observe.Event{event("fails", 1, 1), event("waits", 2, 1), event("wakes", 2, 1)}, 0},
		"of another object":              {[]observe.Event{event("waits", 2, 1), event("fails", 1, 9), event("wakes", 2, 1)}, 0},
		"an answer came in between":      {[]observe.Event{event("waits", 2, 1), event("fails", 1, 1), event("answered", 3, 1), event("wakes", 2, 1)}, 0},
		"it did not wait":                {[]observe.Event{event("fails", 1, 1), event("wakes", 2, 1)}, 0},
		"that wait was over long before": {[]observe.Event{event("waits", 2, 1), event("wakes", 2, 1), event("fails", 1, 1), event("wakes", 2, 1)}, 0},
	} {
		got := observe.Count([]observe.Claim{woken}, c.events, nil)[0]
		assert.Equal(t, c.seen, got.Seen, what)
		assert.EqualValues(t, c.seen, got.Trials, what)
	}
}

func TestClaimsCountTheirChances(t *testing.T) {
	events := []observe.Event{event("a", 1, 1), event("a", 1, 1), event("b", 1, 1)}
	got := observe.Count([]observe.Claim{
		{Name: "some", Point: "b", Chances: "a"}, {Name: "of-some", Point: "b", Chances: "some"}, {Name: "never", Point: "c"},
	}, events, nil)
	assert.Equal(t, []observe.Observed{
		{Claim: "some", Seen: 1, Chances: 2, Trials: 1}, {Claim: "of-some", Seen: 1, Chances: 1, Trials: 1}, {Claim: "never"},
	}, got)
	sum := observe.Add(observe.Add(nil, got), got)
	assert.Equal(t, observe.Observed{Claim: "some", Seen: 2, Chances: 4, Trials: 2}, sum[0])
}

// A number that rests on a wrong offset would be worse than none.
func TestWhatCannotBeCountedIsNotKnown(t *testing.T) {
	claims := []observe.Claim{{Name: "check", Point: "marked", Chances: "sends", Expected: observe.Always}, {Name: "other", Point: "sends"}}
	good := []observe.Event{event("sends", 1, 1), event("marked", 1, 1)}
	assert.Empty(t, observe.Count(claims, good, nil)[1].Unknown)
	for _, o := range observe.Count(claims, good[:1], nil) {
		assert.Equal(t, "what has to hold each time did not (check): fields lie elsewhere in this kernel", o.Unknown)
		assert.Zero(t, o.Seen)
	}
	cut := append(good, event("marked", 2, 2))
	assert.Empty(t, observe.Count(claims, cut, nil)[0].Unknown, "the recording ended between the two probes of one call")
	sum := observe.Add(observe.Add(nil, observe.Count(claims, good, nil)), observe.Count(claims, good[:1], nil))
	assert.EqualValues(t, 1, sum[0].Seen, "a trial that tells nothing takes nothing away from others")
	assert.Equal(t, 1, sum[0].UnknownIn)
	got := observe.Count(claims, good, map[string]string{"marked": "no such function"})
	assert.Equal(t, "no such function", got[0].Unknown)
	assert.EqualValues(t, 1, got[1].Seen, "the others are counted all the same")
}
