package kernel

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/progress"
)

func fragment(name, text string) Fragment { return Fragment{Name: name, Text: []byte(text)} }

func TestFragmentsShapeTheConfig(t *testing.T) {
	b := newBench(t)
	stock, _ := b.build(b.spec("stock"))
	spec := b.spec("extra")
	spec.Fragments = []Fragment{fragment("mine.config", "# comment\n\nCONFIG_EXTRA=y\n# CONFIG_FAILSLAB is not set\nCONFIG_DEFAULT_HUNG_TASK_TIMEOUT=7\n")}
	extra, files := b.build(spec)
	assert.Len(t, files, 3, "another configuration has objects of its own")
	assert.NotEqual(t, stock.Key, extra.Key)
	assert.NotEqual(t, stock.ConfigHash, extra.ConfigHash)
	assert.Equal(t, []string{"mine.config"}, extra.Fragments)
	assert.Contains(t, stock.Instrumentation, "FAILSLAB")
	assert.NotContains(t, extra.Instrumentation, "FAILSLAB")
	text, err := os.ReadFile(extra.Config)
	require.NoError(t, err)
	got := parseConfig(text)
	assert.Equal(t, "y", got.value("EXTRA"))
	assert.Equal(t, "7", got.value("DEFAULT_HUNG_TASK_TIMEOUT"))
	assert.Equal(t, "n", got.value("SLUB_TINY"), "the built-in fragments switch it off")
	assert.Equal(t, 1, strings.Count(string(text), "CONFIG_DEFAULT_HUNG_TASK_TIMEOUT"))
}

func TestDroppedOptionsAreNamed(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct{ text, want string }{
		"unknown": {"\nCONFIG_EXTRAS=y\n", "CONFIG_EXTRAS=y (mine.config line 2) was dropped from the configuration: this source has no such option, did you mean CONFIG_EXTRA?"},
		"unmet":   {"CONFIG_UNMET=y\n", "CONFIG_UNMET=y (mine.config line 1) was dropped from the configuration: its dependencies are not met"},
		"two":     {"CONFIG_UNMET=y\nCONFIG_ZZZZZZZZ=m\n", "(and 1 more)"},
	} {
		spec := b.spec("x")
		spec.Fragments = []Fragment{fragment("mine.config", c.text)}
		_, err := b.Ensure(context.Background(), spec)
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}

func TestFragmentSyntax(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.config")
	for text, want := range map[string]string{
		"CONFIG_A=y\nCONFIG_B = y\n": `fragment bad.config line 2: "CONFIG_B = y" is not CONFIG_NAME=value`,
		"FOO=y\n":                    `line 1: "FOO=y"`,
		"CONFIG_A=yes\n":             `line 1: "CONFIG_A=yes"`,
		"CONFIG_A=\"open\n":          "line 1",
		"CONFIG_A=y # because\n":     "line 1",
		strings.Repeat("x", 70_000):  "token too long",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := ReadFragment(path)
		require.ErrorContains(t, err, want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
	require.NoError(t, os.WriteFile(path, []byte("CONFIG_A=\"a b\"\nCONFIG_B=0x10\nCONFIG_C=-1\n#free text\n"), 0o644))
	f, err := ReadFragment(path)
	require.NoError(t, err)
	list, err := f.settings()
	require.NoError(t, err)
	assert.Len(t, list, 3)
}

func TestBuiltInFragmentsAskForNothingTwice(t *testing.T) {
	seen := map[string]string{}
	for _, f := range BaseFragments() {
		list, err := f.settings()
		require.NoError(t, err)
		require.NotEmpty(t, list, f.Name)
		for _, s := range list {
			assert.Empty(t, seen[s.symbol], "%s is set by %s and %s", s.symbol, seen[s.symbol], s.from)
			seen[s.symbol] = s.from.String()
		}
	}
}

func TestCatalogue(t *testing.T) {
	var names []string
	for _, s := range Catalogue() {
		control, history := strings.HasPrefix(s.Name, "control-"), strings.HasPrefix(s.Name, "history-")
		if !control && !history || s.Name == "control-lost-wakeup" {
			names = append(names, s.Name) // package controls keeps the list of the others
		}
		for _, p := range s.Patches {
			_, summary, err := p.parse()
			require.NoError(t, err)
			assert.NotEmpty(t, summary, "patches say what they are for")
			if control {
				assert.Contains(t, string(p.Text), "A bug, planted on purpose.", "%s warns of itself", p.Name)
			}
			if history {
				assert.Contains(t, string(p.Text), "A fix of Linux taken out again, on purpose.", "%s warns of itself", p.Name)
			}
		}
	}
	assert.ElementsMatch(t, []string{"stock", "stock-6.1", "ceph", "ceph-iput-async", "clear-layoutreturn-info", "reclaim-complete-always", "exiting-tasks-do-not-wait", "layout-recall-ends", "layoutget-frees-slot", "nlm-grants-sent", "open-frees-slot", "control-lost-wakeup", "debuginfo", "gcov", "kasan", "krb5", "localio", "lockdep", "swap"}, names)
}

// What a source has no option for stops a build only if somebody needs it, or asked for it
// by name.
func TestOptionsThatASourceLacks(t *testing.T) {
	b := newBench(t)
	lacks := func(symbols ...string) {
		text := fakeKconfig(t)
		for _, s := range symbols {
			require.Contains(t, text, "config "+s+"\n")
			text = strings.Replace(text, "config "+s+"\n", "config GONE_"+s+"\n", 1)
		}
		write(t, b.source, map[string]string{"Kconfig": text})
	}
	b.Needed = []string{"CONFIG_NFSD"}
	lacks("SUNRPC_DEBUG")
	b.build(b.spec("noted"))
	assert.Contains(t, b.saw(progress.Note), "CONFIG_SUNRPC_DEBUG=y (50-nfs.config line 28) is left out: this source has no such option, and no scenario needs it")

	for what, s := range map[string]Spec{
		"needed":       b.spec("a"),
		"for the boot": b.spec("b"),
		"asked for":    {Name: "c", Source: b.source, Fragments: []Fragment{fragment("mine.config", "CONFIG_SUNRPC_DEBUG=y\n")}},
	} {
		lacks(map[string]string{"needed": "NFSD", "for the boot": "VIRTIO_BLK", "asked for": "SUNRPC_DEBUG"}[what])
		_, err := b.Ensure(t.Context(), s)
		require.ErrorContains(t, err, "was dropped from the configuration: this source has no such option", what)
	}
	b.Needed = nil
	lacks("SUNRPC_DEBUG")
	_, err := b.Ensure(t.Context(), Spec{Name: "d", Source: b.source, Patches: []Patch{patchOf("a.patch", diffA)}})
	require.ErrorContains(t, err, "CONFIG_SUNRPC_DEBUG=y (50-nfs.config line 28) was dropped")
}

// TestFlavours: a flavour is a kernel of its own, and changes no option that the
// other fragments ask for.
func TestFlavours(t *testing.T) {
	base, err := merge(BaseFragments())
	require.NoError(t, err)
	ids := map[string]string{}
	for _, s := range Catalogue() {
		if len(s.Patches) > 0 || s.Source != DebianPrefix+DefaultSeries {
			continue
		}
		all, err := merge(slices.Concat(BaseFragments(), s.Fragments))
		require.NoError(t, err)
		assert.Equal(t, base, all[:len(base)], s.Name)
		id := (&recipe{settings: all}).configID()
		assert.Empty(t, ids[id], "%s and %s have one configuration", s.Name, ids[id])
		ids[id] = s.Name
	}
}
