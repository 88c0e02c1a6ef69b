package agent

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"
)

// mdsSocket is where the metadata server takes commands from its administrator.
const mdsSocket = cephRun + "/mds.a.asok"

// command is a command of an administrator, "prefix" being its name.
type command map[string]any

// maxReply is the most that a reply may hold, in bytes.
const maxReply = 4 << 20

// askMDS has the metadata server do a command, and decodes its reply unless answer is nil.
// What the server refuses is an error with its words.
func askMDS(answer any, c command) error {
	conn, err := net.DialTimeout("unix", mdsSocket, socketPatience)
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
	if err := json.Unmarshal(reply, answer); err != nil {
		return fmt.Errorf("%v: the metadata server answers %.200q: %w", c["prefix"], reply, err)
	}
	return nil
}

// exchange sends one command, as JSON that ends in a zero byte, and reads the reply, which
// begins with its length as a big-endian number of 32 bits.
func exchange(conn io.ReadWriter, c command) ([]byte, error) {
	withFormat := command{"format": "json"}
	for k, v := range c {
		withFormat[k] = v
	}
	text, err := json.Marshal(withFormat)
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
