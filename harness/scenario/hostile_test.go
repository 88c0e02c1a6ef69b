package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const evictText = "name: many\ntitle: Many workers\nrun: 5s\nworkloads:\n"

// The guest would refuse them, an hour of building and booting later.
func TestMoreWorkersThanAGuestHolds(t *testing.T) {
	text := func(kinds ...int) []byte {
		s := evictText
		for _, n := range kinds {
			s += fmt.Sprintf("  - sharedfile: {processes: %d, files: %d, sharers: 1, uids: [0], max_write: 4KiB}\n", n, n)
		}
		return []byte(s)
	}
	_, err := Parse("many.yaml", text(128, 128))
	require.NoError(t, err)
	_, err = Parse("many.yaml", text(128, 128, 1))
	assert.ErrorContains(t, err, "workloads: are 257 workers together, and a guest holds 256")
	_, err = Parse("many.yaml", text(slicesOf(10, 128)...))
	assert.ErrorContains(t, err, "1280 workers")
	variants := string(text(128)) + "variants:\n  heavy:\n    workloads:\n" + strings.Repeat("      - sharedfile: {processes: 128, files: 128, sharers: 1, uids: [0], max_write: 4KiB}\n", 3)
	_, err = Parse("many.yaml", []byte(variants))
	assert.ErrorContains(t, err, "variants.heavy.workloads: are 384 workers")
}

func slicesOf(n, v int) (list []int) {
	for range n {
		list = append(list, v)
	}
	return list
}

// What is no file is refused at once: a FIFO would be waited for, whatever signals come.
func TestScenarioFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.yaml")
	require.NoError(t, unix.Mkfifo(fifo, 0o644))
	big := filepath.Join(dir, "big.yaml")
	require.NoError(t, os.WriteFile(big, nil, 0o644))
	require.NoError(t, os.Truncate(big, 1<<40))
	for name, want := range map[string]string{fifo: "is a named pipe", dir + "/": "is a directory", "/dev/zero": "is a device", big: "is larger than"} {
		done := make(chan error, 1)
		go func() {
			_, _, err := Find(name)
			done <- err
		}()
		select {
		case err := <-done:
			assert.ErrorContains(t, err, want, name)
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: still reading", name)
		}
	}
}
