package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"loopfault/workloads/beats"
)

// OpenPort opens a virtio-serial port by its name; there is no udev here to
// make the friendly links.
func OpenPort(name string) (*os.File, error) {
	files, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || strings.TrimSpace(string(text)) != name {
			continue
		}
		return os.OpenFile(filepath.Join("/dev", filepath.Base(filepath.Dir(f))), os.O_RDWR, 0)
	}
	return nil, fmt.Errorf("no virtio port named %s", name)
}

// Uptime is the guest's clock of the history: seconds since boot.
func Uptime() float64 { return beats.SinceBoot().Seconds() }
