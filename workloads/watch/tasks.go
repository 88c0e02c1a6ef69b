package watch

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// stat is what the stat file of a task says.
type stat struct {
	pid     int
	comm    string
	state   string
	threads int  // of its process; 0 if the line is too short to say
	kernel  bool // a thread of the kernel's own
}

// eachTask calls f with the directory and stat of each task of a procfs. System
// calls are expensive in an emulated guest and delay its work, so a single-threaded
// process is read from its own stat file, and each file in one read.
func eachTask(proc string, f func(dir string, st stat)) {
	for _, pid := range numbered(proc) {
		process := filepath.Join(proc, pid)
		threads := filepath.Join(process, "task")
		if leader, ok := readStat(process); ok && leader.threads == 1 {
			f(filepath.Join(threads, pid), leader)
			continue
		}
		for _, tid := range numbered(threads) {
			dir := filepath.Join(threads, tid)
			if st, ok := readStat(dir); ok {
				f(dir, st)
			}
		}
	}
}

// numbered are the entries of a directory that have numbers for names; none if it is gone.
func numbered(dir string) []string {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	all, _ := d.Readdirnames(-1) // entries read before an error are valid
	names := all[:0]
	for _, name := range all {
		if '0' <= name[0] && name[0] <= '9' {
			names = append(names, name)
		}
	}
	return names
}

// readStat is not ok if the task has gone meanwhile.
func readStat(dir string) (stat, bool) {
	text, ok := readOnce(filepath.Join(dir, "stat"))
	if !ok {
		return stat{}, false
	}
	pid, comm, state, ok := ParseStat(text)
	st := stat{pid: pid, comm: comm, state: state}
	const (
		flags      = 9 - 2 // proc_pid_stat(5) counts from 1; the second ends with the parenthesis
		numThreads = 20 - 2
		kthread    = 0x00200000 // PF_KTHREAD
	)
	if fields := strings.SplitN(text[strings.LastIndexByte(text, ')')+1:], " ", numThreads+2); len(fields) > numThreads {
		st.threads, _ = strconv.Atoi(fields[numThreads])
		bits, _ := strconv.ParseUint(fields[flags], 10, 64)
		st.kernel = bits&kthread != 0
	}
	return st, ok
}

// readOnce returns what the first read of a file returns: procfs delivers a line of
// stat in one piece. It takes three system calls, os.ReadFile seven.
func readOnce(path string) (string, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	var buf [1024]byte // 52 numbers of up to 20 digits, nearly all of them far shorter
	n, err := unix.Read(fd, buf[:])
	return string(buf[:max(n, 0)]), err == nil
}

// ParseStat reads the head of a line of /proc/<pid>/task/<tid>/stat. The comm
// stands in parentheses and may hold some itself: the last one closes it.
func ParseStat(line string) (pid int, comm, state string, ok bool) {
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 1 || shut < open || len(line) < shut+3 {
		return 0, "", "", false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line[:open]))
	return pid, line[open+1 : shut], line[shut+2 : shut+3], err == nil
}
