package debian

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/openpgp"           //nolint:staticcheck // signs a repository for the tests; what checks it is apt's gpgv
	"golang.org/x/crypto/openpgp/clearsign" //nolint:staticcheck // likewise
	"golang.org/x/crypto/openpgp/packet"    //nolint:staticcheck // likewise

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/progress"
)

// repository is an archive of Debian's form, signed and served over HTTP.
type repository struct {
	t       *testing.T
	dir     string
	key     *openpgp.Entity
	keyring string
	debs    map[string]string // file below dir, by version
	cut     int64             // answers for packages end after so many bytes, 0 for none
	asked   []string          // ranges of packages that were asked for
	*httptest.Server
}

func newRepository(t *testing.T) *repository {
	r := &repository{t: t, dir: t.TempDir(), debs: map[string]string{}}
	config := &packet.Config{DefaultHash: crypto.SHA256, RSABits: 2048}
	var err error
	r.key, err = openpgp.NewEntity("Test", "", "t@example.org", config)
	require.NoError(t, err)
	var public bytes.Buffer
	require.NoError(t, r.key.SerializePrivate(&bytes.Buffer{}, config)) // signs its own identity
	require.NoError(t, r.key.Serialize(&public))
	r.keyring = filepath.Join(t.TempDir(), "keys.gpg")
	require.NoError(t, os.WriteFile(r.keyring, public.Bytes(), 0o644))
	files := http.FileServer(http.Dir(r.dir))
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasSuffix(q.URL.Path, ".deb") {
			r.asked = append(r.asked, q.Header.Get("Range"))
			if r.cut > 0 {
				text, err := os.ReadFile(filepath.Join(r.dir, q.URL.Path))
				assert.NoError(t, err)
				w.Header().Set("Content-Length", fmt.Sprint(len(text)))
				w.Header().Set("Last-Modified", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
				_, _ = w.Write(text[:r.cut])
				panic(http.ErrAbortHandler)
			}
		}
		files.ServeHTTP(w, q)
	}))
	t.Cleanup(r.Close)
	t.Setenv("no_proxy", "127.0.0.1")
	return r
}

// deb makes a package of a version, some hundred kilobytes of it.
func (r *repository) deb(version string) {
	root := r.t.TempDir()
	require.NoError(r.t, os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755))
	require.NoError(r.t, os.WriteFile(filepath.Join(root, "DEBIAN/control"), []byte(control(version)), 0o644))
	noise := make([]byte, 300_000)
	for i, x := range noise {
		noise[i] = x ^ byte(i*i*7919>>8)
	}
	require.NoError(r.t, os.WriteFile(filepath.Join(root, "noise"), noise, 0o644))
	file := "pool/linux-source-9.9_" + version + "_all.deb"
	require.NoError(r.t, os.MkdirAll(filepath.Join(r.dir, "pool"), 0o755))
	out, err := exec.Command("dpkg-deb", "-Znone", "--build", root, filepath.Join(r.dir, file)).CombinedOutput()
	require.NoError(r.t, err, string(out))
	require.NoError(r.t, os.Chtimes(filepath.Join(r.dir, file), time.Unix(1e9, 0), time.Unix(1e9, 0)))
	r.debs[version] = file
}

func control(version string) string {
	return "Package: linux-source-9.9\nVersion: " + version + "\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: x\n"
}

