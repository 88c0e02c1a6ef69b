package agent

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// monitorSession is a connection to the cluster's monitor on which it does commands, as
// Ceph's own command-line tool has it do them: the guest has no such tool, which is Python.
type monitorSession struct {
	conn io.ReadWriter
	fsid []byte
	seq  uint64
}

// askMonitor has the monitor do commands, one after the other.
func askMonitor(commands ...command) error {
	fsid, err := clusterID(cephConfFile)
	if err != nil {
		return err
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(cephAddress, monitorPort), socketPatience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(socketPatience)); err != nil {
		return err
	}
	m := monitorSession{conn: struct {
		io.Reader
		io.Writer
	}{bufio.NewReader(conn), conn}, fsid: fsid}
	if err := m.connect(); err != nil {
		return fmt.Errorf("connect to the monitor: %w", err)
	}
	if err := m.authenticate(); err != nil {
		return fmt.Errorf("authenticate with the monitor: %w", err)
	}
	for _, c := range commands {
		if _, err := m.do(c); err != nil {
			return fmt.Errorf("%v: %w", c["prefix"], err)
		}
	}
	return nil
}

const (
	cephConfFile = "/etc/ceph/ceph.conf"
	monitorPort  = "6789"
	banner       = "ceph v027"

	// What the client says it can: messages name their sender without its address.
	featureNoSourceAddress = 1 << 1
	// The version of the protocol between clients and monitors.
	monitorProtocol = 15
	// A connection that is lost is not taken up again.
	connectLossy = 1
)

// socketAddress is an address as it is exchanged before the first message.
type socketAddress struct {
	Type, Nonce uint32
	Family      [2]byte // big-endian
	Rest        [126]byte
}

// connectRequest asks for a session.
type connectRequest struct {
	Features                         uint64
	HostType, GlobalSeq, ConnectSeq  uint32
	Protocol, AuthProtocol, AuthSize uint32
	Flags                            uint8
}

// connectReply answers it.
type connectReply struct {
	Tag                                       uint8
	Features                                  uint64
	GlobalSeq, ConnectSeq, Protocol, AuthSize uint32
	Flags                                     uint8
}

// connect introduces the two to each other. Which address we have the monitor sees for itself.
func (m *monitorSession) connect() error {
	var hello struct {
		Banner       [len(banner)]byte
		Theirs, Ours socketAddress
	}
	if err := binary.Read(m.conn, binary.LittleEndian, &hello); err != nil {
		return err
	}
	if string(hello.Banner[:]) != banner {
		return fmt.Errorf("it says %q, want %q", hello.Banner, banner)
	}
	me := socketAddress{Nonce: uint32(os.Getpid()), Family: [2]byte{0, syscall.AF_INET}}
	if _, err := m.conn.Write(append([]byte(banner), littleEndian(me)...)); err != nil {
		return err
	}
	reply, err := m.request(featureNoSourceAddress)
	if err == nil && reply.Tag == tagFeatures {
		// It wants clients that understand its maps. This one reads none.
		reply, err = m.request(featureNoSourceAddress | reply.Features)
	}
	if err == nil && reply.Tag != tagReady {
		err = fmt.Errorf("it answers with tag %d (its features: %#x), want %d", reply.Tag, reply.Features, tagReady)
	}
	return err
}

// request asks for a session, saying what the client can.
func (m *monitorSession) request(features uint64) (reply connectReply, err error) {
	_, err = m.conn.Write(littleEndian(connectRequest{
		Features: features, HostType: clientEntity, GlobalSeq: 1, Protocol: monitorProtocol, Flags: connectLossy,
	}))
	if err != nil {
		return reply, err
	}
	return reply, binary.Read(m.conn, binary.LittleEndian, &reply)
}

// paxosPrefix begins messages that monitors hand on to each other: a client's, and the answers to
// its commands. A client has nothing to say there.
var paxosPrefix = make([]byte, 8+2+8)

// authenticate says who we are: the cluster wants no proof of it.
func (m *monitorSession) authenticate() error {
	const none = 1
	payload := bytes.Join([][]byte{
		{1}, littleEndian([]uint32{1, none}), // a list of one way
		littleEndian(uint32(clientEntity)), cephText("admin"), littleEndian(uint64(0)),
	}, nil)
	body := bytes.Join([][]byte{paxosPrefix, littleEndian(uint32(0)), cephText(string(payload)), littleEndian(uint32(0))}, nil)
	reply, err := m.exchange(messageAuth, body, messageAuthReply)
	if err != nil {
		return err
	}
	var answer struct {
		Protocol uint32
		Result   int32
	}
	if err := binary.Read(bytes.NewReader(reply.body), binary.LittleEndian, &answer); err != nil {
		return err
	}
	if answer.Protocol != none || answer.Result < 0 {
		return fmt.Errorf("it wants way %d (%w)", answer.Protocol, syscall.Errno(max(-answer.Result, 0)))
	}
	return nil
}

// do has the monitor do one command.
func (m *monitorSession) do(c command) ([]byte, error) {
	text, err := c.text()
	if err != nil {
		return nil, err
	}
	body := bytes.Join([][]byte{paxosPrefix, m.fsid, littleEndian(uint32(1)), cephText(string(text))}, nil)
	reply, err := m.exchange(messageCommand, body, messageCommandAck)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(reply.body)
	var head struct {
		Prefix [18]byte
		Result int32
		Length uint32
	}
	if err := binary.Read(r, binary.LittleEndian, &head); err != nil {
		return nil, err
	}
	said := make([]byte, min(int(head.Length), r.Len()))
	if _, err := io.ReadFull(r, said); err != nil {
		return nil, err
	}
	if head.Result != 0 {
		return nil, fmt.Errorf("the monitor refuses: %w: %s", syscall.Errno(-head.Result), said)
	}
	return reply.data, nil
}

// exchange sends a message and reads until the answer comes.
func (m *monitorSession) exchange(kind messageType, body []byte, answer messageType) (message, error) {
	m.seq++
	if err := writeMessage(m.conn, m.seq, kind, body); err != nil {
		return message{}, err
	}
	for {
		reply, err := readMessage(m.conn)
		if err != nil || reply.kind == answer {
			return reply, err
		}
	}
}

// clusterID reads the cluster's id from its configuration.
func clusterID(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(key) == "fsid" {
			id, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(value), "-", ""))
			if err == nil && len(id) != 16 {
				err = fmt.Errorf("it has %d bytes, want 16", len(id))
			}
			return id, err
		}
	}
	return nil, fmt.Errorf("%s names no fsid", path)
}
