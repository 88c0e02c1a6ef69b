// Package gittree reads the user's git repository of a kernel: what its names
// mean, what lies between two commits, and the files of a commit, in a clone of
// our own that borrows the user's objects. It changes nothing in the user's
// repository, neither branches nor index nor work tree, and builds nothing.
package gittree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
)

// Repo is a git repository.
type Repo struct {
	Dir string // absolute
	git string
}

// Open finds the repository that dir is in the top directory of. Errors are Usage
// errors, or say that there is no git.
func Open(ctx context.Context, dir string) (*Repo, error) {
	git, err := packages.Find("git")
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, errs.Usagef("kernel source %s: %w", dir, err)
	}
	r := &Repo{Dir: abs, git: git}
	if _, err := r.run(ctx, abs, "rev-parse", "--git-dir"); err != nil {
		return nil, errs.Usagef("kernel source %s: expected a git repository: %w", dir, err)
	}
	return r, nil
}

// Commit is the full name of the commit that a revision stands for.
func (r *Repo) Commit(ctx context.Context, rev string) (string, error) {
	out, err := r.run(ctx, r.Dir, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil && ctx.Err() == nil {
		return "", errs.Usagef("%q names no commit in %s", rev, r.Dir)
	}
	return strings.TrimSpace(out), err
}

// Title is the first line of a commit's message.
func (r *Repo) Title(ctx context.Context, commit string) (string, error) {
	out, err := r.run(ctx, r.Dir, "show", "--no-patch", "--format=%s", commit)
	return strings.TrimSpace(out), err
}

// Contains says whether ancestor is commit or lies before it.
func (r *Repo) Contains(ctx context.Context, commit, ancestor string) (bool, error) {
	_, err := r.run(ctx, r.Dir, "merge-base", "--is-ancestor", ancestor, commit)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// Suspects lists the commits reachable from bad and from none of the good ones,
// the most even splits first; bad itself is the last. With paths, only commits
// that touch them, and bad.
func (r *Repo) Suspects(ctx context.Context, bad string, good, paths []string) ([]string, error) {
	args := []string{"rev-list", "--bisect-all", bad}
	for _, g := range good {
		args = append(args, "^"+g)
	}
	out, err := r.run(ctx, r.Dir, append(append(args, "--"), paths...)...)
	if err != nil {
		return nil, err
	}
	var list []string
	for line := range strings.Lines(out) {
		commit, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if commit != bad {
			list = append(list, commit)
		}
	}
	return append(list, bad), nil
}

// Tree is a checkout of ours, locked until it is closed.
type Tree struct {
	Dir  string
	lock *cache.Lock
}

// Close unlocks the checkout.
func (t *Tree) Close() { t.lock.Unlock() }

// Checkout puts the files of a commit into our clone of the repository. Each
// repository has one, so that successive builds are incremental. The clone is
// shallow: it holds the files of one commit only.
func (r *Repo) Checkout(ctx context.Context, c *cache.Cache, commit string, waiting func(holder string)) (*Tree, error) {
	sum := sha256.Sum256([]byte(r.Dir))
	room := filepath.Join("kernels", "checkouts", hex.EncodeToString(sum[:6]))
	lock, err := c.Lock(ctx, filepath.Join(room, "lock"), "checking out "+commit, waiting)
	if err != nil {
		return nil, err
	}
	t := &Tree{Dir: c.Path(room, "src"), lock: lock}
	if err := r.put(ctx, c, t, commit); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// spaceTree is what the files of a kernel take, with room to spare.
const spaceTree = 2_300_000_000

func (r *Repo) put(ctx context.Context, c *cache.Cache, t *Tree, commit string) error {
	// An incomplete clone, or one whose lender moved, is made again.
	if _, err := r.run(ctx, t.Dir, "cat-file", "-e", commit+"^{commit}"); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.Need(spaceTree, "check out "+r.Dir); err != nil {
			return err
		}
		if err := os.RemoveAll(t.Dir); err != nil {
			return err
		}
		if _, err := r.write(ctx, t.lock, r.Dir, "clone", "--quiet", "--shared", "--no-checkout", r.Dir, t.Dir); err != nil {
			return err
		}
	}
	index := filepath.Join(t.Dir, ".git", "index")
	checkout := func() error {
		// A git that is killed during a checkout leaves its lock behind; ours proves
		// that no git is running.
		if err := os.Remove(index + ".lock"); err != nil && !os.IsNotExist(err) {
			return err
		}
		_, err := r.write(ctx, t.lock, t.Dir, "checkout", "--quiet", "--force", "--detach", commit)
		return err
	}
	if err := checkout(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A power failure or a full disk may have left half an index, which git refuses for ever.
		if err := os.RemoveAll(index); err != nil {
			return err
		}
		if err := checkout(); err != nil {
			return err
		}
	}
	_, err := r.write(ctx, t.lock, t.Dir, "clean", "--quiet", "-ffdx")
	return err
}

// run runs a git that only reads, in dir.
func (r *Repo) run(ctx context.Context, dir string, args ...string) (string, error) {
	return r.write(ctx, nil, dir, args...)
}

// write runs a git that may write, in dir. It keeps the lock for as long as it lives: it
// does not end when this process is killed, and the next one has to wait for it. The
// user's settings are ignored, except for safe.directory.
func (r *Repo) write(ctx context.Context, lock *cache.Lock, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, r.git, append([]string{"-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", "-C", dir}, args...)...)
	cmd.Env = append(command.Environment(), "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0")
	if lock != nil {
		cmd.ExtraFiles = []*os.File{lock.File()}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		e := errs.Infraf("git %s: %w%s", args[0], err, firstLine(stderr.String()))
		e.Evidence = stderr.String()
		return "", e
	}
	return stdout.String(), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}
