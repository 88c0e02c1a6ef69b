package image

import (
	"archive/tar"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/packages/packagestest"
	"loopfault/vmimages/progress"
)

func openCache(t *testing.T) *cache.Cache {
	t.Helper()
	c, err := cache.Open(filepath.Join(t.TempDir(), "a cache"))
	require.NoError(t, err)
	return c
}

// tinyBase puts a userland of a few directories where Ensure looks for the one of
// a spec, made by the same tools and in the same way as the real one.
func tinyBase(t *testing.T, c *cache.Cache, s Spec, dirs ...string) {
	t.Helper()
	key, err := s.key()
	require.NoError(t, err)
	dir := c.Path(roomBases, key)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, d := range dirs {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "./" + d + "/", Mode: 0o755, ModTime: time.Unix(epoch, 0)}))
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "./sbin", Linkname: "usr/sbin", ModTime: time.Unix(epoch, 0)}))
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, baseTar), b.Bytes(), 0o644))
	lock, err := c.Lock(t.Context(), lockPlace, "test", nil)
	require.NoError(t, err)
	defer lock.Unlock()
	packagestest.Need(t, "genext2fs", "debugfs")
	require.NoError(t, makeFS(t.Context(), lock, dir, 8000, 200))
	require.NoError(t, os.WriteFile(filepath.Join(dir, basePackages), []byte(`[{"name":"dash","version":"1","arch":"amd64"}]`), 0o644))
}

var tinyDirs = []string{"usr", "usr/sbin", "etc", "etc/ssh", "root", "root/.ssh"}

func debugfs(t *testing.T, image, request string) string {
	t.Helper()
	tool, err := packages.Find("debugfs")
	require.NoError(t, err)
	out, err := exec.Command(tool, "-R", request, image).Output()
	require.NoError(t, err)
	return string(out)
}

func TestLayer(t *testing.T) {
	c := openCache(t)
	spec := Spec{Release: "bookworm", Packages: []string{"dash"}}
	tinyBase(t, c, spec, tinyDirs...)
	agent := filepath.Join(t.TempDir(), "an agent")
	text := bytes.Repeat([]byte("agent"), 1<<20)
	require.NoError(t, os.WriteFile(agent, text, 0o600))
	b := &Builder{Cache: c}
	img, err := b.Ensure(context.Background(), spec, agent)
	require.NoError(t, err)

	assert.Equal(t, string(text), debugfs(t, img.Path, "cat /usr/sbin/loopfault-agent"))
	stat := debugfs(t, img.Path, "stat /usr/sbin/loopfault-agent")
	assert.Regexp(t, `Type: regular\s+Mode:\s+0755`, stat)
	assert.Regexp(t, `User:\s+0\s+Group:\s+0`, stat)
	assert.Regexp(t, `mtime: 0x[0-9a-f]+ -- Sat Jun 10`, stat)
	assert.Regexp(t, `Mode:\s+0600`, debugfs(t, img.Path, "stat /etc/ssh/ssh_host_ed25519_key"))
	assert.Contains(t, debugfs(t, img.Path, "cat /etc/ssh/sshd_config"), "HostKey /etc/ssh/ssh_host_ed25519_key")

	// The pinned key is the one in the image, and the client's opens root's door.
	baked, err := ssh.ParsePrivateKey([]byte(debugfs(t, img.Path, "cat /etc/ssh/ssh_host_ed25519_key")))
	require.NoError(t, err)
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(img.HostKey))
	require.NoError(t, err)
	assert.Equal(t, pinned.Marshal(), baked.PublicKey().Marshal())
	private, err := os.ReadFile(img.ClientKey)
	require.NoError(t, err)
	client, err := ssh.ParsePrivateKey(private)
	require.NoError(t, err)
	allowed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(debugfs(t, img.Path, "cat /root/.ssh/authorized_keys")))
	require.NoError(t, err)
	assert.Equal(t, allowed.Marshal(), client.PublicKey().Marshal())
	st, err := os.Stat(img.ClientKey)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), st.Mode().Perm())

	st, err = os.Stat(img.Path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o444), st.Mode().Perm())
	assert.Equal(t, []Package{{"dash", "1", "amd64"}}, img.Packages)
}

