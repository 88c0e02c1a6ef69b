// Command testinit is process 1 of the guests that the harness's own tests boot
// from an initial RAM disk: no root image, no agent, two seconds to the first
// answer. It obeys one-line orders on the agent port. It is not the guest agent.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads/port"
	"loopfault/workloads/wire"
)

func main() {
	fmt.Println("testinit:", serve())
	for {
		time.Sleep(time.Hour) // process 1 must not end: that is a panic
	}
}

// serve returns only if it fails.
func serve() error {
	for target, fs := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs"} {
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(fs, target, fs, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", target, err)
		}
	}
	agent, err := port.Open(wire.AgentPort)
	if err != nil {
		return err
	}
	watch, err := port.Open(wire.WatchPort)
	if err != nil {
		return err
	}
	fmt.Println("testinit: ready")
	orders := bufio.NewScanner(agent)
	for orders.Scan() {
		verb, rest, _ := strings.Cut(orders.Text(), " ")
		answer, err := obey(verb, rest, watch)
		if err != nil {
			answer = "error: " + err.Error()
		}
		if _, err := fmt.Fprintln(agent, answer); err != nil {
			return err
		}
	}
	return fmt.Errorf("agent port ended: %w", orders.Err())
}

func obey(verb, rest string, watch *os.File) (string, error) {
	switch verb {
	case "echo":
		return rest, nil
	case "watch":
		_, err := fmt.Fprintln(watch, rest)
		return "ok", err
	case "write":
		path, text, _ := strings.Cut(rest, " ")
		return "ok", os.WriteFile(path, []byte(text), 0o644)
	case "head":
		f, err := os.Open(rest)
		if err != nil {
			return "", err
		}
		defer f.Close()
		var b [9]byte
		_, err = f.Read(b[:])
		return string(b[:]), err
	case "random":
		var b [8]byte
		_, err := unix.Getrandom(b[:], 0)
		return fmt.Sprintf("%x", b), err
	case "read":
		text, err := os.ReadFile(rest)
		return strings.TrimSpace(string(text)), err
	case "crowd":
		return crowd(rest), nil
	case "disks":
		return disks()
	case "fill":
		return fill(rest)
	case "panic":
		return "", os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
	case "reboot":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	case "poweroff":
		return "", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	return "", fmt.Errorf("unknown order %q", verb)
}

// crowd reads a file in several goroutines at once, and returns how often, and how
// often it was empty.
func crowd(path string) string {
	const readers, times = 8, 25
	var all sync.WaitGroup
	var read, empty atomic.Int64
	for range readers {
		all.Go(func() {
			for range times {
				text, err := os.ReadFile(path)
				if err != nil {
					continue
				}
				read.Add(1)
				if len(text) == 0 {
					empty.Add(1)
				}
			}
		})
	}
	all.Wait()
	return fmt.Sprintf("%d read, %d empty", read.Load(), empty.Load())
}

// disks lists device=serial:bytes, in order.
func disks() (string, error) {
	files, err := filepath.Glob("/sys/block/vd*/serial")
	if err != nil {
		return "", err
	}
	var out []string
	for _, f := range files {
		serial, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		dir := filepath.Dir(f)
		size, err := os.ReadFile(filepath.Join(dir, "size"))
		if err != nil {
			return "", err
		}
		sectors, err := strconv.ParseInt(strings.TrimSpace(string(size)), 10, 64)
		if err != nil {
			return "", err
		}
		out = append(out, fmt.Sprintf("%s=%s:%d", filepath.Base(dir), strings.TrimSpace(string(serial)), sectors*512))
	}
	return strings.Join(out, " "), nil
}

// fill writes one MiB to a device and reads it back.
func fill(device string) (string, error) {
	f, err := os.OpenFile(device, os.O_RDWR|os.O_SYNC, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data := []byte(strings.Repeat("loopfault", 1<<20/9))
	if _, err := f.WriteAt(data, 0); err != nil {
		return "", err
	}
	back := make([]byte, len(data))
	if _, err := f.ReadAt(back, 0); err != nil {
		return "", err
	}
	return strconv.FormatBool(string(back) == string(data)), nil
}
