// Package port opens virtio-serial ports in a guest by their names: there is no udev here
// to make the friendly links.
package port

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	pause    = 10 * time.Millisecond
	patience = 30 * time.Second
)

// Open opens the port of that name for reading and writing. The kernel adds ports when QEMU
// tells it of them, which on a busy host is after process 1 began: Open waits up to 30 s.
func Open(name string) (*os.File, error) {
	return open("/", name, patience)
}

func open(root, name string, patience time.Duration) (*os.File, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) {
		device := find(root, name)
		f, err := os.OpenFile(device, os.O_RDWR, 0)
		switch {
		case err == nil:
			return f, nil
		case time.Now().Before(deadline):
		case device == "":
			return nil, fmt.Errorf("no virtio port named %s after %v", name, patience)
		default:
			return nil, err
		}
	}
}

// find is the port's device node; "" if the kernel knows no such port.
func find(root, name string) string {
	files, _ := filepath.Glob(filepath.Join(root, "sys/class/virtio-ports/*/name"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && strings.TrimSpace(string(text)) == name {
			return filepath.Join(root, "dev", filepath.Base(filepath.Dir(f)))
		}
	}
	return ""
}
