package collect

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads/gather"
)

// ReaderRole is the only argument of a process that reads for the collector.
const ReaderRole = "collect-reader"

type verb string

const (
	doList  verb = "list"
	doRead  verb = "read"
	doOwner verb = "owner"
	doOwn   verb = "own" // addresses of this machine, as paths
	doLog   verb = "log" // the kernel's own, which is no file
)

// request asks a reader for one thing; it answers before it takes the next.
type request struct {
	Verb verb   `json:"verb"`
	Path string `json:"path"`
	Max  int64  `json:"max,omitempty"`
}

type answer struct {
	Paths   []string `json:"paths,omitempty"`
	Text    []byte   `json:"text,omitempty"`
	UID     uint32   `json:"uid,omitempty"`
	Problem string   `json:"problem,omitempty"`
	At      string   `json:"at,omitempty"`   // the file or directory that the problem is with
	Gone    bool     `json:"gone,omitempty"` // what was asked for is not there, or not any more
}

// Serve is a reader: it answers requests until there are no more.
func Serve(in io.Reader, out io.Writer) error {
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	if err := answers.Encode(answer{}); err != nil { // it has begun
		return err
	}
	for {
		var q request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(answerTo(q)); err != nil {
			return err
		}
	}
}

func answerTo(q request) (a answer) {
	var err error
	from := gather.Direct{}
	switch q.Verb {
	case doList:
		a.Paths, err = listed(from, q.Path)
	case doRead:
		a.Text, err = from.Read(q.Path, q.Max)
	case doOwner:
		a.UID, err = from.Owner(q.Path)
	case doOwn:
		a.Paths, err = ownAddresses()
	case doLog:
		a.Text, err = kernelLog(q.Max)
	}
	if err != nil {
		a.Gone = errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
		var where *fs.PathError
		if errors.As(err, &where) {
			err, a.At = where.Err, where.Path
		}
		a.Problem = err.Error()
	}
	return a
}

// listed is what a pattern stands for. That nothing does may be because only root is let in, which Glob does not
// tell.
func listed(from gather.Direct, pattern string) ([]string, error) {
	paths, err := from.List(pattern)
	if err != nil || len(paths) > 0 {
		return paths, err
	}
	dir := filepath.Dir(pattern)
	for strings.ContainsAny(dir, `*?[\`) {
		dir = filepath.Dir(dir)
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return nil, d.Close()
}

func ownAddresses() (list []string, err error) {
	all, err := net.InterfaceAddrs()
	for _, a := range all {
		if one, ok := a.(*net.IPNet); ok {
			list = append(list, one.IP.String())
		}
	}
	return list, err
}

// kernelLog is the newest of the kernel's log, at most max bytes: "<6>[   12.345678] text".
func kernelLog(max int64) ([]byte, error) {
	const readAll, size = 3, 10 // SYSLOG_ACTION_…
	n, err := unix.Klogctl(size, nil)
	if err != nil {
		return nil, err
	}
	text := make([]byte, min(int64(n), max))
	n, err = unix.Klogctl(readAll, text)
	if err != nil {
		return nil, err
	}
	return text[:n], nil
}
