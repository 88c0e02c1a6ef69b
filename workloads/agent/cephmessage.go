package agent

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The first version of Ceph's messenger protocol, as much of it as a client needs that has a
// monitor do commands and exits. All numbers are little-endian.

// messageType is what a message is about.
type messageType uint16

const (
	messageAuth       messageType = 17
	messageAuthReply  messageType = 18
	messageCommand    messageType = 50
	messageCommandAck messageType = 51
)

// Tags say what comes next on a connection.
const (
	tagReady         = 1
	tagMessage       = 7
	tagAck           = 8
	tagKeepalive     = 9
	tagFeatures      = 12
	tagKeepalive2    = 14
	tagKeepalive2Ack = 15
)

// messageHeader comes before each message, with a checksum behind it.
type messageHeader struct {
	Seq, Tid                uint64
	Type                    messageType
	Priority, Version       uint16
	Front, Middle, Data     uint32 // lengths of what follows
	DataOffset              uint16
	SourceType              uint8
	SourceID                uint64
	CompatVersion, Reserved uint16
}

// messageFooter comes after it.
type messageFooter struct {
	FrontCRC, MiddleCRC, DataCRC uint32
	Complete                     uint8
}

// message is one that was received.
type message struct {
	kind messageType
	body []byte // its front
	data []byte
}

const (
	clientEntity    = 8
	defaultPriority = 127
	maxMessage      = 16 << 20
)

// writeMessage sends a message without data.
func writeMessage(w io.Writer, seq uint64, kind messageType, body []byte) error {
	var b bytes.Buffer
	header := littleEndian(messageHeader{
		Seq: seq, Tid: seq, Type: kind, Priority: defaultPriority, Version: 1, CompatVersion: 1,
		Front: uint32(len(body)), SourceType: clientEntity,
	})
	b.WriteByte(tagMessage)
	b.Write(header)
	b.Write(littleEndian(cephCRC(header)))
	b.Write(body)
	b.Write(littleEndian(messageFooter{FrontCRC: cephCRC(body), Complete: 1}))
	_, err := w.Write(b.Bytes())
	return err
}

// readMessage passes over all that is no message, and reads the next one that is.
func readMessage(r io.Reader) (m message, err error) {
	for {
		var tag uint8
		if err := binary.Read(r, binary.LittleEndian, &tag); err != nil {
			return m, err
		}
		switch tag {
		case tagMessage:
			return readTagged(r)
		case tagKeepalive:
		case tagAck, tagKeepalive2, tagKeepalive2Ack: // with a number, or a time
			if _, err := io.CopyN(io.Discard, r, 8); err != nil {
				return m, err
			}
		default:
			return m, fmt.Errorf("the monitor sends tag %d in the place of a message", tag)
		}
	}
}

func readTagged(r io.Reader) (m message, err error) {
	var h struct {
		messageHeader
		CRC uint32
	}
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return m, err
	}
	if h.CRC != cephCRC(littleEndian(h.messageHeader)) {
		return m, errors.New("a message's header has a wrong checksum")
	}
	if total := uint64(h.Front) + uint64(h.Middle) + uint64(h.Data); total > maxMessage {
		return m, fmt.Errorf("a message of %d bytes, want at most %d", total, maxMessage)
	}
	m = message{kind: h.Type, body: make([]byte, h.Front), data: make([]byte, h.Data)}
	for _, part := range [][]byte{m.body, make([]byte, h.Middle), m.data} {
		if _, err := io.ReadFull(r, part); err != nil {
			return m, err
		}
	}
	var f messageFooter
	return m, binary.Read(r, binary.LittleEndian, &f)
}

// littleEndian is a value of fixed size as bytes.
func littleEndian(value any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, value)
	if err != nil {
		panic(err) // no value of fixed size: a mistake in this package
	}
	return b
}

// cephText is a text with its length before it.
func cephText(s string) []byte { return append(littleEndian(uint32(len(s))), s...) }

// cephCRC is Ceph's checksum: CRC-32C that begins with 0 and is not inverted at its end.
func cephCRC(b []byte) uint32 {
	return ^crc32.Update(^uint32(0), crc32.MakeTable(crc32.Castagnoli), b)
}
