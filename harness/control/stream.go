package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/sourcegraph/jsonrpc2"
)

// maxMessage bounds one message of the agent, in bytes: several full trace buffers in base64 fit. A guest may
// send without end, by malice or with corrupt memory, and the host must not keep it all.
const maxMessage = 64 << 20

// stream is the agent's channel: each message is one line of JSON. The library's own stream reads messages of
// any length.
type stream struct {
	jsonrpc2.ObjectStream // writes
	lines                 *bufio.Scanner
	broke                 atomic.Pointer[error] // why nothing more was read
}

func newStream(channel io.ReadWriteCloser) *stream {
	s := &stream{ObjectStream: jsonrpc2.NewPlainObjectStream(channel), lines: bufio.NewScanner(channel)}
	s.lines.Buffer(nil, maxMessage)
	return s
}

// ReadObject reads the next message.
func (s *stream) ReadObject(v any) error {
	if s.lines.Scan() {
		return json.Unmarshal(s.lines.Bytes(), v)
	}
	err := s.lines.Err()
	switch {
	case err == nil:
		return io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("its message is longer than %d MiB", maxMessage>>20)
	}
	s.broke.Store(&err)
	return err
}

// because adds the reason to an error of the library, which says only that the connection is closed.
func (s *stream) because(err error) error {
	if why := s.broke.Load(); why != nil {
		return fmt.Errorf("%w: %w", err, *why)
	}
	return err
}
