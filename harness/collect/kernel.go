package collect

import (
	"bytes"
	"compress/gzip"
	"io"
	"strconv"
	"strings"
)

// config is what of the kernel's configuration readers ask for: how long a tick is, which kernel it is, how NFS was built.
func (c *collector) config(most int) ([]byte, error) {
	for _, path := range []string{"/proc/config.gz", "/boot/config-" + c.out.About.Kernel, "/lib/modules/" + c.out.About.Kernel + "/config"} {
		text, err := c.from.Read(path, int64(most))
		if err != nil {
			continue
		}
		if strings.HasSuffix(path, ".gz") {
			in, err := gzip.NewReader(bytes.NewReader(text))
			if err != nil {
				continue
			}
			if text, err = io.ReadAll(io.LimitReader(in, int64(most))); err != nil {
				continue
			}
		}
		return asked(text), nil
	}
	return nil, errNoConfig
}

func asked(config []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(config) {
		for _, part := range []string{"# Linux/", "CONFIG_HZ=", "NFS", "SUNRPC", "HUNG_TASK", "LOCKDEP", "PREEMPT"} {
			if bytes.Contains(line, []byte(part)) {
				out.Write(line)
				break
			}
		}
	}
	return out.Bytes()
}

// log is the kernel's log without what programs wrote into it.
func (c *collector) log(most int) ([]byte, error) {
	text, err := c.from.kernelLog(int64(most))
	if err != nil {
		return nil, err
	}
	return fromKernel(text), nil
}

// fromKernel keeps the lines of the kernel itself, without their level: "<6>[…" is one, "<30>" comes from a program, and a
// line without such a mark goes on where the one before it ended.
func fromKernel(text []byte) []byte {
	var out bytes.Buffer
	const facility = 8 // levels of each
	ours := true
	for line := range bytes.Lines(text) {
		if line[0] == '<' {
			if end := bytes.IndexByte(line, '>'); end > 1 {
				if n, err := strconv.Atoi(string(line[1:end])); err == nil {
					ours, line = n < facility, line[end+1:]
				}
			}
		}
		if ours {
			out.Write(line)
		}
	}
	return out.Bytes()
}
