package collect

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// remote are file systems whose server may be what hangs.
var remote = map[string]bool{"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "ceph": true, "9p": true, "afs": true, "fuse.sshfs": true, "glusterfs": true, "fuse.glusterfs": true, "lustre": true}

// networkOf says on which network file system a path lies, "" for none. It asks the table of mounts alone and does not touch
// the path, which might block.
func networkOf(path string) string {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return onNetwork(table, path)
}

// onNetwork finds the mount that a path lies on: the longest directory that leads to it, the last of those mounted there.
func onNetwork(table []byte, path string) string {
	best, kind := -1, ""
	for line := range bytes.Lines(table) {
		before, after, ok := strings.Cut(string(line), " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 1 {
			continue
		}
		dir := unescape(f[4])
		if (dir == "/" || path == dir || strings.HasPrefix(path, dir+"/")) && len(dir) >= best {
			best, kind = len(dir), g[0]
		}
	}
	if !remote[kind] {
		return ""
	}
	return kind
}

// unescape undoes what the table does to blanks.
func unescape(dir string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(dir)
}

// program is the path of the running program; "" if it is not known.
func program() string {
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return ""
	}
	return filepath.Clean(path)
}
