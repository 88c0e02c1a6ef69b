package bundle_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages/packagestest"
)

const version = "v1"

// spec is what a small campaign is packed from: a catalogue kernel with one of its patches, a kernel of the user's, and a
// root image with a hole.
func spec(t *testing.T) bundle.Spec {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		return path
	}
	random := make([]byte, 300<<10)
	rand.NewChaCha8([32]byte{}).Read(random)
	root := "root file system" + strings.Repeat("\x00", 1<<20) + string(random)
	s := bundle.Spec{
		Scenario: []byte("name: made-up\n"), Program: write("loopfault", "#!/bin/sh\necho ran with \"$@\"\n"),
		Image: image.Image{Key: "k", Path: write("root.ext2", root), SHA256: sum(root), ClientKey: "/home/user/.cache/ssh/client", HostKey: "ssh-ed25519 AAAA"},
	}
	s.Loopfault, s.Name, s.Variant, s.Terms = version, "made-up:quick", "quick", store.Terms{Trials: 40, Seed: 7}
	named, err := kernel.Named("control-lost-wakeup")
	require.NoError(t, err)
	patch := named.Patches[0]
	for _, name := range []string{"control-lost-wakeup", "mine"} {
		k := kernel.Build{Name: name, Version: "6.12.1-" + name, Dir: dir, BzImage: write("bzImage-"+name, "kernel "+name), Config: write("config-"+name, "CONFIG_X=y\n"), ImageHash: sum("kernel " + name), Source: "debian:6.12", SourceHash: "s"}
		k.Patches = []kernel.AppliedPatch{{Name: patch.Name, SHA256: sum(string(patch.Text))}}
		if name == "mine" {
			k.Patches = []kernel.AppliedPatch{{Name: "mine.patch", SHA256: sum("mine")}}
		}
		s.Add(bundle.Arm{Name: name, Kernel: name, Control: name != "mine"}, k)
	}
	s.Add(bundle.Arm{Name: "mine-again", Kernel: "mine"}, s.Kernels[1])
	return s
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// pack packs into a file, whose bytes come back, too.
func pack(t *testing.T, s bundle.Spec) (string, []byte) {
	t.Helper()
	var b bytes.Buffer
	_, err := bundle.Pack(t.Context(), &b, s, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "b.tar.zst")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path, b.Bytes()
}

func open(t *testing.T, path string) (*bundle.Bundle, error) {
	return bundle.Open(t.Context(), path, version, nil)
}

