package collect

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/evidence"
)

// What is taken of the machine that runs this test: some tasks at least are there to see.
func TestTakeAndWrite(t *testing.T) {
	busy := exec.Command("dd", "if=/dev/zero", "of=/dev/null", "bs=64M")
	require.NoError(t, busy.Start())
	t.Cleanup(func() { _ = busy.Process.Kill(); _ = busy.Wait() })
	var told []string
	taken, err := Take(t.Context(), Options{Apart: 100 * time.Millisecond, Each: 3 * time.Second, For: time.Minute, Version: "v1",
		Tell: func(text evidence.Text, _ int) { told = append(told, text.Name) }})
	require.NoError(t, err)
	about := taken.About
	assert.Equal(t, evidence.CollectionFormat, about.Format)
	assert.NotEmpty(t, about.Kernel)
	assert.Positive(t, about.Uptime)
	assert.GreaterOrEqual(t, about.Apart, 0.09)
	assert.Empty(t, about.Left)
	assert.NotNil(t, about.Problems)

	var out bytes.Buffer
	require.NoError(t, taken.Write(&out))
	files := unpack(t, &out)
	assert.Contains(t, string(files["loopfault-collect/collect.json"]), `"version": "v1"`)
	assert.Contains(t, string(files["loopfault-collect/evidence/tasks.txt"]), "(collect.test)")
	assert.Contains(t, string(files["loopfault-collect/evidence/tasks.txt"]), "voluntary_ctxt_switches")
	assert.Regexp(t, `(?m)^== \d+ \(dd\) R (.*\n){2,5}loopfault: in the kernel for \d`, string(files["loopfault-collect/evidence/tasks.txt"]), "a task that runs")
	assert.Contains(t, string(files["loopfault-collect/evidence/ps.txt"]), "collect.test")
	assert.Contains(t, files, "loopfault-collect/kernel.log")
	assert.Len(t, files, len(told)+1)
	assert.Equal(t, []string{"stacks.txt", "rpc-tasks.txt"}, told[:2], "tasks first")
	assert.Equal(t, "rpc-tasks-later.txt", told[len(told)-1])
}

func unpack(t *testing.T, in io.Reader) map[string][]byte {
	t.Helper()
	z, err := zstd.NewReader(in)
	require.NoError(t, err)
	defer z.Close()
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		assert.Equal(t, int64(0o600), h.Mode)
		files[h.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
}

func TestInterrupted(t *testing.T) {
	why := errors.New("Ctrl-C")
	ctx, stop := context.WithCancelCause(t.Context())
	began := time.Now()
	time.AfterFunc(200*time.Millisecond, func() { stop(why) })
	_, err := Take(ctx, Options{Apart: time.Minute, Each: time.Second, For: 2 * time.Minute})
	require.ErrorIs(t, err, why)
	assert.Less(t, time.Since(began), 10*time.Second)
}

func TestNamesOfFilesAreLeftOut(t *testing.T) {
	r := newRedactor()
	// One after the other: which number a name gets depends on what came before.
	for _, c := range [][2]string{
		{"device srv:/export/home mounted on /mnt/a\\040b with fstype nfs4\n", "device srv:/left-out-1 mounted on /left-out-2 with fstype nfs4\n"},
		{"device /dev/vda1 mounted on / with fstype ext4\n", ""},
		{"device proc mounted on /proc with fstype proc\n", ""},
		{"==> /proc/fs/nfsd/clients/3/states <==\n", ""},
		{"- 0x1: { type: open, superblock: \"fc:10:12\", filename: \"home/my \\\"x\" }\n", "- 0x1: { type: open, superblock: \"fc:10:12\", filename: \"/left-out-3\" }\n"},
		{"[<0>] rpc_wait_bit_killable+0xd/0x60 [sunrpc]\n", ""},
		{"CPU: 1 PID: 2 Comm: kworker/1:0H Not tainted 6.12.0-1/2 #1 11/29/2026\n", ""},
		{"WARNING: fs/nfs/inode.c:12 at nfs_x\n", ""},
		{"NFS: path=/mnt/a\\040b,(/export/home)\n", "NFS: path=/left-out-2,(/left-out-1)\n"},
		{"loopfault: /proc/1/stack: permission denied\n", ""},
	} {
		want := c[1]
		if want == "" {
			want = c[0]
		}
		assert.Equal(t, want, string(r.text([]byte(c[0]))))
	}
}

func TestOwnAddressesOfConnections(t *testing.T) {
	text := []byte("netid: tcp\naddr:  10.0.0.5\nport:  2049\naddr:  10.0.0.9\naddr:  10.0.0.5\naddr:  fe80::1\n")
	assert.Equal(t, []string{"10.0.0.5", "fe80::1"}, ownIn(text, []string{"127.0.0.1", "10.0.0.5", "fe80::1"}))
	assert.Empty(t, ownIn(text, nil))
	all, err := ownAddresses()
	require.NoError(t, err)
	assert.Contains(t, all, "127.0.0.1")
}

func TestOnlyTheKernelsOwnLines(t *testing.T) {
	log := "<6>[    1.0] kernel\n<30>[    2.0] systemd[1]: /home/me\n and its second line\n<4>[    3.0] INFO: task\nwrapped\n<x>[ 4.0] odd\n"
	assert.Equal(t, "[    1.0] kernel\n[    3.0] INFO: task\nwrapped\n<x>[ 4.0] odd\n", string(fromKernel([]byte(log))))
}

func TestConfigIsCutDownToWhatIsAsked(t *testing.T) {
	got := string(asked([]byte("# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_FOO=y\nCONFIG_NFS_V4=m\n")))
	assert.Equal(t, "# Linux/x86 6.12.1 Kernel Configuration\nCONFIG_HZ=250\nCONFIG_NFS_V4=m\n", got)
}

func TestFilesOnNetworkFileSystemsAreTold(t *testing.T) {
	table := []byte("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:40 / /home rw shared:1 - nfs4 srv:/home rw\n31 30 0:41 / /home/me/tmp rw - tmpfs tmpfs rw\n" +
		"32 22 0:42 / /a\\040b rw - cifs //srv/x rw\nnonsense\n33 22 0:43 / /over rw - nfs srv:/x rw\n34 33 0:44 / /over rw - ext4 /dev/sdb rw\n")
	for path, want := range map[string]string{
		"/root/x": "", "/home/me/x": "nfs4", "/home": "nfs4", "/homes/x": "", "/home/me/tmp/x": "", "/a b/x": "cifs", "/over/x": "",
	} {
		assert.Equal(t, want, onNetwork(table, path), path)
	}
}
