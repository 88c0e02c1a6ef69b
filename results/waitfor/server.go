package waitfor

import (
	"slices"
	"strconv"
	"strings"

	"loopfault/results/report/plain"
)

// server is what nfsd.txt and ps.txt say of the server.
type server struct {
	known   bool
	threads int // nfsd threads there are
	idle    int // of them waiting for requests; the others work or are blocked
	clients []string
	slots   int // of a session that the server wants used, the fewest of any client; 0 if not known, as before Linux 6.14
	// grace is how long its grace period is, in seconds, if it is in it; 0 if it is not, or if
	// that is not known.
	grace int
	// asleep counts nfsd threads in uninterruptible sleep by where ps saw them.
	asleep map[string]int
}

// thread is one line of ps.txt.
type thread struct {
	pid                int
	state, wchan, comm string
}

// parsePS reads ps.txt: pid, tid, ppid, uid, state, wchan, comm.
func parsePS(text string) []thread {
	var all []thread
	for line := range lines(text) {
		f := strings.Fields(line)
		if len(f) < 7 || len(all) >= maxTasks {
			continue
		}
		if pid, err := strconv.Atoi(f[1]); err == nil && pid > 0 {
			all = append(all, thread{pid, plain.Short(f[4], 8), plain.Short(f[5], 48), plain.Short(strings.Join(f[6:], " "), maxComm)})
		}
	}
	return all
}

// parseServer reads nfsd.txt and the nfsd lines of ps.txt.
func parseServer(nfsd string, ps []thread) server {
	var s server
	inGrace := false
	for path, line := range sections(nfsd) {
		switch {
		case strings.HasSuffix(path, "/threads"):
			if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && n >= 0 && n < 1<<20 {
				s.threads, s.known = n, true
			}
		case strings.HasSuffix(path, "/v4_end_grace"): // "has it ended?"
			inGrace = inGrace || strings.TrimSpace(line) == "N"
		case strings.HasSuffix(path, "/nfsv4gracetime"):
			if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && n > 0 && n < 1<<20 {
				s.grace = n
			}
		case strings.HasSuffix(path, "/info"):
			if text, ok := strings.CutPrefix(line, "session target slots: "); ok {
				if n, err := strconv.Atoi(text); err == nil && n > 0 && (s.slots == 0 || n < s.slots) {
					s.slots = n
				}
			}
			// A client that cannot be called back does not return what is recalled.
			if state, ok := strings.CutPrefix(line, "callback state: "); ok && state != "UP" && len(s.clients) < 16 {
				s.clients = append(s.clients, "callback state "+plain.Short(state, 32))
			}
		}
	}
	if !inGrace {
		s.grace = 0
	}
	seen := 0
	s.asleep = map[string]int{}
	for _, t := range ps {
		if t.comm != "nfsd" {
			continue
		}
		seen++
		switch {
		case t.wchan == leaseBreaker, slices.Contains(askers, t.wchan): // it is among the blocked tasks
		case t.state[0] == 'I' || t.state[0] == 'S':
			s.idle++
		case t.state[0] == 'D' && t.wchan != "svc_recv":
			s.asleep[t.wchan]++
		}
	}
	if !s.known && seen > 0 {
		s.threads, s.known = seen, true
	}
	s.idle = min(s.idle, s.threads)
	return s
}

// mounts is what mountstats.txt says.
type mounts struct {
	timeo float64 // seconds, the largest of all NFS mounts; 60 if not told
	lease float64 // seconds; 90 if not told
	disks []mount // file systems on block devices other than the root
}

type mount struct{ dev, dir, fs string }

func parseMounts(text string) mounts {
	m := mounts{}
	for line := range lines(text) {
		f := strings.Fields(line)
		if len(f) >= 8 && f[0] == "device" && strings.HasPrefix(f[1], "/dev/") && f[4] != "/" && len(m.disks) < 16 {
			m.disks = append(m.disks, mount{plain.Short(f[1], 64), plain.Short(f[4], 64), plain.Short(f[7], 16)})
		}
		m.timeo = max(m.timeo, option(line, "timeo=")/10)
		m.lease = max(m.lease, option(line, "lease_time="))
	}
	if m.timeo == 0 {
		m.timeo = 60
	}
	if m.lease == 0 {
		m.lease = 90
	}
	return m
}

// option is a number behind a key in a list of options, or 0.
func option(line, key string) float64 {
	_, rest, ok := strings.Cut(line, key)
	if !ok {
		return 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.ParseUint(rest[:end], 10, 20)
	if err != nil {
		return 0
	}
	return float64(n)
}