func TestBundleHoldsTheCampaign(t *testing.T) {
	t.Setenv("LOOPFAULT_CACHE", t.TempDir())
	s := spec(t)
	path, text := pack(t, s)
	_, again := pack(t, spec(t))
	assert.Equal(t, sum(string(text)), sum(string(again)), "same inputs, same bytes, wherever they lie")
	assert.Less(t, len(text), 400<<10)

	b, err := open(t, path)
	require.NoError(t, err)
	assert.Equal(t, s.Terms, b.Terms)
	assert.Equal(t, filepath.Join(b.Dir, "scenario.yaml:quick"), b.ScenarioRef())
	assert.Equal(t, []string{"kernels/1", "kernels/2", "kernels/2"}, []string{b.Arms[0].Dir, b.Arms[1].Dir, b.Arms[2].Dir}, "a kernel of two arms is there once")
	k, err := b.Kernel("control-lost-wakeup")
	require.NoError(t, err)
	assert.Equal(t, s.Kernels[0].ImageHash, k.ImageHash)
	assert.Equal(t, s.Kernels[0].Version, k.Version)
	assert.Equal(t, filepath.Join(b.Dir, "kernels/1/bzImage"), k.BzImage)
	assert.Equal(t, filepath.Join(b.Dir, "kernels/1/config"), k.Config)
	_, err = b.Kernel("other")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	assert.Equal(t, s.Image.SHA256, b.Image().SHA256)
	assert.Empty(t, b.Image().ClientKey, "no key that logs in anywhere")

	root, err := os.ReadFile(b.Image().Path)
	require.NoError(t, err)
	assert.Equal(t, s.Image.SHA256, sum(string(root)))
	var st unix.Stat_t
	require.NoError(t, unix.Stat(b.Image().Path, &st))
	assert.Less(t, st.Blocks*512, int64(600<<10), "holes stay holes")

	patches, err := os.ReadDir(filepath.Join(b.Dir, "kernels/1/patches"))
	require.NoError(t, err)
	assert.Len(t, patches, 1)
	source, err := os.ReadFile(filepath.Join(b.Dir, "kernels/2/SOURCE.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(source), "mine.patch, sha256 "+sum("mine")+", a file of whoever built it")
	assert.FileExists(t, filepath.Join(b.Dir, "LICENSES/GPL-2.0-only.txt"))
	note, err := os.ReadFile(filepath.Join(b.Dir, "README.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(note), "a campaign of scenario made-up:quick, 40 trials of each arm, seed 7")
	assert.Regexp(t, `image +1\.3 MiB`, string(note))

	second, err := open(t, path)
	require.NoError(t, err)
	assert.Equal(t, b.Dir, second.Dir, "unpacked once")
}

// Anybody can unpack, check and start it without this program.
func TestUnpackedBundleRunsItself(t *testing.T) {
	s := spec(t)
	s.Trial = &bundle.Trial{Name: "run/3", Verdict: verdict.Hang, Title: "INFO: task hung in f", Signature: "v3:f"}
	path, _ := pack(t, s)
	dir := t.TempDir()
	packagestest.Need(t, "zstd")
	out, err := exec.Command("tar", "-C", dir, "--zstd", "-xf", path).CombinedOutput()
	require.NoError(t, err, string(out))
	check := exec.Command("sha256sum", "--quiet", "-c", "SHA256SUMS")
	check.Dir = dir
	out, err = check.CombinedOutput()
	require.NoError(t, err, string(out))
	run := exec.Command(filepath.Join(dir, "reproduce"), "--trials", "20")
	run.Dir = t.TempDir()
	out, err = run.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "ran with run --bundle "+dir+" --trials 20\n", string(out))

	b, err := open(t, dir)
	require.NoError(t, err)
	assert.Equal(t, dir, b.Dir)
	require.NotNil(t, b.Trial)
	same := store.Trial{Verdict: verdict.Verdict{Kind: verdict.Hang, Signature: "v3:f"}}
	assert.True(t, b.Trial.Same(same))
	same.Signature, same.Resource = "v3:g", "NFS_LAYOUT_RETURN"
	assert.False(t, b.Trial.Same(same))
	b.Trial.Resource = same.Resource
	assert.True(t, b.Trial.Same(same), "another task was reported first")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernels/1/config"), []byte("CONFIG_X=n\n"), 0o644))
	refusedFor(t, dir, "kernels/1/config is damaged")
	require.NoError(t, os.Remove(filepath.Join(dir, "kernels/1/config")))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "kernels/1/config")))
	refusedFor(t, dir, "leads out of")
}

// What is laid out is opened where it lies: kernels and root image, and no campaign. It is whole or not there.
func TestLaidOutMachineIsOpenedInPlace(t *testing.T) {
	s := spec(t)
	dir := filepath.Join(t.TempDir(), "bundles", "1")
	require.NoError(t, bundle.Lay(t.Context(), dir, s, nil))
	b, err := open(t, dir)
	require.NoError(t, err)
	k, err := b.Kernel("mine")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "kernels/2/bzImage"), k.BzImage)
	assert.Equal(t, s.Kernels[1].ImageHash, k.ImageHash)
	assert.Equal(t, s.Image.SHA256, b.Image().SHA256)
	assert.NoFileExists(t, filepath.Join(dir, "scenario.yaml"))
	var st unix.Stat_t
	require.NoError(t, unix.Stat(b.Image().Path, &st))
	assert.Less(t, st.Blocks*512, int64(600<<10), "holes stay holes")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernels/1/bzImage"), []byte("another"), 0o644))
	refusedFor(t, dir, "kernels/1/bzImage is damaged")

	half := filepath.Join(t.TempDir(), "half")
	s.Kernels[0].BzImage += ".gone"
	require.Error(t, bundle.Lay(t.Context(), half, s, nil))
	assert.NoFileExists(t, filepath.Join(half, "bundle.json"))
}

func refusedFor(t *testing.T, path, says string) {
	t.Helper()
	_, err := open(t, path)
	require.ErrorContains(t, err, says)
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	assert.NotContains(t, err.Error(), "\n")
}

