package kernel

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"loopfault/errs"

	"golang.org/x/sync/errgroup"
)

// bring copies what differs between the user's tree and the mirror. The note of
// what the mirror holds first loses the files about to change: after a crash they
// are copied again whatever they look like.
func (m *mirror) bring(ctx context.Context, t *tree) (string, error) {
	want, err := m.scan(ctx)
	if err != nil {
		return "", err
	}
	noted := filepath.Join(t.dir, "mirrored.gob")
	have := loadListing(noted)
	var changed, gone []string
	for path, e := range want {
		if old, ok := have[path]; !ok || !old.same(e) {
			changed = append(changed, path)
		}
	}
	for path := range have {
		if _, ok := want[path]; !ok {
			gone = append(gone, path)
		}
	}
	if len(changed)+len(gone) == 0 {
		return want.hash(), nil
	}
	if len(have) == 0 {
		if err := t.cache.Need(spaceTree, "copy the kernel source"); err != nil {
			return "", err
		}
		// The contents there are unknown.
		if err := t.clear(); err != nil {
			return "", err
		}
		step := t.report.Begin("kernel.copy", "copying the kernel source "+m.dir, estimateUnpack)
		defer step.End()
	}
	for _, path := range append(changed, gone...) {
		if len(have) > 0 {
			have[path] = entry{} // unknown content: equal to nothing, yet removed when gone
		}
	}
	if err := have.save(noted); err != nil {
		return "", err
	}
	for _, path := range gone {
		if err := m.place(t, path, content{absent: true}); err != nil {
			return "", err
		}
	}
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for _, path := range changed {
		if t.overlay.journal[path] != (saved{}) {
			continue
		}
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return m.copy(t, path, want[path])
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	for _, path := range changed {
		if t.overlay.journal[path] == (saved{}) {
			continue
		}
		data, err := m.read(path, want[path])
		if err != nil {
			return "", err
		}
		if err := m.place(t, path, content{data: data, mode: want[path].Mode.Perm()}); err != nil {
			return "", err
		}
	}
	if err := settle(t.src); err != nil {
		return "", err
	}
	return want.hash(), want.save(noted)
}

// place stores a file's new content, behind the patches if it is patched.
func (m *mirror) place(t *tree, path string, c content) error {
	if _, patched := t.overlay.journal[path]; patched {
		if err := t.overlay.keep(path, c); err != nil {
			return err
		}
		return t.overlay.write()
	}
	if c.absent {
		if err := os.Remove(filepath.Join(t.src, path)); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	return t.overlay.put(path, c)
}

func (m *mirror) read(path string, e entry) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(m.dir, path))
	if err != nil {
		return nil, errs.Usagef("cannot read kernel source: %w", err)
	}
	if sha256.Sum256(data) != e.Sum {
		return nil, errs.Usagef("kernel source %s changed while it was being read: %s", m.dir, path)
	}
	return data, nil
}

// copy puts one unpatched file into the mirror.
func (m *mirror) copy(t *tree, path string, e entry) error {
	to := filepath.Join(t.src, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !os.IsNotExist(err) {
		return err
	}
	if e.Link != "" {
		return os.Symlink(e.Link, to)
	}
	data, err := m.read(path, e)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(to, e.Mode.Perm()); err != nil {
		return err
	}
	if last := t.lastMake(); !time.Now().After(last) {
		stamp := last.Add(time.Millisecond)
		return os.Chtimes(to, stamp, stamp)
	}
	return nil
}
