package gdb

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// stub is the other side, for one exclusive user. Every exchange is bounded.
type stub struct {
	conn    net.Conn
	packets chan string   // as they come; closed when the connection ends
	ended   error         // why, once it is closed
	limit   time.Duration // of one exchange
	regs    layout
	threads []int
	chosen  int // the thread that registers and memory are read of, 0 if none was chosen
}

// greet starts the protocol, which stops the guest, and learns its registers
// and vCPUs.
func greet(conn net.Conn, limit time.Duration) (*stub, error) {
	s := &stub{conn: conn, packets: make(chan string, 1), limit: limit}
	go s.read()
	// A guest that ran sends an unsolicited stop reply.
	features, err := s.ask("qSupported:xmlRegisters=i386")
	for err == nil && isStop(features) {
		features, err = s.receive()
	}
	if err != nil {
		return nil, err
	}
	if !strings.Contains(features, "qXfer:features:read+") || !strings.Contains(features, "vContSupported+") {
		return nil, fmt.Errorf("the stub lacks what is needed: it says %.80q", features)
	}
	if s.regs, err = readLayout(s.file); err != nil {
		return nil, err
	}
	// The stub has not chosen a thread yet.
	if _, err := s.ask("?"); err != nil {
		return nil, err
	}
	return s, s.listThreads()
}

func isStop(packet string) bool { return packet != "" && strings.ContainsRune("TSWX", rune(packet[0])) }

func (s *stub) send(text string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.limit)); err != nil {
		return err
	}
	if _, err := s.conn.Write([]byte(text)); err != nil {
		return fmt.Errorf("the stub is gone: %w", err)
	}
	return nil
}

// read is the only reader of the connection, and acknowledges what it reads.
func (s *stub) read() {
	defer close(s.packets)
	in := bufio.NewReader(s.conn)
	for {
		packet, err := readPacket(in)
		if err == nil {
			err = s.send("+")
		}
		if err != nil {
			s.ended = err
			return
		}
		s.packets <- packet
	}
}

// receive waits for one packet.
func (s *stub) receive() (string, error) {
	bound := time.NewTimer(s.limit)
	defer bound.Stop()
	select {
	case packet, ok := <-s.packets:
		if !ok {
			return "", fmt.Errorf("the stub is gone: %w", s.ended)
		}
		return packet, nil
	case <-bound.C:
		return "", fmt.Errorf("the stub did not answer within %s", s.limit)
	}
}

func (s *stub) ask(packet string) (string, error) {
	if err := s.send(frame(packet)); err != nil {
		return "", err
	}
	return s.receive()
}

// order is ask for what is answered by OK.
func (s *stub) order(packet string) error {
	answer, err := s.ask(packet)
	switch {
	case err != nil:
		return err
	case answer == "":
		return fmt.Errorf("the stub does not know %.40q", packet)
	case answer != "OK":
		return fmt.Errorf("the stub refuses %.40q: %.40q", packet, answer)
	}
	return nil
}

// file reads one of the stub's own files, in pieces.
func (s *stub) file(name string) (string, error) {
	const piece = 0x800
	var text strings.Builder
	for {
		answer, err := s.ask(fmt.Sprintf("qXfer:features:read:%s:%x,%x", name, text.Len(), piece))
		if err != nil {
			return "", err
		}
		if answer == "" || answer[0] != 'm' && answer[0] != 'l' {
			return "", fmt.Errorf("the stub has no %s: %.40q", name, answer)
		}
		text.WriteString(answer[1:])
		if answer[0] == 'l' {
			return text.String(), nil
		}
	}
}

func (s *stub) listThreads() error {
	for query := "qfThreadInfo"; ; query = "qsThreadInfo" {
		answer, err := s.ask(query)
		if err != nil {
			return err
		}
		list, more := strings.CutPrefix(answer, "m")
		if !more {
			break
		}
		for id := range strings.SplitSeq(list, ",") {
			n, err := strconv.ParseInt(id, 16, 32)
			if err != nil {
				return fmt.Errorf("the stub lists thread %.20q", id)
			}
			s.threads = append(s.threads, int(n))
		}
	}
	if len(s.threads) == 0 {
		return errors.New("the stub knows no processor")
	}
	return nil
}

// choose selects the thread whose registers and memory are meant.
func (s *stub) choose(thread int) error {
	if s.chosen == thread {
		return nil
	}
	s.chosen = 0
	if err := s.order(fmt.Sprintf("Hg%x", thread)); err != nil {
		return err
	}
	s.chosen = thread
	return nil
}

func (s *stub) registers(thread int) ([]byte, error) {
	if err := s.choose(thread); err != nil {
		return nil, err
	}
	answer, err := s.ask("g")
	if err != nil {
		return nil, err
	}
	return bytesOf(answer)
}

func (s *stub) setRegister(thread int, name string, value uint64) error {
	p, ok := s.regs[name]
	if !ok || p.bytes != 8 {
		return fmt.Errorf("the stub does not tell register %s", name)
	}
	if err := s.choose(thread); err != nil {
		return err
	}
	return s.order(fmt.Sprintf("P%x=%x", p.number, binary.LittleEndian.AppendUint64(nil, value)))
}

// memory reads n bytes as the chosen processor sees them.
func (s *stub) memory(thread int, addr uint64, n int) ([]byte, error) {
	if err := s.choose(thread); err != nil {
		return nil, err
	}
	const piece = 0x400 // an answer has twice as many digits, and a bound
	var all []byte
	for len(all) < n {
		answer, err := s.ask(fmt.Sprintf("m%x,%x", addr+uint64(len(all)), min(piece, n-len(all))))
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(answer, "E") {
			return nil, fmt.Errorf("memory at %#x cannot be read: %s", addr, answer)
		}
		b, err := bytesOf(answer)
		if err != nil {
			return nil, err
		}
		if len(b) == 0 {
			return nil, fmt.Errorf("memory at %#x cannot be read", addr)
		}
		all = append(all, b...)
	}
	return all, nil
}

func (s *stub) setMemory(thread int, addr uint64, data []byte) error {
	if err := s.choose(thread); err != nil {
		return err
	}
	return s.order(fmt.Sprintf("M%x,%x:%s", addr, len(data), hex.EncodeToString(data)))
}

// breakpoint sets or removes a hardware breakpoint, which holds for all vCPUs and
// changes no memory. Under emulation there can be any number, else the four of the
// host's processor.
func (s *stub) breakpoint(addr uint64, on bool) error {
	return s.point('1', addr, on)
}

// watchpoint sets or removes a read watchpoint on a byte.
func (s *stub) watchpoint(addr uint64, on bool) error { return s.point('3', addr, on) }

func (s *stub) point(kind byte, addr uint64, on bool) error {
	set := 'z'
	if on {
		set = 'Z'
	}
	return s.order(fmt.Sprintf("%c%c,%x,1", set, kind, addr))
}

// resume resumes threads; the stub answers when something stops them all.
func (s *stub) resume(threads []int) error {
	packet := "vCont"
	for _, t := range threads {
		packet += fmt.Sprintf(";c:%x", t)
	}
	return s.send(frame(packet))
}

// step lets one thread execute one instruction, breakpoint or not, while all others
// are stopped.
func (s *stub) step(thread int) error {
	s.chosen = 0 // the stub chooses whom it speaks of
	answer, err := s.ask(fmt.Sprintf("vCont;s:%x", thread))
	if err == nil && !isStop(answer) {
		err = fmt.Errorf("the stub answers %.40q to a step", answer)
	}
	return err
}