// change packs again what a bundle has, with every entry changed as wanted.
func change(t *testing.T, packed []byte, how func(h *tar.Header, text []byte) []byte) string {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	defer z.Close()
	var b bytes.Buffer
	out, err := zstd.NewWriter(&b)
	require.NoError(t, err)
	w := tar.NewWriter(out)
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		if text = how(h, text); text == nil {
			continue
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
		}
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err = w.Write(text)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, out.Close())
	path := filepath.Join(t.TempDir(), "changed.tar.zst")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func TestDamagedAndHostileBundlesAreRefused(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("LOOPFAULT_CACHE", cache)
	path, packed := pack(t, spec(t))
	contents := func(edit func(c *bundle.Contents)) string {
		return change(t, packed, func(h *tar.Header, text []byte) []byte {
			if h.Name != "bundle.json" {
				return text
			}
			var c bundle.Contents
			require.NoError(t, json.Unmarshal(text, &c))
			edit(&c)
			text, err := json.Marshal(c)
			require.NoError(t, err)
			return text
		})
	}
	on := func(name string, how func(h *tar.Header, text []byte) []byte) string {
		return change(t, packed, func(h *tar.Header, text []byte) []byte {
			if h.Name != name {
				return text
			}
			return how(h, text)
		})
	}
	for says, path := range map[string]string{
		"it was made by loopfault \"v0\"": contents(func(c *bundle.Contents) { c.Loopfault = "v0" }),
		"(bundle format 9), and this is":  contents(func(c *bundle.Contents) { c.Format = 9 }),
		`it lists "../out"`:               contents(func(c *bundle.Contents) { c.Files[0].Name = "../out" }),
		`it lists "README.txt"`:           contents(func(c *bundle.Contents) { c.Files[0].Name = "README.txt" }),
		"is not in it":                    contents(func(c *bundle.Contents) { c.Arms[0].Dir = "/etc" }),
		"it has no arm":                   contents(func(c *bundle.Contents) { c.Arms = nil }),
		"record of kernel mine is of another": change(t, packed, func(h *tar.Header, text []byte) []byte {
			const other = "another kernel"
			switch h.Name {
			case "bundle.json":
				var c bundle.Contents
				require.NoError(t, json.Unmarshal(text, &c))
				for i := range c.Files {
					if c.Files[i].Name == "kernels/2/bzImage" {
						c.Files[i].Bytes, c.Files[i].SHA256 = int64(len(other)), sum(other)
					}
				}
				text, err := json.Marshal(c)
				require.NoError(t, err)
				return text
			case "kernels/2/bzImage":
				return []byte(other)
			}
			return text
		}),
		"bundle.json is damaged":       on("bundle.json", func(_ *tar.Header, text []byte) []byte { return text[:len(text)/2] }),
		"kernels/1/bzImage is damaged": on("kernels/1/bzImage", func(_ *tar.Header, text []byte) []byte { return []byte("another kernel") }),
		"where bundle.json lists kernels/1/bzImage": on("kernels/1/bzImage", func(h *tar.Header, text []byte) []byte {
			h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd"
			h.Size = 0
			return text
		}),
		"where bundle.json lists loopfault":      on("loopfault", func(*tar.Header, []byte) []byte { return nil }),
		"want a file that loopfault bundle made": on("bundle.json", func(*tar.Header, []byte) []byte { return nil }),
	} {
		refusedFor(t, path, says)
	}
	short := filepath.Join(t.TempDir(), "short.tar.zst")
	require.NoError(t, os.WriteFile(short, packed[:len(packed)*3/4], 0o644))
	refusedFor(t, short, "damaged")
	require.NoError(t, os.WriteFile(short, []byte("text\n"), 0o644))
	refusedFor(t, short, "want a file that loopfault bundle made")
	refusedFor(t, filepath.Join(t.TempDir(), "none"), "no such file")
	refusedFor(t, t.TempDir(), "bundle.json")
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o644))
	refusedFor(t, fifo, "a named pipe")

	left, err := filepath.Glob(filepath.Join(cache, "bundles", "[^l]*"))
	require.NoError(t, err)
	assert.Empty(t, left, "nothing of them is kept")

	// A copy in the cache that was damaged since is unpacked again.
	b, err := open(t, path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "scenario.yaml"), []byte("name: other\n"), 0o644))
	b, err = open(t, path)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(b.Dir, "scenario.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "name: made-up\n", string(text))
}

func TestWhatChangesWhileItIsPackedIsNoBundle(t *testing.T) {
	s := spec(t)
	s.Image.Path = filepath.Join(t.TempDir(), "none")
	_, err := bundle.Pack(t.Context(), io.Discard, s, nil)
	assert.ErrorContains(t, err, "no such file")
}
