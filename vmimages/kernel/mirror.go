package kernel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// mirror copies a user's source tree into a work tree, each time only what
// changed. Files are told apart by content, and a changed file gets the current
// time: a checkout of an older commit must be compiled again although some of
// its files may look old.
type mirror struct {
	dir    string
	cache  *cache.Cache
	report progress.Func
}

// entry is one file of a tree. Size, Time and Change only save reading the file
// again; Sum, Mode and Link are the content.
type entry struct {
	Size, Time, Change int64
	Mode               fs.FileMode
	Sum                [sha256.Size]byte
	Link               string // target, for symbolic links
}

func (e entry) same(o entry) bool { return e.Sum == o.Sum && e.Mode == o.Mode && e.Link == o.Link }

type listing map[string]entry

func (m *mirror) label() string { return m.dir }

func (m *mirror) version() (version, error) { return treeVersion(m.dir) }

func (m *mirror) id() string {
	sum := sha256.Sum256([]byte(m.dir))
	return "dir-" + hex.EncodeToString(sum[:6])
}

func (m *mirror) memo() string { return m.cache.Path(roomTrees, m.id(), "scanned.gob") }

func (m *mirror) hash(ctx context.Context) (string, error) {
	l, err := m.scan(ctx)
	if err != nil {
		return "", err
	}
	return l.hash(), nil
}

func (l listing) hash() string {
	h := sha256.New()
	for _, path := range l.paths() {
		e := l[path]
		fmt.Fprintf(h, "%s\x00%o\x00%x\x00%s\n", path, e.Mode, e.Sum, e.Link)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l listing) paths() []string {
	paths := make([]string, 0, len(l))
	for p := range l {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// scan lists the user's tree. Files that did not change since the last scan are
// not read.
func (m *mirror) scan(ctx context.Context) (listing, error) {
	paths, err := m.files(ctx)
	if err != nil {
		return nil, err
	}
	known := loadListing(m.memo())
	if len(known) == 0 {
		step := m.report.Begin("kernel.scan", "reading the kernel source "+m.dir, estimateScan)
		defer step.End()
	}
	entries := make([]entry, len(paths))
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for chunk := range slices.Chunk(indices(len(paths)), 512) {
		g.Go(func() error {
			for _, i := range chunk {
				if err := ctx.Err(); err != nil {
					return err
				}
				e, err := examine(filepath.Join(m.dir, paths[i]), known[paths[i]])
				if errors.Is(err, fs.ErrNotExist) {
					err = errs.Usagef("kernel source %s changed while it was being read: %s is gone", m.dir, paths[i])
				}
				if err != nil {
					return err
				}
				entries[i] = e
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	l := make(listing, len(paths))
	for i, p := range paths {
		l[p] = entries[i]
	}
	return l, l.save(m.memo())
}

func indices(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// files asks git which files count: all that the tree's own .gitignore files do
// not call build products. It works on trees without a repository as well, and
// looks at no repository of the user's.
func (m *mirror) files(ctx context.Context) ([]string, error) {
	paths, err := m.gitFiles(ctx, "--exclude-standard")
	if err != nil || slices.Contains(paths, "Makefile") {
		return paths, err
	}
	// Debian's source packages come with a .gitignore that hides everything but
	// debian/. Then all files count, which is right as long as none is a product.
	for _, product := range []string{".config", "include/config", "include/generated"} {
		if _, err := os.Stat(filepath.Join(m.dir, product)); err == nil {
			return nil, errs.Usagef("kernel source %s cannot be told from what was built in it (its .gitignore hides the source): run make mrproper there", m.dir)
		}
	}
	return m.gitFiles(ctx)
}

func (m *mirror) gitFiles(ctx context.Context, options ...string) ([]string, error) {
	git, err := packages.Find("git")
	if err != nil {
		return nil, err
	}
	empty, err := emptyRepository(m.cache)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, git, append([]string{"ls-files", "-z", "--others"}, options...)...)
	cmd.Env = append(command.Environment(), "GIT_DIR="+empty, "GIT_WORK_TREE="+m.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	cmd.Dir = m.dir
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		e := errs.Infraf("git cannot list %s: %w", m.dir, err)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			e.Evidence = string(exit.Stderr)
		}
		return nil, e
	}
	var paths []string
	for p := range bytes.SplitSeq(out, []byte{0}) {
		// A trailing slash is a repository inside the tree.
		if s := string(p); s != "" && !strings.HasSuffix(s, "/") {
			paths = append(paths, s)
		}
	}
	return paths, nil
}

// emptyRepository is what git needs to be told it works in, see
// gitrepository-layout(5). Written by hand, several builders may do so at once.
func emptyRepository(c *cache.Cache) (string, error) {
	dir := c.Path("kernels", "empty.git")
	for _, sub := range []string{"objects", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return "", err
		}
	}
	return dir, renameio.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o644)
}

func examine(path string, known entry) (entry, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return entry{}, err
	}
	e := entry{Mode: st.Mode() & (fs.ModeType | fs.ModePerm), Size: st.Size(), Time: st.ModTime().UnixNano()}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		e.Change = sys.Ctim.Nano()
	}
	switch {
	case e.Mode.Type() == fs.ModeSymlink:
		e.Link, err = os.Readlink(path)
		return e, err
	case !e.Mode.IsRegular():
		return e, errs.Usagef("kernel source: %s is neither a file nor a link", path)
	case known.Size == e.Size && known.Time == e.Time && known.Change == e.Change && known.Change != 0 && known.Mode == e.Mode:
		return known, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return e, errs.Usagef("cannot read kernel source: %w", err)
	}
	e.Sum = sha256.Sum256(data)
	return e, nil
}

// loadListing returns an empty listing for a file that is missing or damaged:
// everything is then read again.
func loadListing(path string) listing {
	l := listing{}
	if data, err := os.ReadFile(path); err == nil {
		if gob.NewDecoder(bytes.NewReader(data)).Decode(&l) != nil {
			return listing{}
		}
	}
	return l
}

func (l listing) save(path string) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(l); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(path, b.Bytes(), 0o644)
}
