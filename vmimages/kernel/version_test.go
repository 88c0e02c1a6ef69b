package kernel

import (
	"context"
	"os"
	"strings"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limitNames are the limits that hold for a version, in the order of use.
func limitNames(t *testing.T, text string) (names []string) {
	t.Helper()
	v, ok := parseVersion(text)
	require.True(t, ok, text)
	for _, f := range versionFragments(v) {
		names = append(names, f.Name)
	}
	return names
}

func TestOlderKernelsAreAskedForLess(t *testing.T) {
	assert.Empty(t, limitNames(t, "6.12"), "the base fragments are those of the stock kernel")
	assert.Empty(t, limitNames(t, "6.5"))
	assert.Equal(t, []string{"before/6.5.config"}, limitNames(t, "6.4"))
	assert.Equal(t, []string{"before/6.5.config"}, limitNames(t, "6.2"))
	assert.Equal(t, []string{"before/6.5.config", "before/6.2.config"}, limitNames(t, "6.1"))
	assert.Equal(t, []string{"before/6.5.config", "before/6.2.config", "before/5.18.config", "before/5.16.config"}, limitNames(t, "5.14"), "numbers, not text")
	assert.Contains(t, limitNames(t, "5.10"), "before/5.13.config")
}

func TestYoungerKernelsAreAskedForWhatBecameOfOptions(t *testing.T) {
	assert.Equal(t, []string{"since/7.2.config"}, limitNames(t, "7.2"))
	assert.Equal(t, []string{"since/7.2.config"}, limitNames(t, "7.10"), "numbers, not text")
}

// Kernels of other versions are spared options, and asked for others only where their
// Kconfig offers a choice.
func TestVersionFragmentsTakeBackWhatTheBaseAsksFor(t *testing.T) {
	base, err := merge(BaseFragments())
	require.NoError(t, err)
	asked := map[string]bool{}
	for _, s := range base {
		asked[s.symbol] = s.value != "n"
	}
	choices := map[string]bool{"SLUB": true, "SLOB": true, "NFS_V4_0": true}
	for _, f := range append(versionFragments(version{}), versionFragments(version{9999, 0})...) {
		list, err := f.settings()
		require.NoError(t, err)
		require.NotEmpty(t, list, f.Name)
		for _, s := range list {
			assert.True(t, choices[s.symbol] || s.value == "n" && asked[s.symbol], "%s: %s", s.from, s)
		}
	}
}

func TestVersionOfTheSourceDecides(t *testing.T) {
	b := newBench(t)
	// A kernel that has neither of the options, and says so in its Kconfig.
	older := strings.NewReplacer(
		"config FAULT_INJECTION_STACKTRACE_FILTER\n", "config GONE_A\n",
		"config HARDLOCKUP_DETECTOR_PREFER_BUDDY\n", "config GONE_B\n").Replace(fakeKconfig(t, "SLUB"))
	write(t, b.source, map[string]string{"Kconfig": older})
	_, err := b.Ensure(context.Background(), b.spec("young"))
	require.ErrorContains(t, err, "was dropped from the configuration: this source has no such option")

	write(t, b.source, map[string]string{"Makefile": strings.Replace(strings.Replace(fakeMakefile, "VERSION = 9", "VERSION = 6", 1), "PATCHLEVEL = 9", "PATCHLEVEL = 1", 1)})
	built, _ := b.build(b.spec("old"))
	text, err := os.ReadFile(built.Config)
	require.NoError(t, err)
	assert.Equal(t, "y", parseConfig(text).value("SLUB"))

	// The user has the last word, and is held to it.
	spec := b.spec("stubborn")
	spec.Fragments = []Fragment{fragment("mine.config", "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=y\n")}
	_, err = b.Ensure(context.Background(), spec)
	require.ErrorContains(t, err, "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER=y (mine.config line 1) was dropped")
}

func TestSourceWithoutVersion(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"all:\n", "VERSION = 6\n", "VERSION = x\nPATCHLEVEL = 1\n", "VERSION = 99999\nPATCHLEVEL = 1\n"} {
		write(t, b.source, map[string]string{"Makefile": text})
		_, err := b.Ensure(context.Background(), b.spec("x"))
		require.ErrorContains(t, err, "its Makefile says no VERSION and PATCHLEVEL", text)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
	for _, source := range []string{"debian:six", "debian:6", "debian:6.12.1", "debian:../6.1"} {
		_, err := b.Ensure(context.Background(), Spec{Name: "x", Source: source})
		require.ErrorContains(t, err, "expected debian:VERSION such as debian:6.12", source)
	}
}

// An object tree remembers nothing that a later configuration could inherit: the
// tinyconfig of older kernels starts from the .config that it finds.
func TestConfigurationStartsFromNothing(t *testing.T) {
	b := newBench(t)
	inherits := strings.Replace(fakeMakefile, "tinyconfig:\n\t@mkdir -p $(O)\n", "tinyconfig:\n\t@mkdir -p $(O); test ! -e $(O)/.config\n", 1)
	require.NotEqual(t, fakeMakefile, inherits)
	write(t, b.source, map[string]string{"Makefile": inherits})
	b.build(b.spec("one"))
	write(t, b.source, map[string]string{"Kconfig": fakeKconfig(t, "ONE_MORE")})
	b.build(b.spec("two")) // the same object tree, configured again
	assert.Empty(t, glob(t, b, "../configuring"))
}
