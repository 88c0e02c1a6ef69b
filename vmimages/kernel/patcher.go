package kernel

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"loopfault/errs"
	"loopfault/vmimages/packages"
)

// content is one file of a source tree.
type content struct {
	data   []byte
	mode   fs.FileMode // permission bits
	absent bool
}

func (c content) equal(d content) bool {
	if c.absent || d.absent {
		return c.absent == d.absent
	}
	return c.mode == d.mode && bytes.Equal(c.data, d.data)
}

// patcher applies patches to copies of the files they touch, in a scratch
// directory: the tree itself changes only after all of them fit.
type patcher struct {
	root    string // source tree, only asked which top-level names exist
	scratch string
	read    func(path string) (content, error)
	touched map[string]bool
}

// applyAll applies patches, all of which have to fit.
func (p *patcher) applyAll(ctx context.Context, patches []Patch) error {
	for _, patch := range patches {
		if err := p.applyPatch(ctx, patch); err != nil {
			return err
		}
	}
	return nil
}

func (p *patcher) applyPatch(ctx context.Context, patch Patch) error {
	changes, _, err := patch.parse()
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := p.apply(ctx, c.patch, c.File); err != nil {
			return err
		}
	}
	return nil
}

// result is what the touched files have to look like, by path relative to the root
// of the tree.
func (p *patcher) result() (map[string]content, error) {
	out := map[string]content{}
	for path := range p.touched {
		c, err := readContent(filepath.Join(p.scratch, path))
		if err != nil {
			return nil, err
		}
		out[path] = c
	}
	return out, nil
}

// locate finds the files of a change in the tree, and fetches them.
func (p *patcher) locate(patch Patch, f *gitdiff.File) error {
	for _, n := range []*string{&f.OldName, &f.NewName} {
		if *n == "" {
			continue
		}
		*n = p.strip(*n)
		if !filepath.IsLocal(*n) {
			return errs.Usagef("patch %s reaches outside the source tree: %s", patch.Name, *n)
		}
		if err := p.fetch(*n); err != nil {
			return err
		}
	}
	needs := f.OldName
	if patch.Reverse {
		needs = f.NewName
	}
	if needs != "" {
		if _, err := os.Lstat(filepath.Join(p.scratch, needs)); err != nil {
			return errs.Usagef("patch %s%s does not apply: there is no file %s in the source", patch.Name, reversed(patch.Reverse), needs)
		}
	}
	return nil
}

func (p *patcher) apply(ctx context.Context, patch Patch, f *gitdiff.File) error {
	if err := p.locate(patch, f); err != nil {
		return err
	}
	out, err := p.run(ctx, f, patch.Reverse, false)
	if err == nil || ctx.Err() != nil || errs.ClassOf(err) == errs.Infrastructure {
		return err
	}
	if _, back := p.run(ctx, f, !patch.Reverse, true); back == nil {
		state := "already in"
		if patch.Reverse {
			state = "not in, so it cannot be taken out"
		}
		return errs.Usagef("patch %s is %s: see %s in the source", patch.Name, state, name(f))
	}
	e := errs.Usagef("patch %s%s does not apply: %s", patch.Name, reversed(patch.Reverse), whichHunk(out, name(f)))
	e.Evidence = out
	return e
}

func reversed(r bool) string {
	if r {
		return " (reversed)"
	}
	return ""
}

// strip removes the a/ or b/ that diffs put before names, if it is there.
func (p *patcher) strip(path string) string {
	first, rest, ok := strings.Cut(path, "/")
	if !ok {
		return path
	}
	if _, err := os.Lstat(filepath.Join(p.root, first)); err == nil {
		return path
	}
	return rest
}

func (p *patcher) fetch(path string) error {
	if p.touched[path] {
		return nil
	}
	if p.touched == nil {
		p.touched = map[string]bool{}
	}
	c, err := p.read(path)
	if err != nil {
		return err
	}
	p.touched[path] = true
	if c.absent {
		return nil
	}
	to := filepath.Join(p.scratch, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to, c.data, 0o644); err != nil {
		return err
	}
	return os.Chmod(to, c.mode)
}

// run calls the patch program on one file's changes. Hunks may have moved, but
// their context must match in full: a hunk that only nearly fits could land in
// the wrong function.
func (p *patcher) run(ctx context.Context, f *gitdiff.File, reverse, dry bool) (string, error) {
	tool, err := packages.Find("patch")
	if err != nil {
		return "", err
	}
	args := []string{"-p1", "--batch", "--forward", "--fuzz=0", "--no-backup-if-mismatch", "--reject-file=-", "-d", p.scratch}
	if reverse {
		args = append(args, "--reverse")
	}
	if dry {
		args = append(args, "--dry-run")
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(f.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return string(out), errs.Usagef("patch program: %w", err)
	}
	return string(out), nil
}

var failedHunk = regexp.MustCompile(`Hunk #(\d+) (?:FAILED|ignored) at (\d+)`)

func whichHunk(out, file string) string {
	if m := failedHunk.FindStringSubmatch(out); m != nil {
		return fmt.Sprintf("hunk %s of %s (line %s) does not match the source", m[1], file, m[2])
	}
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "checking file") {
			return file + ": " + line
		}
	}
	return file
}

func readContent(path string) (content, error) {
	st, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return content{absent: true}, nil
	}
	if err != nil {
		return content{}, err
	}
	if !st.Mode().IsRegular() {
		return content{}, errs.Usagef("%s is not a regular file and cannot be patched", path)
	}
	data, err := os.ReadFile(path)
	return content{data: data, mode: st.Mode().Perm()}, err
}
