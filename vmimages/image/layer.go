package image

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
)

//go:embed all:rootfs
var rootfs embed.FS

// file is something laid on top of the base. Either text or from is set.
type file struct {
	path string
	mode uint32
	text []byte
	from string // host path to read instead
}

// layer returns what goes on top of the base, sorted by path.
func layer(agent string, host, client keyPair) ([]file, error) {
	files := []file{
		{path: AgentPath, mode: 0o755, from: agent},
		{path: "/etc/ssh/ssh_host_ed25519_key", mode: 0o600, text: host.private},
		{path: "/etc/ssh/ssh_host_ed25519_key.pub", mode: 0o644, text: []byte(host.public + "\n")},
		{path: "/root/.ssh/authorized_keys", mode: 0o600, text: []byte(client.public + "\n")},
	}
	err := fs.WalkDir(rootfs, "rootfs", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := rootfs.ReadFile(p)
		files = append(files, file{path: strings.TrimPrefix(p, "rootfs"), mode: 0o644, text: text})
		return err
	})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, err
}

// realDir follows the links that Debian 12 has in its root directory; debugfs
// creates files in directories only.
func realDir(p string) string {
	for _, top := range []string{"/sbin/", "/bin/", "/lib/"} {
		if strings.HasPrefix(p, top) {
			return "/usr" + p
		}
	}
	return p
}

// lay writes files into the ext2 image at dir/name, with debugfs: no root, no
// mount.
func lay(ctx context.Context, lock *cache.Lock, dir, name string, files []file) error {
	debugfs, err := packages.Find("debugfs")
	if err != nil {
		return err
	}
	stage, err := os.MkdirTemp(dir, "layer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	script, err := debugfsScript(stage, files)
	if err != nil {
		return err
	}
	commands := filepath.Join(stage, "commands")
	if err := os.WriteFile(commands, script, 0o644); err != nil {
		return err
	}
	var complaints []string
	err = command.Command{
		Argv: []string{debugfs, "-w", "-f", "commands", filepath.Join(dir, name)},
		Dir:  stage, Lock: lock.File(), Env: append(command.Environment(), fmt.Sprintf("E2FSPROGS_FAKE_TIME=%d", epoch)),
		Line: func(line string) {
			if complaint(line) {
				complaints = append(complaints, line)
			}
		},
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("writing the agent into the root image: %w", err)
	}
	if len(complaints) > 0 {
		e := errs.Infraf("writing the agent into the root image: %s", complaints[0])
		e.Evidence = strings.Join(complaints, "\n")
		return e
	}
	return verify(ctx, lock, dir, name)
}

// complaint separates debugfs's errors from its echo, since its exit status is
// always 0. Removing a missing file is no error.
func complaint(line string) bool {
	switch {
	case line == "", strings.HasPrefix(line, "debugfs"), strings.HasPrefix(line, "Allocated inode:"):
		return false
	case strings.HasPrefix(line, "rm: File not found"):
		return false
	}
	return true
}

func debugfsScript(stage string, files []file) ([]byte, error) {
	var s bytes.Buffer
	own := func(p, mode string) {
		fmt.Fprintf(&s, "set_inode_field %s mode %s\n", p, mode)
		for _, field := range []string{"uid", "gid"} {
			fmt.Fprintf(&s, "set_inode_field %s %s 0\n", p, field)
		}
		for _, field := range []string{"atime", "mtime", "ctime"} {
			fmt.Fprintf(&s, "set_inode_field %s %s @%d\n", p, field, epoch)
		}
	}
	// The root directory and the superblock carry the time at which genext2fs ran.
	own("/", "040755")
	fmt.Fprintf(&s, "set_super_value lastcheck @%d\n", epoch)
	for i, f := range files {
		source := fmt.Sprintf("file-%d", i)
		if f.from != "" {
			abs, err := filepath.Abs(f.from)
			if err != nil {
				return nil, err
			}
			if err := os.Symlink(abs, filepath.Join(stage, source)); err != nil {
				return nil, err
			}
		} else if err := os.WriteFile(filepath.Join(stage, source), f.text, 0o600); err != nil {
			return nil, err
		}
		to := realDir(f.path)
		dir, base := path.Split(to)
		// debugfs's write takes no paths: it creates in the current directory.
		fmt.Fprintf(&s, "cd %s\nrm %s\nwrite %s %s\ncd /\n", dir, base, source, base)
		own(to, fmt.Sprintf("0%o", 0o100000|f.mode))
	}
	return s.Bytes(), nil
}

// verify checks the finished file system: a guest mounts it without a check.
func verify(ctx context.Context, lock *cache.Lock, dir, name string) error {
	fsck, err := packages.Find("e2fsck")
	if err != nil {
		return err
	}
	err = command.Command{Argv: []string{fsck, "-fn", filepath.Join(dir, name)}, Dir: dir, Lock: lock.File()}.Run(ctx)
	if err != nil {
		return fmt.Errorf("the root image is damaged: %w", err)
	}
	return nil
}
