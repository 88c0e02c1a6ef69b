package workloads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// nthFiles is how many files a process of faultnth rotates through.
const nthFiles = 8

func faultNth(spec wire.FaultNth) []Worker {
	workers := make([]Worker, spec.Processes)
	for i := range workers {
		workers[i] = Worker{
			Name: fmt.Sprintf("faultnth/%d", i), // root, which may write fail-nth
			Run: func(ctx context.Context, env Env) error {
				p, err := newNthProcess(env, spec, i)
				if err != nil {
					return err
				}
				if err := awaitAim(ctx, attributeDirs()); err != nil {
					return err
				}
				for n := 1; ctx.Err() == nil; {
					landed, reached := p.round(ctx, n)
					n = nextNth(n, landed, reached)
				}
				return nil
			},
		}
	}
	return workers
}

// nthProcess opens and closes files as two users. One thread makes all of its
// system calls, since both credential and fault belong to a thread.
type nthProcess struct {
	env  Env
	spec wire.FaultNth
	name string
	knob int // /proc/thread-self/fail-nth
	log  int // /dev/kmsg
	took int // files so far
}

func newNthProcess(env Env, spec wire.FaultNth, i int) (*nthProcess, error) {
	// Opened as root and kept: another user's thread may not open it.
	knob, err := unix.Open("/proc/thread-self/fail-nth", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("fail-nth (CONFIG_FAULT_INJECTION): %w", err)
	}
	log, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &nthProcess{env: env, spec: spec, name: fmt.Sprintf("nth-%03d", i), knob: knob, log: log}, nil
}

// round tries one n as often as requested, and returns how often it landed and
// how often there was any allocation at all.
func (p *nthProcess) round(ctx context.Context, n int) (landed, reached int) {
	for range p.spec.Repeats {
		if ctx.Err() != nil {
			break
		}
		t, err := p.try(n)
		p.env.Beat.Done(err)
		if err != nil {
			continue
		}
		if t.Landed {
			landed++
		}
		if t.Landed || t.Left < n {
			reached++
		}
		if err := p.env.record(wire.NthFile, t); err != nil {
			fmt.Printf("loopfault: %s: a try is not recorded: %v\n", p.env.Name, err)
		}
	}
	return landed, reached
}

// nextNth is the n after this one: it restarts when the path was taken and had no
// n-th allocation.
func nextNth(n, landed, reached int) int {
	switch {
	case landed > 0:
		return n + 1
	case reached > 0:
		return 1
	}
	return n // the path was not taken at all
}

// try has the first user open a file and write to it, which gets the layout, the
// second open it as well, the first close it, and the second close it with its n-th
// allocation failing.
func (p *nthProcess) try(n int) (wire.NthTry, error) {
	t := wire.NthTry{N: n, Thread: unix.Gettid(), Worker: p.env.Name, Uptime: beats.SinceBoot().Seconds()}
	p.took++
	path := filepath.Join(p.env.Load, fmt.Sprintf("%s-%d", p.name, p.took%nthFiles))
	first, err := p.openAs(0, path)
	if err != nil {
		return t, err
	}
	_, err = unix.Write(first, make([]byte, 1+p.env.Rand.IntN(32<<10)))
	if err == nil {
		err = unix.Fsync(first)
	}
	second, oerr := p.openAs(1, path)
	if err = errors.Join(err, oerr, unix.Close(first)); err != nil {
		if oerr == nil {
			err = errors.Join(err, unix.Close(second))
		}
		return t, err
	}
	if err := p.closeAs(1, second, n, &t); err != nil {
		return t, err
	}
	if p.env.Rand.IntN(4) == 0 { // what was not returned is returned with the inode
		return t, unix.Unlink(path)
	}
	return t, nil
}

// openAs opens for writing alone. A file open to read as well gets a write
// delegation, which the server recalls when the data server's NFSv3 WRITE
// arrives; the WRITE is told to retry, and does so after five seconds.
func (p *nthProcess) openAs(user int, path string) (fd int, err error) {
	err = p.as(user, func() error {
		fd, err = unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o666)
		return err
	})
	return fd, err
}

// closeAs closes a file with the n-th allocation failing, and finds out whether it
// did: the knob counts down, and is 0 when the fault has landed.
func (p *nthProcess) closeAs(user, fd, n int, t *wire.NthTry) error {
	if _, err := unix.Seek(p.log, 0, unix.SEEK_END); err != nil {
		return err
	}
	return p.as(user, func() error {
		if _, err := unix.Pwrite(p.knob, []byte(strconv.Itoa(n)), 0); err != nil {
			return errors.Join(err, unix.Close(fd))
		}
		if err := unix.Close(fd); err != nil {
			t.Errno = unix.ErrnoName(err.(unix.Errno))
		}
		var left [16]byte
		k, err := unix.Pread(p.knob, left[:], 0)
		if err != nil {
			return err
		}
		if t.Left, err = strconv.Atoi(strings.TrimSpace(string(left[:k]))); err != nil {
			return err
		}
		if t.Landed = t.Left == 0; t.Landed {
			t.Log = p.logged()
			return nil
		}
		_, err = unix.Pwrite(p.knob, []byte("0"), 0)
		return err
	})
}

// as runs do with one user's file-system credentials.
func (p *nthProcess) as(user int, do func() error) error {
	uid := p.spec.UIDs[user]
	if err := errors.Join(unix.Setfsgid(uid), unix.Setfsuid(uid)); err != nil {
		return err
	}
	return errors.Join(do(), unix.Setfsuid(0), unix.Setfsgid(0))
}

// logged is what the kernel logged since the last seek, or the beginning of it.
func (p *nthProcess) logged() string {
	var text strings.Builder
	record := make([]byte, 8<<10)
	for text.Len() < wire.MaxNthLog {
		n, err := unix.Read(p.log, record)
		if errors.Is(err, unix.EPIPE) {
			continue // older records were overwritten
		}
		if err != nil || n <= 0 {
			break
		}
		// "6,339,5140900,-;text", then lines that begin with a space
		_, message, _ := bytes.Cut(record[:n], []byte(";"))
		line, _, _ := bytes.Cut(message, []byte("\n"))
		text.Write(append(line, '\n'))
	}
	return text.String()[:min(text.Len(), wire.MaxNthLog)]
}

// attributeDirs hold the filters of what fail-nth counts.
func attributeDirs() []string {
	return []string{wire.Debugfs + "/failslab", wire.Debugfs + "/fail_page_alloc"}
}

// awaitAim waits until the fault is aimed at some function. Before that fail-nth
// would count every allocation.
func awaitAim(ctx context.Context, dirs []string) error {
	for _, dir := range dirs {
		for {
			start, err := os.ReadFile(filepath.Join(dir, "require-start"))
			if err != nil {
				return err
			}
			if s := strings.TrimSpace(string(start)); s != "0" && s != "0x0" {
				break
			}
			if !pause(ctx, lookAgain) {
				return nil
			}
		}
	}
	return nil
}
