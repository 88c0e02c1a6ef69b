package gdb_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// limit is more than any exchange with a fake takes.
const limit = 10 * time.Second

// line is one exchange: what the client has to send, and what the stub answers.
// A blank is between several answers, and ~ stands for one in them; "" is none, and bye the
// end of the connection.
type line struct{ sent, answers string }

// greeting is how every conversation begins: the guest ran, has two processors, and
// describes its registers in two files, one of which comes in pieces.
var greeting = []line{
	{"qSupported:xmlRegisters=i386", "T02thread:01; PacketSize=1000;qXfer:features:read+;vContSupported+"},
	{"qXfer:features:read:target.xml:0,800", `l<target><include~href="core.xml"/></target>`},
	{"qXfer:features:read:core.xml:0,800", `m<feature><reg~name="rax"~bitsize="64"/><reg~name="rsp"~bitsize="64"/>`},
	{"qXfer:features:read:core.xml:45,800", `l<reg~name="rip"~bitsize="64"/><reg~name="eflags"~bitsize="32"/><reg~name="gs_base"~bitsize="64"/></feature>`},
	{"?", "T05thread:01;"},
	{"qfThreadInfo", "m01,02"},
	{"qsThreadInfo", "l"},
	{"vCont;c:1;c:2", ""},
}

// registers is the answer to g with a processor at rip.
func registers(rip string) string {
	return "1111111111111111" + "2222222222222222" + rip + "00000000" + "7700000000000000"
}

// farewell is how a conversation ends that the client ends.
var farewell = []line{{"\x03", "T02thread:01;"}, {"D", "OK"}}

// play answers as a script says, and fails the test where the client says
// something else. The channel is closed when the conversation is over.
func play(t *testing.T, parts ...[]line) (net.Conn, <-chan struct{}) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close() })
	played := make(chan struct{})
	go func() {
		defer theirs.Close()
		in := bufio.NewReader(theirs)
		defer func() { _, _ = io.Copy(io.Discard, in) }()
		defer close(played)
		for _, part := range parts {
			for _, l := range part {
				sent, err := hear(in)
				if !assert.NoError(t, err) || !assert.Equal(t, l.sent, sent) {
					return
				}
				if l.answers == "bye" {
					theirs.Close()
					return
				}
				for answer := range strings.FieldsSeq(l.answers) {
					answer = strings.ReplaceAll(answer, "~", " ")
					if _, err := theirs.Write(framed(answer)); !assert.NoError(t, err) {
						return
					}
					ack, err := in.ReadByte()
					if !assert.NoError(t, err) || !assert.Equal(t, byte('+'), ack) {
						return
					}
				}
			}
		}

	}()
	return ours, played
}

// hear reads a packet, or the interrupt.
func hear(in *bufio.Reader) (string, error) {
	c, err := in.ReadByte()
	if err != nil || c == 0x03 {
		return string(rune(c)), err
	}
	body, err := in.ReadString('#')
	if err != nil {
		return "", err
	}
	var sum [2]byte
	for i := range sum {
		if sum[i], err = in.ReadByte(); err != nil {
			return "", err
		}
	}
	body = strings.TrimSuffix(body, "#")
	if string(framed(body)) != "+"+string(c)+body+"#"+string(sum[:]) {
		return "", fmt.Errorf("packet %q with checksum %s", body, sum)
	}
	return body, nil
}

func framed(body string) []byte {
	sum := byte(0)
	for i := range len(body) {
		sum += body[i]
	}
	return fmt.Appendf(nil, "+$%s#%02x", body, sum)
}
