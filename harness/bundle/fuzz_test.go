package bundle

import (
	"path/filepath"
	"testing"
)

// FuzzContents gives a bundle.json that anybody may have written. What is taken names only files inside the bundle.
func FuzzContents(f *testing.F) {
	f.Add([]byte(`{"format": 1, "loopfault": "v", "arms": [{"name": "a", "kernel": "k", "dir": "kernels/1"}], "files": [{"name": "loopfault", "bytes": 3}]}`))
	f.Add([]byte(`{"format": 1, "loopfault": "v", "arms": [{"dir": "../.."}], "files": [{"name": "/etc/passwd"}]}`))
	f.Add([]byte(`{"format": 1, "loopfault": "v", "shard": "9/8", "arms": [{}], "files": [{"name": "a/../b"}, {"name": "a"}, {"name": "a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text, "v")
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, file := range c.Files {
			if !filepath.IsLocal(file.Name) || seen[file.Name] || file.Bytes < 0 {
				t.Fatalf("took %q", file.Name)
			}
			seen[file.Name] = true
		}
		for _, a := range c.Arms {
			if !filepath.IsLocal(a.Dir) {
				t.Fatalf("took a kernel in %q", a.Dir)
			}
		}
		_, _ = c.note(), c.Bytes()
	})
}
