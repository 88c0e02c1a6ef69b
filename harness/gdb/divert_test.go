package gdb_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/gdb"
)

// What a call at 0x…100 of 0x…400 is diverted by: a stub of code in the last fourteen
// bytes of a page whose first half is text.
var diverting = []line{
	{"\x03", "T02thread:01;"},
	{"Hg1", "OK"},
	{"mffffffff81000100,5", "e8fb020000"},
	{"mffffffff81000ff2,e", "cccccccccccccccccccccccccccc"},
	{"Mffffffff81000ff2,d:380507000000eb00e901f4ffff", "OK"},
	{"Z3,ffffffff81000fff,1", "OK"},
	{"Mffffffff81000100,5:e8ed0e0000", "OK"},
}

var diverted = gdb.Call{At: 0xffffffff81000100, Target: 0xffffffff81000400}

const textEnd = 0xffffffff81000800

var (
	nowhere = registers("0000000000000000")
	arrived = registers("f80f0081ffffffff")
	late    = registers("fa0f0081ffffffff")
	atCall  = registers("00010081ffffffff")
)

// Two processors have read the watched byte when the stub tells of one: the call of
// one is made, that of the other is failed.
func TestEveryProcessorThatArrivesIsSeenTo(t *testing.T) {
	s, played := attached(t, diverting, []line{
		{"g", nowhere}, {"Hg2", "OK"}, {"g", nowhere},
		{"vCont;c:1;c:2", "T05thread:02;rwatch:ffffffff81000fff;"},
		{"Hg2", "OK"}, {"g", late}, // at no breakpoint
		{"Hg1", "OK"}, {"g", arrived},
		{"P1=2a22222222222222", "OK"}, {"P2=00010081ffffffff", "OK"}, {"g", atCall},
		{"g", atCall}, // left so by the handler
		{"P1=2222222222222222", "OK"}, {"P2=00040081ffffffff", "OK"},
		{"Hg2", "OK"}, {"g", late},
		{"P1=2a22222222222222", "OK"}, {"P2=00010081ffffffff", "OK"}, {"g", atCall},
		{"P2=05010081ffffffff", "OK"}, {"g", registers("05010081ffffffff")},
		{"vCont;c:1;c:2", ""},
		{"\x03", "T02thread:01;"},
		{"Hg1", "OK"}, {"mffffffff81000100,5", "e8ed0e0000"},
		{"Mffffffff81000100,5:e8fb020000", "OK"},
		{"z3,ffffffff81000fff,1", "OK"},
		{"D", "OK"},
	})
	hits := make(chan int, 2)
	require.NoError(t, s.BreakCall(t.Context(), diverted, textEnd, func(p *gdb.Processor) error {
		hits <- p.CPU()
		if p.CPU() == 0 {
			return nil
		}
		return p.SetRegister("rip", diverted.At+5)
	}))
	assert.Equal(t, 0, <-hits)
	assert.Equal(t, 1, <-hits)
	require.NoError(t, s.Close(t.Context()))
	<-played
}

// The kernel rewrites some calls itself, and its last word stands.
func TestCallThatTheKernelRewroteIsLeftAlone(t *testing.T) {
	s, played := attached(t, diverting, []line{
		{"g", nowhere}, {"Hg2", "OK"}, {"g", nowhere},
		{"vCont;c:1;c:2", ""},
		{"\x03", "T02thread:01;"},
		{"Hg1", "OK"}, {"mffffffff81000100,5", "0f1f440000"},
		{"z3,ffffffff81000fff,1", "OK"},
		{"vCont;c:1;c:2", ""},
	}, farewell)
	require.NoError(t, s.BreakCall(t.Context(), diverted, textEnd, nil))
	require.NoError(t, s.Clear(t.Context(), diverted.At))
	require.NoError(t, s.Close(t.Context()))
	<-played
}

// Where a call cannot be diverted it is a breakpoint.
func TestCallWithoutRoomIsABreakpoint(t *testing.T) {
	for name, answers := range map[string][]line{
		"another call":     {{"mffffffff81000100,5", "e800000000"}},
		"no call":          {{"mffffffff81000100,5", "0f1f440000"}},
		"no filler":        {{"mffffffff81000100,5", "e8fb020000"}, {"mffffffff81000ff2,e", "cccccccccccccccccccccccccc90"}},
		"memory not there": {{"mffffffff81000100,5", "E14"}},
		"watching refused": {{"mffffffff81000100,5", "e8fb020000"}, {"mffffffff81000ff2,e", "0000000000000000000000000000"}, {"Mffffffff81000ff2,d:380507000000eb00e901f4ffff", "OK"}, {"Z3,ffffffff81000fff,1", "E22"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, played := attached(t, []line{{"\x03", "T02thread:01;"}, {"Hg1", "OK"}}, answers, []line{
				{"Z1,ffffffff81000100,1", "OK"},
				{"vCont;c:1;c:2", ""},
			}, farewell)
			require.NoError(t, s.BreakCall(t.Context(), diverted, textEnd, nil))
			require.NoError(t, s.Close(t.Context()))
			<-played
		})
	}
}
