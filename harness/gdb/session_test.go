package gdb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/gdb"
)

func attached(t *testing.T, parts ...[]line) (*gdb.Session, <-chan struct{}) {
	t.Helper()
	conn, played := play(t, append([][]line{greeting}, parts...)...)
	s, err := gdb.Attach(conn, limit, true)
	require.NoError(t, err)
	return s, played
}

// A call is failed: the processor that comes to it gets a result and goes on behind it.
func TestBreakpointChangesWhatAProcessorDoes(t *testing.T) {
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"},
		{"Z1,ffffffff81000010,1", "OK"},
		{"vCont;c:1;c:2", "T05thread:02;"},
		{"Hg2", "OK"},
		{"g", registers("10000081ffffffff")},
		{"m77,8", "0102030405060708"},
		{"P0=0000000000000000", "OK"},
		{"P2=15000081ffffffff", "OK"},
		{"g", registers("15000081ffffffff")},
		{"vCont;c:1;c:2", ""},
	}, farewell)
	hits := make(chan int, 1)
	require.NoError(t, s.Break(t.Context(), 0xffffffff81000010, func(p *gdb.Processor) error {
		gs, err := p.Register("gs_base")
		require.NoError(t, err)
		b, err := p.Memory(gs, 8)
		require.NoError(t, err)
		assert.Equal(t, []byte{1, 2, 3, 4, 5, 6, 7, 8}, b)
		hits <- p.CPU()
		return errors.Join(p.SetRegister("rax", 0), p.SetRegister("rip", 0xffffffff81000015))
	}))
	assert.Equal(t, 1, <-hits)
	require.NoError(t, s.Close(t.Context()))
	<-played
	assert.ErrorContains(t, s.Break(t.Context(), 1, nil), "the session is closed")
}

// Where the handler changes nothing the processor is stepped past its breakpoint
// while the others stand still, even if another one's stop comes in between.
func TestProcessorIsSteppedPastABreakpoint(t *testing.T) {
	at := registers("1000000000000000")
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"},
		{"Z1,10,1", "OK"},
		{"vCont;c:1;c:2", "T05thread:01;"}, // at no breakpoint of ours
		{"Hg1", "OK"}, {"g", registers("9900000000000000")},
		{"vCont;c:1;c:2", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", at}, {"g", at},
		{"vCont;s:1", "T05thread:02;"}, // somebody else's
		{"Hg1", "OK"}, {"g", at},
		{"vCont;s:1", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", registers("1100000000000000")},
		{"vCont;c:1;c:2", ""},
		{"\x03", "T02thread:01;"},
		{"z1,10,1", "OK"},
		{"vCont;c:1;c:2", ""},
		{"\x03", "T02thread:01;"},
		{"vCont;c:1;c:2", ""},
	}, farewell)
	hits := make(chan int, 2)
	require.NoError(t, s.Break(t.Context(), 0x10, func(*gdb.Processor) error { hits <- 1; return nil }))
	<-hits
	require.NoError(t, s.Clear(t.Context(), 0x10))
	require.NoError(t, s.Clear(t.Context(), 0x10), "nothing there")
	require.NoError(t, s.Close(t.Context()))
	<-played
	assert.Empty(t, hits)
}

// One processor is held until another one comes to a second place.
func TestOneProcessorIsHeldForAnother(t *testing.T) {
	a, b := registers("0a00000000000000"), registers("0b00000000000000")
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"}, {"Z1,a,1", "OK"}, {"vCont;c:1;c:2", ""},
		{"\x03", "T02thread:01;"}, {"Z1,b,1", "OK"}, {"vCont;c:1;c:2", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", a},
		{"vCont;c:2", "T05thread:02;"}, // the first one is held
		{"Hg2", "OK"}, {"g", b},
		{"Hg1", "OK"}, {"g", a}, {"g", a}, {"vCont;s:1", "T05thread:01;"}, {"Hg1", "OK"}, {"g", registers("0c00000000000000")},
		{"Hg2", "OK"}, {"g", b}, {"vCont;s:2", "T05thread:02;"}, {"Hg2", "OK"}, {"g", registers("0d00000000000000")},
		{"vCont;c:1;c:2", ""},
	}, farewell)
	over := make(chan bool, 1)
	require.NoError(t, s.Break(t.Context(), 0xa, func(p *gdb.Processor) error {
		assert.True(t, p.Hold(limit, func(_ *gdb.Processor, expired bool) error { over <- expired; return nil }))
		return nil
	}))
	require.NoError(t, s.Break(t.Context(), 0xb, func(p *gdb.Processor) error {
		assert.False(t, p.Hold(limit, nil), "the last one that runs")
		return p.Release(0, 0)
	}))
	assert.False(t, <-over, "released, not expired")
	require.NoError(t, s.Close(t.Context()))
	<-played
}