// suite publishes versions under a name; spoil changes the signed text afterwards.
func (r *repository) suite(name string, spoil func([]byte) []byte, versions ...string) {
	var list strings.Builder
	for _, v := range versions {
		text, err := os.ReadFile(filepath.Join(r.dir, r.debs[v]))
		require.NoError(r.t, err)
		fmt.Fprintf(&list, "%sFilename: %s\nSize: %d\nSHA256: %x\n\n", control(v), r.debs[v], len(text), sha256.Sum256(text))
	}
	dir := filepath.Join(r.dir, "dists", name, "main/binary-amd64")
	require.NoError(r.t, os.MkdirAll(dir, 0o755))
	require.NoError(r.t, os.WriteFile(filepath.Join(dir, "Packages"), []byte(list.String()), 0o644))
	release := fmt.Sprintf("Origin: Debian\nSuite: %s\nCodename: %s\nDate: %s\nArchitectures: amd64 all\nComponents: main\nSHA256:\n %x %d main/binary-amd64/Packages\n",
		name, name, time.Now().UTC().Format(time.RFC1123), sha256.Sum256([]byte(list.String())), list.Len())
	var signed bytes.Buffer
	w, err := clearsign.Encode(&signed, r.key.PrivateKey, &packet.Config{DefaultHash: crypto.SHA256})
	require.NoError(r.t, err)
	_, err = w.Write([]byte(release))
	require.NoError(r.t, err)
	require.NoError(r.t, w.Close())
	text := append(signed.Bytes(), '\n')
	if spoil != nil {
		text = spoil(text)
	}
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, "dists", name, "InRelease"), text, 0o644))
}

// archive reads the repository; events are what it reported.
func (r *repository) archive() (a *Archive, events *[]progress.Event) {
	c, err := cache.Open(filepath.Join(r.t.TempDir(), "cache"))
	require.NoError(r.t, err)
	events = &[]progress.Event{}
	report := func(e progress.Event) { *events = append(*events, e) }
	return &Archive{Cache: c, Report: report, mirrors: []mirror{{uri: r.URL + "/"}}, keyring: r.keyring}, events
}

func (r *repository) fetch(a *Archive) (got Version, size int64, err error) {
	err = a.Fetch(context.Background(), "linux-source-9.9", func(deb string, v Version) error {
		info, err := os.Stat(deb)
		got, size = v, info.Size()
		return err
	})
	return got, size, err
}

func TestNewestVersionOfAnySuiteIsFetched(t *testing.T) {
	r := newRepository(t)
	for _, v := range []string{"9.9~rc7-1", "9.9.4-1~bpo13+1", "9.9.3-1"} {
		r.deb(v)
	}
	r.suite("bookworm", nil)
	r.suite("sid", nil, "9.9.3-1")
	r.suite("experimental", nil, "9.9~rc7-1")
	r.suite("trixie-backports", nil, "9.9.4-1~bpo13+1")
	a, events := r.archive()
	v, size, err := r.fetch(a)
	require.NoError(t, err)
	assert.Equal(t, Version{Package: "linux-source-9.9", Version: "9.9.4-1~bpo13+1", Suite: "trixie-backports"}, v)
	assert.Greater(t, size, int64(300_000))
	var steps []string
	for _, e := range *events {
		if e.Kind == progress.Begin {
			steps = append(steps, e.Text)
		}
		assert.NotEqual(t, progress.Note, e.Kind, "what a mirror does not have is not worth a word: %s", e.Text)
	}
	assert.Equal(t, []string{"reading the lists of Debian's suites", "downloading linux-source-9.9 9.9.4-1~bpo13+1 from trixie-backports"}, steps)
	left, err := filepath.Glob(a.Cache.Path(room, dirPackage, "*.deb"))
	require.NoError(t, err)
	assert.Empty(t, left, "what was used is not kept")
}

func TestPackageThatNoSuiteHas(t *testing.T) {
	r := newRepository(t)
	r.suite("sid", nil)
	a, _ := r.archive()
	_, _, err := r.fetch(a)
	require.EqualError(t, err, "no suite of Debian's archive has a package linux-source-9.9")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	require.ErrorContains(t, a.Fetch(t.Context(), "../x", nil), "is no name of a Debian package")
}