func TestEqualInputsGiveEqualImages(t *testing.T) {
	c := openCache(t)
	spec := Spec{Release: "bookworm", Packages: []string{"dash"}}
	tinyBase(t, c, spec, tinyDirs...)
	agent := filepath.Join(t.TempDir(), "agent")
	require.NoError(t, os.WriteFile(agent, []byte("one"), 0o755))
	var begun []string
	b := &Builder{Cache: c, Report: func(e progress.Event) { begun = append(begun, e.Step) }}
	first, err := b.Ensure(context.Background(), spec, agent)
	require.NoError(t, err)
	again, err := b.Ensure(context.Background(), spec, agent)
	require.NoError(t, err)
	assert.Equal(t, first, again)

	require.NoError(t, os.RemoveAll(c.Path("images")))
	time.Sleep(1100 * time.Millisecond) // file systems keep times in seconds
	tinyBase(t, c, spec, tinyDirs...)
	rebuilt, err := b.Ensure(context.Background(), spec, agent)
	require.NoError(t, err)
	assert.Equal(t, first.Key, rebuilt.Key)
	assert.Equal(t, first.SHA256, rebuilt.SHA256)

	require.NoError(t, os.WriteFile(agent, []byte("two"), 0o755))
	other, err := b.Ensure(context.Background(), spec, agent)
	require.NoError(t, err)
	assert.NotEqual(t, first.Key, other.Key)
	assert.Equal(t, first.BaseKey, other.BaseKey)
	assert.Equal(t, first.HostKey, other.HostKey, "keys are made once for a cache")
	assert.Empty(t, begun, "no userland was built")

	list, err := List(c)
	require.NoError(t, err)
	assert.Len(t, list, 2)
}

// debugfs says "done" whatever happened; a base without the directories that the
// layer needs must not become an image.
func TestLayerThatDoesNotFit(t *testing.T) {
	c := openCache(t)
	spec := Spec{Release: "bookworm", Packages: []string{"dash"}}
	tinyBase(t, c, spec, "usr", "etc")
	_, err := (&Builder{Cache: c}).Ensure(context.Background(), spec, os.Args[0])
	require.ErrorContains(t, err, "writing the agent into the root image: ")
	list, err := List(c)
	require.NoError(t, err)
	assert.Empty(t, list)
}

func TestBadSpecs(t *testing.T) {
	b := &Builder{Cache: openCache(t)}
	for want, s := range map[string]Spec{
		`image release "woody": expected one of bookworm, trixie, sid`: {Release: "woody"},
		`image package "--evil" is no`:                                 {Release: "bookworm", Packages: []string{"--evil"}},
		`image package "a b" is no`:                                    {Release: "bookworm", Packages: []string{"a b"}},
	} {
		_, err := b.Ensure(context.Background(), s, os.Args[0])
		require.ErrorContains(t, err, want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
	_, err := b.Ensure(context.Background(), DefaultSpec(), filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "cannot read the agent")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
}

func TestDamagedKeyIsNotReplacedSilently(t *testing.T) {
	c := openCache(t)
	k, err := loadKey(c, "host")
	require.NoError(t, err)
	again, err := loadKey(c, "host")
	require.NoError(t, err)
	assert.Equal(t, k, again)
	require.NoError(t, os.WriteFile(k.path, []byte("junk"), 0o600))
	_, err = loadKey(c, "host")
	require.ErrorContains(t, err, "is damaged (remove it to have a new one made)")
}

func TestDebLines(t *testing.T) {
	rows := []string{
		"deb|https://mirror.example/debian/|bookworm|main|Debian",
		"deb|https://mirror.example/debian/|bookworm|main|Debian", // listed twice
		"deb|https://mirror.example/debian/|bookworm|contrib|Debian",
		"deb|https://mirror.example/sec/|bookworm-security|main|", // before the first update
		"deb-src|https://mirror.example/debian/|bookworm|main|Debian",
		"deb|https://tools.example/apt/|bookworm|main|Somebody",
		"deb|https://mirror.example/debian/|trixie|main|Debian",
		"garbage",
	}
	lines := strings.Split(strings.TrimSpace(debLines([]byte(strings.Join(rows, "\n")), "bookworm")), "\n")
	require.Len(t, lines, 2)
	assert.Regexp(t, `^deb (\[signed-by=\S+\] )?https://mirror.example/debian/ bookworm main$`, lines[0])
	assert.Regexp(t, `^deb (\[signed-by=\S+\] )?https://mirror.example/sec/ bookworm-security main$`, lines[1])

	rows = append(rows[:6], rows[7:]...)
	rows = append(rows, "deb|https://mirror.example/debian/|bookworm-backports|main|Debian", "deb|https://mirror.example/sec/|bookworm-security|main|Debian")
	text := []byte(strings.Join(rows, "\n"))
	assert.Regexp(t, `^deb (\[signed-by=\S+\] )?https://mirror.example/debian/ sid main\n$`, debLines(text, "sid"), "sid has no security archive")
	lines = strings.Split(strings.TrimSpace(debLines(text, "trixie")), "\n")
	require.Len(t, lines, 2, "from where the host has its own release")
	assert.Contains(t, lines[0], "https://mirror.example/debian/ trixie main")
	assert.Contains(t, lines[1], "https://mirror.example/sec/ trixie-security main")
	assert.Empty(t, debLines([]byte("deb|https://mirror.example/ubuntu/|noble|main|Ubuntu\n"), "sid"))
}

func TestKeepReachability(t *testing.T) {
	dump := "APT \"\";\nAcquire::http::Proxy \"http://proxy.example:3128\";\nacquire::https::Timeout \"5\";\nAcquire::IndexTargets::x \"y\";\nDPkg::Post-Invoke \"rm\";\n"
	assert.Equal(t, "Acquire::http::Proxy \"http://proxy.example:3128\";\nacquire::https::Timeout \"5\";\n", keepReachability(dump))
}

func TestParseStatus(t *testing.T) {
	list, err := parseStatus(strings.NewReader("Package: zsh\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.9-4\nDescription: shell\n Version: not this one\n\n" +
		"Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\nPackage: apt\nStatus: install ok installed\nArchitecture: all\nVersion: 2:1\n"))
	require.NoError(t, err)
	assert.Equal(t, []Package{{"apt", "2:1", "all"}, {"zsh", "5.9-4", "amd64"}}, list)
}

func TestCopySparse(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	f, err := os.Create(from)
	require.NoError(t, err)
	for _, at := range []int64{0, 5 << 20, 20<<20 - 7} {
		_, err = f.WriteAt([]byte("content"), at)
		require.NoError(t, err)
	}
	require.NoError(t, f.Truncate(64<<20))
	require.NoError(t, f.Close())
	require.NoError(t, copySparse(from, to))
	want, err := hashFile(from)
	require.NoError(t, err)
	got, err := hashFile(to)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	out, err := exec.Command("du", "--block-size=1", to).Output()
	require.NoError(t, err)
	assert.Less(t, len(strings.Fields(string(out))[0]), 8, "holes are kept: %s", out)
}

// The hook is run on a directory that is like Debian 13's: it has root's .ssh already.
func TestMountPointsAreMadeBeforeTheFileSystem(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "root/.ssh"), 0o755))
	for range 2 {
		out, err := exec.Command("sh", "-c", makeMountPoints(), "sh", root).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	for _, dir := range mountPoints {
		st, err := os.Stat(filepath.Join(root, dir))
		require.NoError(t, err)
		want := os.FileMode(0o755)
		if dir == "/root/.ssh" {
			want = 0o700
		}
		assert.Equal(t, want, st.Mode().Perm(), dir)
	}
}