func TestAHoldExpires(t *testing.T) {
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"}, {"Z1,a,1", "OK"}, {"vCont;c:1;c:2", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", registers("0a00000000000000")},
		{"vCont;c:2", ""},
		{"\x03", "T02thread:02;"},
		{"Hg1", "OK"}, {"g", registers("0a00000000000000")}, {"g", registers("0a00000000000000")}, {"vCont;s:1", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", registers("0c00000000000000")},
		{"vCont;c:1;c:2", ""},
	}, farewell)
	over := make(chan bool, 1)
	require.NoError(t, s.Break(t.Context(), 0xa, func(p *gdb.Processor) error {
		assert.True(t, p.Hold(time.Millisecond, func(_ *gdb.Processor, expired bool) error { over <- expired; return nil }))
		return nil
	}))
	assert.True(t, <-over)
	require.NoError(t, s.Close(t.Context()))
	<-played
}

// What goes wrong in a handler must not leave the guest standing.
func TestGuestGoesOnWhenAHandlerFails(t *testing.T) {
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"}, {"Z1,a,1", "OK"}, {"vCont;c:1;c:2", "T05thread:01;"},
		{"Hg1", "OK"}, {"g", registers("0a00000000000000")},
		{"m0,4", "E14"},
		{"D", "OK"},
	})
	require.NoError(t, s.Break(t.Context(), 0xa, func(p *gdb.Processor) error {
		_, err := p.Memory(0, 4)
		return err
	}))
	<-played
	assert.ErrorContains(t, s.Close(t.Context()), "memory at 0x0 cannot be read: E14")
}

func TestSessionLeavesAGuestThatSomebodyElseStopped(t *testing.T) {
	s, played := attached(t, []line{
		{"\x03", "T02thread:01;"}, {"Z1,a,1", "OK"}, {"vCont;c:1;c:2", "T0athread:01;"},
	})
	require.NoError(t, s.Break(t.Context(), 0xa, nil))
	<-played
	for {
		if err := s.Clear(t.Context(), 1); err != nil {
			assert.ErrorIs(t, err, gdb.ErrTaken)
			break
		}
	}
	assert.NoError(t, s.Close(t.Context()))
}

func TestAttachNamesWhatIsWrong(t *testing.T) {
	description := func(xml string) []line {
		return []line{greeting[0], {"qXfer:features:read:target.xml:0,800", xml}}
	}
	for name, c := range map[string]struct {
		script []line
		want   string
	}{
		"no descriptions":     {[]line{{greeting[0].sent, "PacketSize=1000"}}, "lacks what is needed"},
		"no such file":        {description("E00"), "has no target.xml"},
		"another machine":     {description(`l<target><reg~name="x0"~bitsize="64"/></target>`), "not an x86-64 guest"},
		"not XML":             {description("l<target>"), "target.xml"},
		"register of no size": {description(`l<reg~name="rax"/>`), `rax has "" bits`},
		"includes itself": {append(description(`l<i~href="target.xml"/>`)[:1:1],
			line{"qXfer:features:read:target.xml:0,800", `l<include~href="target.xml"/>`}, line{"qXfer:features:read:target.xml:0,800", `l<include~href="target.xml"/>`},
			line{"qXfer:features:read:target.xml:0,800", `l<include~href="target.xml"/>`}, line{"qXfer:features:read:target.xml:0,800", `l<include~href="target.xml"/>`}), "included too deep"},
		"no processors": {append(greeting[:5:5], line{"qfThreadInfo", "l"}), "knows no processor"},
		"gone":          {append(greeting[:2:2], line{greeting[2].sent, "bye"}), "the stub is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, played := play(t, c.script)
			_, err := gdb.Attach(conn, limit, true)
			assert.ErrorContains(t, err, c.want)
			<-played
			assert.False(t, strings.Contains(err.Error(), "\n"))
		})
	}
}
