package faults_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/faults/faulttest"
	"loopfault/workloads/wire"
)

// In the fake kernel's victim, push is followed by three calls of five bytes; the
// first is of other, the second and third are of the allocator.
const (
	otherCall  = victim + 1
	firstAlloc = victim + 6
	lastAlloc  = victim + 11
)

func TestCallsiteKeepsTheContract(t *testing.T) {
	g := newDebuggedGuest()
	f := faults.Callsite{Function: "victim", Call: 1, Choice: faults.Choice{Probability: 100, Times: 1000}}.Fault()
	faulttest.Contract(t, g, f, func(context.Context) { g.reach(firstAlloc) })
}

func TestCallsiteFailsACallAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		fault faults.Callsite
		at    uint64
		rax   uint64
		where string
	}{
		"an allocation": {faults.Callsite{Call: 2}, lastAlloc, 0, "victim → kmalloc #2"},
		"another call":  {faults.Callsite{Callee: "other", Call: 1, Errno: 5}, otherCall, 1<<64 - 5, "victim → other #1"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newDebuggedGuest()
			c.fault.Function, c.fault.Probability, c.fault.Times = "victim", 100, 10
			require.NoError(t, c.fault.Fault().Arm(t.Context(), g))
			p := g.reach(c.at)
			require.NoError(t, p.err)
			assert.Equal(t, c.rax, p.regs["rax"])
			assert.Equal(t, c.at+5, p.regs["rip"])
			assert.Equal(t, uint64(stackTop), p.regs["rsp"])
			assert.Len(t, g.breaks, 1, "no other call is looked at")
			assert.Equal(t, []faults.Hit{{
				What: "failed", Where: c.where, CPU: 1, Task: faults.Task{Comm: "writer/3", PID: 117},
				Stack: []uint64{victim + 6}, Guessed: true, // what follows no call is none
			}}, g.notes)
		})
	}
}

// A call that is spared is made: its return address is on the stack, and the
// processor is where the callee begins.
func TestCallsiteLetsACallThrough(t *testing.T) {
	g := newDebuggedGuest()
	f := faults.Callsite{Function: "victim", Call: 1, Choice: faults.Choice{Probability: 100, Times: 1, First: 2}}.Fault()
	require.NoError(t, f.Arm(t.Context(), g))
	p := g.reach(firstAlloc)
	require.NoError(t, p.err)
	assert.Equal(t, uint64(kmalloc), p.regs["rip"])
	assert.Equal(t, uint64(stackTop-8), p.regs["rsp"])
	assert.Equal(t, uint64(firstAlloc+5), binary.LittleEndian.Uint64(p.pushed))
	assert.EqualValues(t, 7, p.regs["rax"])
	assert.Empty(t, g.notes)
}

func TestCallsiteChoosesCalls(t *testing.T) {
	for name, c := range map[string]struct {
		fault faults.Callsite
		want  []int // of ten calls
	}{
		"every third from the second": {faults.Callsite{Choice: faults.Choice{First: 2, Every: 3}}, []int{2, 5, 8}},
		"twice":                       {faults.Callsite{Choice: faults.Choice{Times: 2}}, []int{1, 2}},
		"this task":                   {faults.Callsite{Comm: "writer/3", Choice: faults.Choice{Times: 1}}, []int{1}},
		"this process":                {faults.Callsite{PID: 117, Choice: faults.Choice{Times: 1}}, []int{1}},
		"this cgroup":                 {faults.Callsite{Cgroup: "/cg", Choice: faults.Choice{Times: 1}}, []int{1}},
		"another task":                {faults.Callsite{Comm: "reader"}, nil},
		"another process":             {faults.Callsite{PID: 1}, nil},
		"another cgroup":              {faults.Callsite{Cgroup: "/other"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := newDebuggedGuest()
			g.files["/cg/cgroup.threads"], g.files["/other/cgroup.threads"] = "4\n117\n", "4\n"
			c.fault.Function, c.fault.Call, c.fault.Probability = "victim", 1, 100
			if c.fault.Times == 0 {
				c.fault.Times = 1000
			}
			f := c.fault.Fault()
			require.NoError(t, f.Arm(t.Context(), g))
			var failed []int
			for i := 1; i <= 10; i++ {
				if g.reach(firstAlloc).regs["rax"] == 0 {
					failed = append(failed, i)
				}
			}
			assert.Equal(t, c.want, failed)
			p, err := f.Prove(t.Context(), g)
			require.NoError(t, err)
			assert.EqualValues(t, len(c.want), p.Landed)
		})
	}
}

