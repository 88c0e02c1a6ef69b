package kernel

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// helperEnv makes the test binary a builder that another test can kill.
const helperEnv = "LOOPFAULT_TEST_BUILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(helperEnv); args != "" {
		dir, source, _ := strings.Cut(args, "\n")
		c, err := cache.Open(dir)
		if err == nil {
			_, err = (&Builder{Cache: c, Jobs: 1}).Ensure(context.Background(), Spec{Name: "killed", Source: source})
		}
		if err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	// Nearly all tests here build something. make test installs what that takes.
	if err := packages.Require(append(tools, "dpkg-deb", "debugfs")...); err != nil && testing.Short() {
		fmt.Fprintln(os.Stderr, "no test is run:", err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// running counts the processes other than ours whose command line or working
// directory has to do with dir.
func running(t *testing.T, dir string) int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	n := 0
	for _, p := range procs {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		if strings.Contains(string(cmdline), dir) || strings.HasPrefix(cwd, dir) {
			n++
		}
	}
	return n
}

func TestKilledBuilderLeavesNothingRunningAndNothingBroken(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{"fs/c.c": "#slow\n"})
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperEnv+"="+b.Cache.Path()+"\n"+b.source)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return compiling(t, b, "fs/c.c") }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return running(t, b.Cache.Path()) == 0 }, 15*time.Second, 20*time.Millisecond,
		"make or a compiler outlived the killed builder")

	// One object is as a power failure leaves it; the other is so old that it
	// must be on disk, and is marked to show that it was kept.
	require.NoError(t, os.Truncate(glob(t, b, "fs/b.o")[0], 0))
	old := time.Now().Add(-time.Hour)
	kept := glob(t, b, "fs/a.o")[0]
	require.NoError(t, os.Chtimes(kept, old, old))
	src, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "src/fs/a.c"))
	require.NoError(t, err)
	require.Len(t, src, 1)
	require.NoError(t, os.Chtimes(src[0], old.Add(-time.Hour), old.Add(-time.Hour)))

	write(t, b.source, map[string]string{"fs/c.c": "seven\n"})
	built, files := b.build(b.spec("stock"))
	assert.Equal(t, plain, image(t, built))
	assert.ElementsMatch(t, []string{"fs/b.c", "fs/c.c"}, files)
	require.Len(t, b.saw(progress.Note), 1)
	assert.Contains(t, b.saw(progress.Note)[0], "cut short")
}
