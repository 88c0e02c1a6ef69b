package serve_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages/packages/packagestest"
)

// browser starts Chromium, and gathers what it complained of and whom it asked.
type browser struct {
	ctx context.Context //nolint:containedctx // the browser's: chromedp keeps the connection in it

	mu         sync.Mutex
	complaints []string
	asked      []string
}

// patience is for a machine that is busy with other things.
const patience = 3 * time.Minute

func newBrowser(t *testing.T) *browser {
	t.Helper()
	packagestest.Need(t, "chromium")
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "run vmimages/setup.sh test")
	scratch, err := os.MkdirTemp("", "chromium") // not t.TempDir: its sockets want short names
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(scratch) })
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR=" + scratch), chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, func(e any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := e.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			b.asked = append(b.asked, e.Request.URL)
		}
	}))
	return b
}

// do runs actions on the page.
func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(b.ctx, actions...))
}

// follow runs actions that lead to another page, and waits until it is there.
func (b *browser) follow(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	r, err := chromedp.RunResponse(b.ctx, actions...)
	require.NoError(t, err)
	require.EqualValues(t, 200, r.Status)
}

// ask asks the page for something.
func ask[T any](t *testing.T, b *browser, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	require.NoError(t, err)
	return v
}

// look makes the browser a phone or a desk, at night or by day.
func (b *browser) look(t *testing.T, width int64, scheme string) {
	t.Helper()
	b.do(t, chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(t, err)
}

// Every page fits a phone, is light by day and dark by night, has its style, and asks nobody but its own server.
func TestPagesInABrowser(t *testing.T) {
	home, _, runs := site(t, 60)
	b := newBrowser(t)
	pages := map[string]string{
		"list": home + "/", "report": home + "/run/" + runs[0].Name + "/", "empty": home + "/run/" + runs[2].Name + "/", "search": home + "/search?q=evict",
		"history": home + "/history?scenario=made-up", "compare": home + "/compare?a=" + runs[0].Name + "&b=" + runs[1].Name,
	}
	for name, page := range pages {
		for width, scheme := range map[int64]string{390: "dark", 1280: "light"} {
			b.look(t, width, scheme)
			b.do(t, chromedp.Navigate(page))
			heading := ask(t, b, chromedp.Text("h1"))
			needs, wide := ask(t, b, chromedp.Evaluate[float64]("document.documentElement.scrollWidth")), ask(t, b, chromedp.Evaluate[float64]("window.innerWidth"))
			background := ask(t, b, chromedp.Evaluate[string]("getComputedStyle(document.body).backgroundColor"))
			assert.NotEmpty(t, heading, name)
			assert.LessOrEqual(t, needs, wide, "%s at %d", name, width)
			assert.Equal(t, map[string]string{"dark": "rgb(20, 22, 26)", "light": "rgb(255, 255, 255)"}[scheme], background, name)
			b.shot(t, name+"-"+scheme)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.complaints, "the hostile run sets nothing off")
	for _, u := range b.asked {
		assert.True(t, strings.HasPrefix(u, home) || strings.HasPrefix(u, "data:"), u)
	}
}

// shot leaves a picture for people, where the variable says.
func (b *browser) shot(t *testing.T, name string) {
	dir := os.Getenv("LOOPFAULT_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture := ask(t, b, chromedp.CaptureScreenshot())
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644))
}

// The ways through the pages: filter the list, open a run, follow a hang, compare two runs.
func TestWaysThroughThePages(t *testing.T) {
	home, _, runs := site(t, 20)
	b := newBrowser(t)
	b.do(t, chromedp.Navigate(home+"/"), chromedp.SetValue(`select[name="outcome"]`, "found"))
	b.follow(t, chromedp.Click("main form button"))
	rows := ask(t, b, chromedp.Text("#runs tbody"))
	assert.Contains(t, rows, runs[1].Name)
	assert.NotContains(t, rows, runs[2].Name, "the empty run came to nothing")

	b.follow(t, chromedp.Click(`//a[text()="`+runs[1].Name+`"]`))
	assert.Contains(t, ask(t, b, chromedp.Text(".verdict")), "stock hung in ")
	assert.Equal(t, home+"/run/"+runs[1].Name+"/", ask(t, b, chromedp.Location()))

	b.follow(t, chromedp.Click(`//nav/a[text()="search"]`))
	b.do(t, chromedp.SetValue(`input[name="q"]`, "nfs4_made_up_1"))
	b.follow(t, chromedp.Click("main form button"))
	b.follow(t, chromedp.Click("#hangs tbody a"))
	assert.Contains(t, ask(t, b, chromedp.Text("h1")), "INFO: task hung in nfs4_made_up_1")

	b.do(t, chromedp.Navigate(home+"/"), chromedp.Click(`input[name="a"][value="`+runs[0].Name+`"]`), chromedp.Click(`input[name="b"][value="`+runs[1].Name+`"]`))
	b.follow(t, chromedp.Click(`form[action="/compare"] button`))
	arms := ask(t, b, chromedp.Text("#arms tbody"))
	assert.Contains(t, arms, "stock")
	assert.Contains(t, arms, "no difference shown")
}