func TestCallsiteDrawsFromItsSeed(t *testing.T) {
	drawn := func(seed uint64) (failed []int) {
		g := newDebuggedGuest()
		f := faults.Callsite{Function: "victim", Call: 1, Choice: faults.Choice{Probability: 50, Times: 1000}}.Fault()
		f.(faults.Seeded).Seed(seed)
		require.NoError(t, f.Arm(t.Context(), g))
		for i := range 64 {
			if g.reach(firstAlloc).regs["rax"] == 0 {
				failed = append(failed, i)
			}
		}
		return failed
	}
	assert.Equal(t, drawn(1), drawn(1))
	assert.NotEqual(t, drawn(1), drawn(2))
	assert.NotEmpty(t, drawn(1))
}

func TestCallsiteSaysWhatIsWrong(t *testing.T) {
	f := faults.Callsite{Function: "victim", Call: 1, Choice: faults.Choice{Probability: 100, Times: 1}}
	assert.ErrorContains(t, f.Fault().Arm(t.Context(), newFakeGuest()), "started without a debugger")
	f.Call = 3
	assert.ErrorContains(t, f.Fault().Arm(t.Context(), newDebuggedGuest()), "this kernel has no call 3 of it to a slab allocator: it makes 2 itself")
	f.Call, f.Callee = 1, "nobody"
	assert.ErrorContains(t, f.Fault().Arm(t.Context(), newDebuggedGuest()), "to nobody: it makes 0 itself")

	f.Callee, f.Comm = "", "writer/3"
	g := newDebuggedGuest()
	binary.LittleEndian.PutUint64(g.text[kthreadd][0x60:], 2<<32|2)
	assert.ErrorContains(t, f.Fault().Arm(t.Context(), g), "a task's number may be at offset 32 or 96", "only who asks for a task needs it")
	f.Comm = ""
	assert.NoError(t, f.Fault().Arm(t.Context(), g))

	g = newDebuggedGuest()
	armed := f.Fault()
	require.NoError(t, armed.Arm(t.Context(), g))
	g.dead = errors.New("the stub is gone")
	_, err := armed.Prove(t.Context(), g)
	assert.ErrorIs(t, err, g.dead, "a fault that cannot land any more proves nothing")
}

// kmalloc and kzalloc are one symbol, and differ by a flag.
func TestCallsHaveTheNamesOfTheSource(t *testing.T) {
	g := newFakeGuest()
	code := []byte{
		0xbe, 0xc0, 0x0d, 0x00, 0x00, // mov $GFP_KERNEL|__GFP_ZERO, %esi
		0xe8, 0, 0, 0, 0,
		0x81, 0xc6, 0xc0, 0x0c, 0x00, 0x00, // add $GFP_KERNEL, %esi
		0xe8, 0, 0, 0, 0,
		0xe8, 0, 0, 0, 0,
	}
	for _, c := range []struct {
		at int
		to uint64
	}{{5, kmalloc}, {16, kmalloc}, {21, victim + 64}} {
		binary.LittleEndian.PutUint32(code[c.at+1:], uint32(c.to-victim-uint64(c.at)-5))
	}
	copy(g.text[victim], code)
	calls, err := faults.Calls(t.Context(), g, wire.Symbol{Name: "victim", Start: victim, End: victim + 64})
	require.NoError(t, err)
	var names []string
	for _, c := range calls {
		names = append(names, c.String())
	}
	assert.Equal(t, []string{"kzalloc #1", "kmalloc #2", "other #1"}, names)
}
