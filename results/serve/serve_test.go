package serve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/index"
	"loopfault/results/report/fakerun"
	"loopfault/results/serve"
	"loopfault/results/store"
)

// site serves a store with a hostile run, a plain one and an empty one, and gives its address and the runs.
func site(t *testing.T, trials int) (string, string, []*store.Run) {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(dir)
	require.NoError(t, err)
	var runs []*store.Run
	for i, spec := range []fakerun.Spec{{Trials: trials, Signatures: max(trials/12, 1), Hostile: true}, {Trials: 20, Signatures: 2}, {}} {
		spec.Started = time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		run, err := fakerun.Make(st, spec)
		require.NoError(t, err)
		runs = append(runs, run)
	}
	ix, err := index.Open(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { ix.Close() })
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	server := httptest.NewServer((&serve.Server{Index: ix, Store: st, Root: root}).Handler())
	t.Cleanup(server.Close)
	return server.URL, dir, runs
}

func get(t *testing.T, address string) (int, http.Header, string) {
	t.Helper()
	r, err := http.Get(address)
	require.NoError(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r.StatusCode, r.Header, string(text)
}

func TestPages(t *testing.T) {
	home, _, runs := site(t, 20)
	for page, want := range map[string]string{
		"/":                          "3 runs, the newest first",
		"/?outcome=found":            "2 runs, the newest first",
		"/?kernel=none":              "No matching runs",
		"/run/" + runs[1].Name + "/": "stock hung in ",
		"/run/" + runs[2].Name + "/": "no trial is complete",
		"/search?q=nfs4_made_up_0":   "/hang?signature=",
		"/search?q=nothing":          "No hang of any run matches",
		"/history?scenario=made-up":  "<svg",
		"/compare?a=" + runs[0].Name + "&b=" + runs[1].Name: "no difference shown",
		"/compare?a=" + runs[1].Name + "&b=" + runs[1].Name: "no difference shown",
		"/run/" + runs[1].Name + "/trials/0002/evidence/":   "stacks.txt",
	} {
		code, _, text := get(t, home+page)
		assert.Equal(t, 200, code, page)
		assert.True(t, strings.Contains(text, want), "%s lacks %q", page, want)
		assert.False(t, strings.Contains(text, "<script") || strings.Contains(text, "\x1b"), page)
	}
}

func TestNothingElseIsGivenOut(t *testing.T) {
	home, dir, runs := site(t, 20)
	secret := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	require.NoError(t, os.Symlink(secret, filepath.Join(runs[1].Dir, "link")))
	for _, page := range []string{"/nope", "/run/none/", "/run/../secret", "/run/%2e%2e/secret", "/run/" + runs[1].Name + "/%2e%2e/%2e%2e/secret", "/run/" + runs[1].Name + "/link",
		"/run/.index.sqlite", "/run/.index.sqlite/", "/hang?signature=x", "/compare?a=../x&b=y", "/run/" + runs[1].Name + "/none"} {
		code, _, text := get(t, home+page)
		assert.Equal(t, 404, code, page)
		assert.NotContains(t, text, "secret")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, home+"/", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, 405, answer.StatusCode)
}

// A page elsewhere that has a name of its own resolve to this machine does not get to read.
func TestOnlyLoopbackNamesAreAnswered(t *testing.T) {
	home, _, _ := site(t, 20)
	for host, want := range map[string]int{"evil.example": 403, "evil.example:80": 403, "10.0.0.1": 403, "": 200, "localhost:1": 200, "[::1]:1": 200, "127.0.0.2": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home+"/", nil)
		require.NoError(t, err)
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		assert.Equal(t, want, answer.StatusCode, host)
	}
}

// What a guest wrote is shown as text, and whatever it is runs nothing.
func TestFilesOfRunsAreInert(t *testing.T) {
	home, _, runs := site(t, 20)
	require.NoError(t, os.WriteFile(filepath.Join(runs[1].TrialDir(1), "evidence", "x.html"), []byte("<script>1</script>"), 0o644))
	base := home + "/run/" + url.PathEscape(runs[1].Name) + "/trials/0001/"
	for file, kind := range map[string]string{"console.log": "text/plain; charset=utf-8", "evidence/x.html": "text/html; charset=utf-8", "reproduce.sh": "text/plain; charset=utf-8"} {
		code, header, _ := get(t, base+file)
		assert.Equal(t, 200, code, file)
		assert.Equal(t, kind, header.Get("Content-Type"))
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
		assert.Contains(t, header.Get("Content-Security-Policy"), "sandbox")
	}
}
