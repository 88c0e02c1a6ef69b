package agent

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answerOnce answers one command as a Ceph daemon does, and returns what it was asked.
func answerOnce(t *testing.T, length uint32, reply string) (io.ReadWriter, <-chan string) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close() })
	asked := make(chan string, 1)
	go func() {
		defer theirs.Close()
		var text []byte
		for one := make([]byte, 1); ; {
			if _, err := theirs.Read(one); err != nil || one[0] == 0 {
				break
			}
			text = append(text, one[0])
		}
		asked <- string(text)
		_ = binary.Write(theirs, binary.BigEndian, length)
		_, _ = io.WriteString(theirs, reply)
	}()
	return ours, asked
}

func TestExchangeWithACephDaemon(t *testing.T) {
	const reply = `[{"id":4123}]`
	conn, asked := answerOnce(t, uint32(len(reply)), reply)
	got, err := exchange(conn, command{"prefix": "session evict", "filters": []string{"id=4123"}})
	require.NoError(t, err)
	assert.Equal(t, reply, string(got))
	assert.JSONEq(t, `{"prefix":"session evict","filters":["id=4123"],"format":"json"}`, <-asked)
}

func TestExchangeWithADaemonThatIsOutOfOrder(t *testing.T) {
	for want, reply := range map[string]struct {
		length uint32
		text   string
	}{
		"unexpected EOF":           {100, "cut short"},
		"EOF":                      {1, ""},
		"a reply of 4194305 bytes": {maxReply + 1, ""},
	} {
		conn, _ := answerOnce(t, reply.length, reply.text)
		_, err := exchange(conn, command{"prefix": "status"})
		require.ErrorContains(t, err, want)
	}
	conn, _ := answerOnce(t, 0, "")
	got, err := exchange(conn, command{"prefix": "status"})
	require.NoError(t, err)
	assert.Empty(t, strings.TrimSpace(string(got)))
}
