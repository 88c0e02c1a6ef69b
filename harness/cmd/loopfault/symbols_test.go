package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/packages/packagestest"
)

// tinyKernel compiles one function, with a debug flag, into an executable file, and returns its path and a log in which
// a task hangs in that function.
func tinyKernel(t *testing.T, debug string) (vmlinux, log string) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "tiny.c")
	vmlinux = filepath.Join(dir, "vmlinux")
	require.NoError(t, os.WriteFile(source, []byte("volatile int sink;\nint start_kernel(void)\n{\n\tsink++;\n\tsink *= 3;\n\treturn sink;\n}\n"), 0o644))
	packagestest.Need(t, "gcc", "ld")
	out, err := exec.Command("gcc", "-O1", debug, "-nostdlib", "-static", "-no-pie", "-Wl,--build-id", "-Wl,-e,start_kernel", "-o", vmlinux, source).CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := elf.Open(vmlinux)
	require.NoError(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		if s.Name == "start_kernel" {
			log = fmt.Sprintf("# cat /proc/1/stack\n[<0>] start_kernel+0x4/%#x\n[<0>] elsewhere+0x1/0x2 [mod]\n[<0>] ret_from_fork+0x1/0x2\n", s.Size)
		}
	}
	require.NotEmpty(t, log)
	return vmlinux, log
}

// parse runs `loopfault parse` and returns what it printed.
func parse(t *testing.T, cache, log string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := loopfault(t.Context(), t, append([]string{"parse"}, args...)...)
	var errors strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(log), &errors
	cmd.Env = append(cmd.Env, "LOOPFAULT_CACHE="+cache)
	out, err := cmd.Output()
	require.NoError(t, err, errors.String())
	return string(out), errors.String()
}

func TestParseShowsSourceLines(t *testing.T) {
	vmlinux, log := tinyKernel(t, "-g")
	cache := t.TempDir()
	for range 2 { // the second time from the cache
		out, said := parse(t, cache, log, "--vmlinux", vmlinux)
		assert.Regexp(t, `(?m)^    start_kernel \(.*tiny\.c:[45]\)$`, out)
		assert.Contains(t, out, "\n    elsewhere+0x1/0x2 [mod]\n")
		assert.Contains(t, said, "source lines for 1 of 3 stack entries")
		assert.Contains(t, said, "no function elsewhere in this kernel")
	}
	kept, err := filepath.Glob(filepath.Join(cache, "symbols", "*.json"))
	require.NoError(t, err)
	assert.Len(t, kept, 1)

	out, _ := parse(t, cache, log, "--vmlinux", vmlinux, "--format", "json")
	assert.Contains(t, out, `tiny.c",`)
}

func TestParseGoesOnWithoutDebugInfo(t *testing.T) {
	vmlinux, log := tinyKernel(t, "-g0")
	out, said := parse(t, t.TempDir(), log, "--vmlinux", vmlinux)
	assert.Contains(t, said, "built without debug information")
	assert.Contains(t, said, "going on without source lines")
	assert.Contains(t, out, "3 frames")
}

// keepKernel puts a build into a cache, by a name; its vmlinux is a copy.
func keepKernel(t *testing.T, cache, name, key, vmlinux string) {
	t.Helper()
	dir := filepath.Join(cache, "kernels", "builds", strings.Repeat(key, 64))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(cache, "kernels", "names"), 0o755))
	text, err := os.ReadFile(vmlinux)
	require.NoError(t, err)
	for file, text := range map[string]string{
		"build.json": fmt.Sprintf(`{"name": %q, "key": %q, "image_hash": %q, "source_hash": "s"}`, name, strings.Repeat(key, 64), key),
		"bzImage":    "", "System.map": "ffffffff81000000 T start_kernel\n", "vmlinux": string(text),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink(dir, filepath.Join(cache, "kernels", "names", name)))
}

// A run on a kernel without debug information shows source lines all the same, when the cache holds the same code with
// some; and when its name stands for another build by now.
func TestReportShowsSourceLinesOfATwin(t *testing.T) {
	withLines, log := tinyKernel(t, "-g")
	without, _ := tinyKernel(t, "-g0")
	cache, dir := t.TempDir(), t.TempDir()
	keepKernel(t, cache, "old-mine", "a", without)
	keepKernel(t, cache, "mine", "c", without)
	keepKernel(t, cache, "twin", "b", withLines)
	st, err := store.Open(dir)
	require.NoError(t, err)
	arm := store.Arm{Name: "mine", Kernel: "mine", KernelKey: strings.Repeat("a", 64), KernelHash: "a"}
	run, err := st.Create(store.Manifest{Name: "x", Scenario: []byte(`{}`), Arms: []store.Arm{arm}})
	require.NoError(t, err)
	r := kernelreport.FromStack("umount", 8, "D", 20, strings.SplitN(log, "\n", 2)[1])
	r.Detector = verdict.TaskWatch
	_, err = run.Trial(1)
	require.NoError(t, err)
	require.NoError(t, run.WriteReports(1, []kernelreport.Report{r}))
	trial := store.Trial{Planned: store.Planned{N: 1, Arm: "mine"}}
	trial.Verdict = verdict.Verdict{Kind: verdict.Hang, Title: r.Title, Signature: r.Signature}
	require.NoError(t, run.WriteTrial(trial))
	cmd := loopfault(t.Context(), t, "report", "--results", dir, run.Name, "--format", "html")
	cmd.Env = append(cmd.Env, "LOOPFAULT_CACHE="+cache)
	page, err := cmd.Output()
	require.NoError(t, err)
	assert.Regexp(t, `start_kernel \([^)]*tiny\.c:[45]\)`, string(page))
}
