package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gossh "golang.org/x/crypto/ssh"

	"loopfault/harness/ssh"
)

// server is an sshd in the test process that runs commands with the host's
// shell, and misbehaves on request.
type server struct {
	t    *testing.T
	addr string
	host gossh.Signer
	user gossh.Signer

	mute   bool // accepts TCP and never says a word, like QEMU before the guest listens
	frozen bool // is up to authentication, then answers nothing

	mu      sync.Mutex
	conns   []net.Conn
	windows []string // terminal sizes it was told
}

func signer(t *testing.T) gossh.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	s, err := gossh.NewSignerFromKey(key)
	require.NoError(t, err)
	return s
}

func serve(t *testing.T, change func(*server)) *server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{t: t, addr: listener.Addr().String(), host: signer(t), user: signer(t)}
	if change != nil {
		change(s)
	}
	t.Cleanup(func() {
		_ = listener.Close()
		s.cut()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			if !s.mute {
				go s.handle(conn)
			}
		}
	}()
	return s
}

// cut ends all connections as a dying guest does.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *server) identity() ssh.Identity {
	return ssh.Identity{User: "root", Key: s.user, HostKey: s.host.PublicKey()}
}

func (s *server) dial(t *testing.T, limits ssh.Limits) *ssh.Client {
	c, err := ssh.Dial(t.Context(), s.addr, s.identity(), limits)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

var generous = ssh.Limits{Handshake: 20 * time.Second, Call: 20 * time.Second}

func (s *server) handle(conn net.Conn) {
	config := &gossh.ServerConfig{
		PublicKeyCallback: func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) { return nil, nil },
	}
	config.AddHostKey(s.host)
	_, channels, requests, err := gossh.NewServerConn(conn, config)
	if err != nil || s.frozen {
		return
	}
	go gossh.DiscardRequests(requests)
	for fresh := range channels {
		channel, requests, err := fresh.Accept()
		if err != nil {
			return
		}
		go s.session(channel, requests)
	}
}

func (s *server) session(channel gossh.Channel, requests <-chan *gossh.Request) {
	for r := range requests {
		switch r.Type {
		case "pty-req":
			name := binary.BigEndian.Uint32(r.Payload)
			s.window(r.Payload[4+name:])
		case "window-change":
			s.window(r.Payload)
		case "exec":
			command := string(r.Payload[4:])
			_ = r.Reply(true, nil)
			go func() {
				cmd := exec.Command("sh", "-c", command)
				cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
				// Not cmd.Stdin: Wait would wait for the client's end of input too.
				stdin, err := cmd.StdinPipe()
				if err != nil || cmd.Start() != nil {
					return
				}
				go func() {
					_, _ = io.Copy(stdin, channel)
					_ = stdin.Close()
				}()
				_ = cmd.Wait()
				if status, ok := cmd.ProcessState.Sys().(interface{ Signaled() bool }); ok && status.Signaled() {
					_, _ = channel.SendRequest("exit-signal", false, gossh.Marshal(struct {
						Name  string
						Core  bool
						Error string
						Lang  string
					}{"KILL", false, "", ""}))
				} else {
					_, _ = channel.SendRequest("exit-status", false, gossh.Marshal(struct{ Code uint32 }{uint32(cmd.ProcessState.ExitCode())}))
				}
				_ = channel.Close()
			}()
			continue
		}
		_ = r.Reply(true, nil)
	}
}

func (s *server) window(payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows = append(s.windows, fmt.Sprintf("%dx%d", binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])))
}
