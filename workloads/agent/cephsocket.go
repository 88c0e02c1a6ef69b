package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"time"
)

// adminSocket is where a daemon takes commands from its administrator.
type adminSocket string

const (
	mdsSocket   adminSocket = cephRun + "/mds.a.asok"
	storeSocket adminSocket = cephRun + "/osd.0.asok"
)

// command is a command of an administrator, "prefix" being its name.
type command map[string]any

// text is the command as a daemon reads it; its reply is to be JSON.
func (c command) text() ([]byte, error) {
	withFormat := command{"format": "json"}
	maps.Copy(withFormat, c)
	return json.Marshal(withFormat)
}

// maxReply is the most that a reply may hold, in bytes.
const maxReply = 4 << 20

// ask has the daemon do a command, and decodes its reply unless answer is nil. What the daemon
// refuses is an error with its words.
func (s adminSocket) ask(answer any, c command) error {
	conn, err := net.DialTimeout("unix", string(s), socketPatience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(socketPatience)); err != nil {
		return err
	}
	reply, err := exchange(conn, c)
	if err != nil {
		return fmt.Errorf("%v: %w", c["prefix"], err)
	}
	if answer == nil {
		return nil
	}
	// Some daemons put several texts one behind the other; the first one is what was asked.
	if err := json.NewDecoder(bytes.NewReader(reply)).Decode(answer); err != nil {
		return fmt.Errorf("%v: %s answers %.200q: %w", c["prefix"], s, reply, err)
	}
	return nil
}

// exchange sends one command, as JSON that ends in a zero byte, and reads the reply, which
// begins with its length as a big-endian number of 32 bits.
func exchange(conn io.ReadWriter, c command) ([]byte, error) {
	text, err := c.text()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(append(text, 0)); err != nil {
		return nil, err
	}
	var length uint32
	if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	if length > maxReply {
		return nil, fmt.Errorf("a reply of %d bytes, want at most %d", length, maxReply)
	}
	reply := make([]byte, length)
	_, err = io.ReadFull(conn, reply)
	return reply, err
}

// socketPatience is for a server that waits for its journal.
const socketPatience = 30 * time.Second