// Without ids of their own users fail in mmdebstrap's last resort, with a wall of text.
func TestUsersWithoutIDs(t *testing.T) {
	const subuid = "root:100000:65536\nfew:165536:1000\nann:165536:65536\n1007:231072:65536\nbroken\n"
	for user, want := range map[[2]string]bool{
		{"ann", "1001"}: true, {"by-number", "1007"}: true, {"few", "1002"}: false, {"bob", "1003"}: false, {"broken", "1004"}: false,
	} {
		assert.Equal(t, want, givesIDs(subuid, user[0], user[1]), user[0])
	}
	failed := errs.Infraf("mmdebstrap: exit status 1")
	failed.Evidence = "a wall"
	err := notMade(failed, "run_chroot failed: "+strings.Repeat("a-package ", 1000), "install uidmap")
	assert.ErrorContains(t, err, "for this user: install uidmap (it said: run_chroot failed: a-package")
	assert.Less(t, len(err.Error()), 300, "one line that can be read")
	assert.Equal(t, "a wall", errs.EvidenceOf(err))
	assert.ErrorContains(t, notMade(failed, "no network", ""), "mmdebstrap failed: no network")
}

// Guests of scenarios that have nothing to do with Ceph keep the userland that they had: its
// key is the one under which it is in everybody's cache.
func TestTheCephUserlandIsApart(t *testing.T) {
	usual, err := DefaultSpec().key()
	require.NoError(t, err)
	assert.Empty(t, DefaultSpec().hooks())
	ceph := CephSpec()
	other, err := ceph.key()
	require.NoError(t, err)
	assert.NotEqual(t, usual, other)
	ceph.Cluster = false
	without, err := ceph.key()
	require.NoError(t, err)
	assert.NotEqual(t, other, without, "the cluster is a part of it")
	for _, name := range DefaultSpec().Packages {
		assert.Contains(t, ceph.Packages, name)
	}
	ceph = CephSpec()
	ceph.Release = "trixie"
	_, err = ceph.key()
	assert.ErrorContains(t, err, `image release "trixie": a root image with a Ceph cluster is made of Debian bookworm alone`)
	for _, hook := range CephSpec().hooks() {
		out, err := exec.Command("sh", "-n", "-c", hook).CombinedOutput()
		assert.NoError(t, err, string(out))
	}
}
