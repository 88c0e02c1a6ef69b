package texts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// sorter puts the lines of one text where lines like them belong.
type sorter struct {
	t       *Texts
	section string // what tail(1), grep(1) or a prompt said is shown
	mounted bool   // within the lines of an NFS mount in mountstats
	columns []string
	dump    dump
}

var (
	heading  = regexp.MustCompile(`^==> (\S+) <==$`)
	prompt   = regexp.MustCompile(`^(?:\S*[#$>%] ?)(?:sudo )?(?:cat|tail -n \+1|head) (/\S+)$`)
	grepped  = regexp.MustCompile(`^((?:/proc|/sys)/[^:\s]+):(.*)$`)
	rpcLine  = regexp.MustCompile(`(?:^|[\s:])(\d+) ([0-9a-f]{4}) +(-?\d+) +(\S+) +(\S+) +(-?\d+) (\S+)(?: \[\w+\])? (\w+v\d+) (\S+) a:(\S+)(?: \[\w+\])? q:(.*)$`)
	rpcCount = regexp.MustCompile(`clnt\[[^\]]*\] RPC tasks\[\d+\]`)
	xprtLine = regexp.MustCompile(`^\s*(netid|addr|port|state):\s+(\S+)$`)
	mount    = regexp.MustCompile(`device \S+ mounted on \S+ with fstype (\S+)`)
	mountOf  = regexp.MustCompile(`^\S+ on \S+ type nfs4? \(|^\S+ \S+ nfs4? rw|^\S+ \S+ nfs4? ro`)
	client   = regexp.MustCompile(`^(?:clientid: 0x|callback state: |session target slots: |minor version: \d)`)
	setting  = regexp.MustCompile(`^(?:CONFIG_HZ=\d+|# Linux/\S+ \S+ Kernel Configuration)$`)
	released = regexp.MustCompile(`Linux version (\d+\.\d+\S*)`)
)

// find matches a line that has a part without which it cannot match: most lines of a log have none of them.
func find(re *regexp.Regexp, part, line string) []string {
	if !strings.Contains(line, part) {
		return nil
	}
	return re.FindStringSubmatch(line)
}

// line takes one line to its place.
func (s *sorter) line(line string) {
	if m := find(heading, "==> ", line); m != nil {
		s.section = m[1]
		return
	}
	if m := find(prompt, " /", line); m != nil {
		s.section = m[1]
		return
	}
	path, rest := s.section, line
	if m := find(grepped, "/", line); m != nil && line[0] == '/' {
		path, rest = m[1], m[2]
	}
	if s.ps(line) || s.dump.line(line) {
		return
	}
	if m := find(rpcLine, " q:", line); m != nil {
		s.t.add("rpc-tasks.txt", path, rpc(m), true)
	} else if m := find(rpcCount, "RPC tasks[", line); m != nil {
		s.t.add("rpc-tasks.txt", path, m[0], false)
		s.t.part("rpc-tasks.txt").in = ""
	} else if strings.HasPrefix(path, "/proc/fs/nfsd/") && rest != "" {
		s.t.add("nfsd.txt", path, rest, path != s.t.part("nfsd.txt").in)
	} else if m := find(xprtLine, ":", rest); m != nil {
		if m[1] == "netid" {
			s.t.part("rpc-xprt.txt").in = ""
		}
		s.t.add("rpc-xprt.txt", path+" ", fmt.Sprintf("%s: %s", m[1], m[2]), m[1] == "netid")
	} else if m := find(client, ": ", line); m != nil {
		if strings.HasPrefix(line, "clientid: ") {
			s.t.part("nfsd.txt").in = ""
		}
		s.t.add("nfsd.txt", "/proc/fs/nfsd/clients/0/info", line, strings.HasPrefix(line, "clientid: "))
	} else if !s.mounts(line) {
		s.kernel(line)
	}
}

// mounts takes lines of mountstats, and of lists of mounts.
func (s *sorter) mounts(line string) bool {
	trimmed := strings.TrimSpace(line)
	if m := find(mount, " mounted on ", line); m != nil {
		s.mounted = strings.HasPrefix(m[1], "nfs")
		s.t.add("mountstats.txt", "", trimmed, s.mounted)
		return true
	}
	s.mounted = s.mounted && line != ""
	switch {
	case s.mounted && (strings.HasPrefix(trimmed, "opts:") || strings.HasPrefix(trimmed, "nfsv4:")):
		s.t.add("mountstats.txt", "", "\t"+trimmed, false)
	case find(mountOf, " nfs", line) != nil:
		s.t.add("mountstats.txt", "", "\topts:\t"+line, true)
	default:
		return false
	}
	return true
}

// kernel takes the lines that name the kernel.
func (s *sorter) kernel(line string) {
	if find(setting, "Linux/", line) != nil || find(setting, "CONFIG_HZ=", line) != nil {
		s.t.add("config.txt", "", line, true)
	} else if m := find(released, "Linux version ", line); m != nil {
		s.t.kernel = m[1]
	}
}

// flush ends the text.
func (s *sorter) flush() { s.t.tasks(&s.dump) }

// rpc is a line of RPCs as rpc_clnt/*/tasks has it. What the kernel prints into its log (sysctl sunrpc.rpc_debug) has addresses
// for client and request.
func rpc(m []string) string {
	id, xid := m[4], m[5]
	if !strings.HasPrefix(id, "0x") {
		id, xid = "0x"+strings.Trim(id, "()"), "0x0"
	}
	if _, err := strconv.ParseUint(strings.TrimPrefix(xid, "0x"), 16, 32); err != nil {
		xid = "0x0"
	}
	return fmt.Sprintf("%s %s %s %s %s %s %s %s %s a:%s q:%s", m[1], m[2], m[3], id, xid, m[6], m[7], m[8], m[9], m[10], m[11])
}

// part is what was found of a kind.
func (t *Texts) part(kind string) *part {
	p := t.parts[kind]
	if p == nil {
		p = &part{}
		t.parts[kind] = p
	}
	return p
}

// add keeps a line of a kind, below the path of the file that it is of; counts says that a task, RPC or file begins with it.
func (t *Texts) add(kind, path, line string, counts bool) {
	p := t.part(kind)
	if p.text.Len() > maxKind {
		return
	}
	if counts {
		p.n++
	}
	if path = strings.TrimSpace(path); path != "" && path != p.in {
		fmt.Fprintf(&p.text, "==> %s <==\n", path)
		p.in = path
	} else if p.in == "" && kind != "mountstats.txt" && kind != "ps.txt" && kind != "config.txt" {
		fmt.Fprintf(&p.text, "==> %s, %d <==\n", strings.TrimSuffix(kind, ".txt"), p.n)
		p.in = " "
	}
	p.text.WriteString(line + "\n")
}
