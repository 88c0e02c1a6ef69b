// Init of the guests that the corpus' guest-*.txt logs come from. The kernel's command line says what to do:
// steps=STEP,STEP,… with the steps NAME (a process that writes NAME to the provoke file), wait:SECONDS, sysrq:LETTER,
// stack:NAME (shows /proc/<pid>/stack of that process), set:FILE=VALUE (below /proc/sys), write:FILE=VALUE.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const provoke = "/sys/kernel/debug/provoke"

func init() { runtime.LockOSThread() } // the name below is that of the first thread

func main() {
	if len(os.Args) > 1 {
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(unsafe.StringData(os.Args[1]+"\x00"))), 0, 0, 0)
		write(provoke, os.Args[1])
		return
	}
	for _, m := range [][2]string{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}, {"debugfs", "/sys/kernel/debug"}} {
		os.MkdirAll(m[1], 0o755)
		unix.Mount(m[0], m[1], m[0], 0, "")
	}
	pids := map[string]int{}
	line, _ := os.ReadFile("/proc/cmdline")
	for _, word := range strings.Fields(string(line)) {
		steps, ok := strings.CutPrefix(word, "steps=")
		if !ok {
			continue
		}
		for _, step := range strings.Split(steps, ",") {
			do(step, pids)
		}
	}
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func do(step string, pids map[string]int) {
	verb, arg, plain := strings.Cut(step, ":")
	file, value, _ := strings.Cut(arg, "=")
	switch {
	case !plain:
		c := exec.Command("/proc/self/exe", step)
		if err := c.Start(); err != nil {
			fmt.Println("init:", err)
			return
		}
		pids[step] = c.Process.Pid
		go c.Wait()
		time.Sleep(time.Second)
	case verb == "wait":
		d, _ := time.ParseDuration(arg + "s")
		time.Sleep(d)
	case verb == "sysrq":
		write("/proc/sysrq-trigger", arg)
		time.Sleep(time.Second)
	case verb == "stack":
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pids[arg]))
		for _, t := range tasks {
			path := fmt.Sprintf("/proc/%d/task/%s", pids[arg], t.Name())
			comm, _ := os.ReadFile(path + "/comm")
			if strings.TrimSpace(string(comm)) != arg[:min(len(arg), 15)] {
				continue
			}
			text, _ := os.ReadFile(path + "/stack")
			fmt.Printf("# cat %s/stack\n%s", path, text)
		}
	case verb == "set":
		write("/proc/sys/"+file, value)
	case verb == "write":
		write(file, value)
	}
}

func write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0); err != nil {
		fmt.Println("init:", err)
	}
}
