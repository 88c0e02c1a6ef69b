package agent

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeMonitor is the other end of a session.
type fakeMonitor struct {
	t    *testing.T
	conn net.Conn
}

func (m fakeMonitor) send(parts ...any) {
	for _, p := range parts {
		require.NoError(m.t, binary.Write(m.conn, binary.LittleEndian, p))
	}
}

// welcome does what comes before the first message: it wants features that no client offers
// first, and ends with a tag.
func (m fakeMonitor) welcome(says string, tag uint8) {
	m.send([]byte(says), socketAddress{}, socketAddress{})
	var asked struct {
		Banner  [len(banner)]byte
		Me      socketAddress
		Request connectRequest
	}
	if binary.Read(m.conn, binary.LittleEndian, &asked) != nil {
		return // it did not like what we said
	}
	assert.Equal(m.t, banner, string(asked.Banner[:]))
	assert.EqualValues(m.t, clientEntity, asked.Request.HostType)
	m.send(connectReply{Tag: tagFeatures, Features: 5})
	require.NoError(m.t, binary.Read(m.conn, binary.LittleEndian, &asked.Request))
	assert.EqualValues(m.t, featureNoSourceAddress|5, asked.Request.Features)
	m.send(connectReply{Tag: tag, Features: 7})
}

func (m fakeMonitor) answer(kind messageType, data []byte, body ...any) {
	var text bytes.Buffer
	if kind == messageCommandAck {
		body = append([]any{paxosPrefix}, body...)
	}
	for _, p := range body {
		_ = binary.Write(&text, binary.LittleEndian, p)
	}
	header := littleEndian(messageHeader{Type: kind, Front: uint32(text.Len()), Data: uint32(len(data))})
	m.send(uint8(tagMessage), header, cephCRC(header), text.Bytes(), data, messageFooter{})
}

// session is a client that talks with a fake monitor.
func session(t *testing.T, monitor func(m fakeMonitor)) *monitorSession {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer theirs.Close()
		monitor(fakeMonitor{t, theirs})
	}()
	t.Cleanup(func() { ours.Close(); <-done })
	return &monitorSession{conn: ours, fsid: bytes.Repeat([]byte{7}, 16)}
}

func TestTheMonitorDoesACommand(t *testing.T) {
	var asked message
	s := session(t, func(m fakeMonitor) {
		m.welcome(banner, tagReady)
		auth, err := readMessage(m.conn)
		require.NoError(t, err)
		assert.Equal(t, messageAuth, auth.kind)
		m.send(uint8(tagAck), uint64(1))
		m.answer(4, []byte("a map that was not asked for"))
		m.answer(messageAuthReply, nil, uint32(1), int32(0), uint64(4123))
		asked, err = readMessage(m.conn)
		require.NoError(t, err)
		m.send(uint8(tagKeepalive2Ack), uint64(1))
		m.answer(messageCommandAck, []byte(`{"done": true}`), int32(0), uint32(2), []byte("ok"))
		_, err = readMessage(m.conn)
		require.NoError(t, err)
		m.answer(messageCommandAck, nil, int32(-34), uint32(9), []byte("too short"))
	})
	require.NoError(t, s.connect())
	require.NoError(t, s.authenticate())
	c := command{"prefix": "fs set", "var": "session_timeout", "val": "30"}
	reply, err := s.do(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{"done": true}`, string(reply))
	assert.Equal(t, messageCommand, asked.kind)
	assert.Equal(t, s.fsid, asked.body[18:34])
	assert.JSONEq(t, `{"prefix":"fs set","var":"session_timeout","val":"30","format":"json"}`, string(asked.body[42:]))
	_, err = s.do(c)
	require.ErrorContains(t, err, "the monitor refuses: numerical result out of range: too short")
}

func TestAMonitorThatIsNone(t *testing.T) {
	s := session(t, func(m fakeMonitor) { m.welcome("ceph v2\n\n", tagReady) })
	require.ErrorContains(t, s.connect(), `it says "ceph v2\n\n", want "ceph v027"`)

	s = session(t, func(m fakeMonitor) { m.welcome(banner, 10) })
	require.ErrorContains(t, s.connect(), "it answers with tag 10 (its features: 0x7), want 1")

	s = session(t, func(m fakeMonitor) {
		_, err := readMessage(m.conn)
		require.NoError(t, err)
		m.answer(messageAuthReply, nil, uint32(2), int32(-1), uint64(0))
	})
	require.ErrorContains(t, s.authenticate(), "it wants way 2 (operation not permitted)")
}

func TestMessagesThatAreDamaged(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, writeMessage(&b, 1, messageCommand, []byte("text")))
	whole := b.Bytes()
	m, err := readMessage(bytes.NewReader(whole))
	require.NoError(t, err)
	assert.Equal(t, "text", string(m.body))
	for n := range whole {
		_, err := readMessage(bytes.NewReader(whole[:n]))
		require.Error(t, err, "cut short after %d bytes", n)
	}
	wrong := bytes.Clone(whole)
	wrong[3]++
	_, err = readMessage(bytes.NewReader(wrong))
	require.ErrorContains(t, err, "wrong checksum")

	header := littleEndian(messageHeader{Front: maxMessage, Data: 1})
	_, err = readMessage(io.MultiReader(bytes.NewReader([]byte{tagMessage}), bytes.NewReader(header), bytes.NewReader(littleEndian(cephCRC(header)))))
	require.ErrorContains(t, err, "a message of 16777217 bytes, want at most 16777216")
	_, err = readMessage(bytes.NewReader([]byte{6}))
	require.ErrorContains(t, err, "tag 6")
}

// The value was computed bit by bit from the polynomial. (CRC-32C of the same text, which begins
// with all ones and ends inverted, is e3069283.)
func TestCephsChecksum(t *testing.T) {
	assert.EqualValues(t, 0, cephCRC(nil))
	assert.EqualValues(t, 0x58e3fa20, cephCRC([]byte("123456789")))
}

func TestTheClustersID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ceph.conf")
	for text, want := range map[string]string{
		"[global]\nfsid = 6c6f6f70-6661-756c-7463-657068000001\n": "",
		"[global]\n":      "names no fsid",
		"fsid = 6c6f\n":   "it has 2 bytes, want 16",
		"fsid = nonsense": "invalid byte",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		id, err := clusterID(path)
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, "loopfaultceph\x00\x00\x01", string(id))
	}
}