// A suite that somebody changed, or that somebody else signed, is as good as none.
func TestSuiteWhoseSignatureDoesNotVerify(t *testing.T) {
	r := newRepository(t)
	r.deb("9.9.4-1")
	for name, spoil := range map[string]func([]byte) []byte{
		"changed": func(text []byte) []byte {
			return bytes.Replace(text, []byte("Origin: Debian"), []byte("Origin: debian"), 1)
		},
		"unsigned": func(text []byte) []byte {
			_, text, _ = bytes.Cut(text, []byte("\n\n"))
			text, _, _ = bytes.Cut(text, []byte("-----BEGIN PGP SIGNATURE"))
			return text
		},
	} {
		r.suite("sid", spoil, "9.9.4-1")
		a, events := r.archive()
		_, _, err := r.fetch(a)
		require.ErrorContains(t, err, "no suite of Debian's archive that could be read has a package linux-source-9.9; 1 could not be: sid: its signature does not verify: ", name)
		assert.NotContains(t, err.Error(), "\n")
		assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
		assert.True(t, slices.ContainsFunc(*events, func(e progress.Event) bool {
			return e.Kind == progress.Note && strings.HasPrefix(e.Text, "cannot read Debian's sid: its signature does not verify")
		}), name)
	}
	r.suite("sid", nil, "9.9.4-1")
	stranger := newRepository(t)
	a, _ := r.archive()
	a.keyring = stranger.keyring
	_, _, err := r.fetch(a)
	require.ErrorContains(t, err, "its signature does not verify")
}

// A package that is not the one that was signed for is not used.
func TestPackageThatWasChanged(t *testing.T) {
	r := newRepository(t)
	r.deb("9.9.4-1")
	r.suite("sid", nil, "9.9.4-1")
	file := filepath.Join(r.dir, r.debs["9.9.4-1"])
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	text[len(text)-600] ^= 1
	require.NoError(t, os.WriteFile(file, text, 0o644))
	a, _ := r.archive()
	_, size, err := r.fetch(a)
	require.ErrorContains(t, err, "cannot download linux-source-9.9 9.9.4-1: ")
	require.ErrorContains(t, err, "Hash Sum mismatch")
	assert.Zero(t, size, "nothing was given to use")
}

// A download that was cut off leaves nothing that could be taken for a package.
func TestDownloadThatIsCutOff(t *testing.T) {
	r := newRepository(t)
	r.deb("9.9.4-1")
	r.suite("sid", nil, "9.9.4-1")
	a, _ := r.archive()
	r.cut = 200_000
	_, size, err := r.fetch(a)
	require.ErrorContains(t, err, "cannot download linux-source-9.9 9.9.4-1: ")
	assert.Zero(t, size)
	assert.Greater(t, len(r.asked), 1, "apt itself tries again")
	left, globErr := filepath.Glob(a.Cache.Path(room, dirPackage, "*.deb"))
	require.NoError(t, globErr)
	assert.Empty(t, left)
	r.cut = 0
	v, size, err := r.fetch(a)
	require.NoError(t, err)
	assert.Equal(t, "9.9.4-1", v.Version)
	assert.Greater(t, size, int64(300_000))
}

func TestHostsMirrorsAreThoseOfDebian(t *testing.T) {
	list, err := mirrorsIn("deb|http://m.example.org/debian/|bookworm|main|Debian\ndeb|http://m.example.org/debian/|bookworm-updates|main|\n" +
		"deb|http://s.example.org/debian-security/|bookworm-security|main|Debian\ndeb|http://x.example.org/|nodistro|main|Somebody\n" +
		"deb-src|http://m.example.org/other/|bookworm|main|Debian\ndeb|http://m.example.org/debian/|bookworm|contrib|Debian\n")
	require.NoError(t, err)
	assert.Equal(t, []mirror{{uri: "http://m.example.org/debian/"}, {uri: "http://s.example.org/debian-security/", security: true}}, list)
	_, err = mirrorsIn("")
	require.ErrorContains(t, err, "names no mirror of Debian")
}
