package symbols

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/vmimages/packages/packagestest"
)

// build compiles testdata as a kernel is: at fixed addresses, with a build id. The compiler and binutils are what builds
// of kernels need as well.
func build(t testing.TB, flags ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "init")
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata")))
	args := append([]string{"-O2", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=sha1", "-Wl,-e,start_kernel",
		"-o", filepath.Join(dir, "vmlinux"), filepath.Join(dir, "main.c"), filepath.Join(dir, "other.c")}, flags...)
	packagestest.Need(t, "gcc", "ld")
	out, err := exec.Command("gcc", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, "vmlinux")
}

func openKernel(t testing.TB, path string) *Kernel {
	t.Helper()
	k, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { k.Close() })
	return k
}

// lineOf is the number of the line of a source that holds text.
func lineOf(t testing.TB, file, text string) int {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	i := bytes.Index(src, []byte(text))
	require.GreaterOrEqual(t, i, 0)
	return 1 + bytes.Count(src[:i], []byte("\n"))
}

func TestInlinedCallers(t *testing.T) {
	k := openKernel(t, build(t, "-g"))
	outer := k.mustFind(t, "outer")
	want := []Place{
		{"innermost", "init/inline.h", lineOf(t, "inline.h", "/* innermost */")},
		{"middle", "init/main.c", lineOf(t, "main.c", "/* middle calls */")},
		{"outer", "init/main.c", lineOf(t, "main.c", "/* outer calls */")},
	}
	var seen [][]Place
	for off := range outer.size {
		places, err := k.Places("outer", fmt.Sprintf("%#x", off), fmt.Sprintf("%#x", outer.extent), false)
		require.NoError(t, err)
		seen = append(seen, places)
	}
	assert.Contains(t, seen, want)
}

func (k *Kernel) mustFind(t testing.TB, name string) function {
	t.Helper()
	f, err := k.find(name, "")
	require.NoError(t, err)
	return f
}

// A return address is past the call: the line of a call is told by the byte before it.
func TestCallsAndProgramCounters(t *testing.T) {
	k := openKernel(t, build(t, "-g"))
	f := k.mustFind(t, "outer")
	differ := 0
	for off := uint64(1); off < f.size; off++ {
		here, err := k.At(f.addr + off - 1)
		require.NoError(t, err)
		call, err := k.Places("outer", fmt.Sprintf("%#x", off), "", true)
		require.NoError(t, err)
		assert.Equal(t, here, call)
		pc, err := k.Places("outer", fmt.Sprintf("%#x", off), "", false)
		require.NoError(t, err)
		if fmt.Sprint(pc) != fmt.Sprint(call) {
			differ++
		}
	}
	assert.Positive(t, differ)
}

func TestFunctionsAreNotGuessed(t *testing.T) {
	k := openKernel(t, build(t, "-g"))
	_, err := k.Places("twin", "0x4", "", true)
	assert.ErrorContains(t, err, "2 functions")
	for _, f := range k.functions["twin"] {
		places, err := k.Places("twin", "0x4", fmt.Sprintf("%#x", f.extent), true)
		require.NoError(t, err)
		want, err := k.At(f.addr + 3)
		require.NoError(t, err)
		assert.Equal(t, want, places)
	}
	_, err = k.Places("outer", "0x4", "0x3", true)
	assert.ErrorContains(t, err, "another build")
	_, err = k.Places("outer", "0x400000", "", true)
	assert.ErrorContains(t, err, "outside")
	_, err = k.Places("nobody", "0x4", "", true)
	assert.ErrorContains(t, err, "no function nobody")
	_, err = k.Places("outer", "0xg", "", true)
	assert.ErrorContains(t, err, "no number")
	_, err = k.At(1)
	assert.ErrorContains(t, err, "does not cover it")
}

func TestKernelWithoutDebugInfo(t *testing.T) {
	k := openKernel(t, build(t))
	assert.NotEmpty(t, k.BuildID())
	_, err := k.At(k.mustFind(t, "outer").addr)
	assert.ErrorIs(t, err, ErrNoDebugInfo)
	_, err = NewDecoder(k, "")
	assert.ErrorIs(t, err, ErrNoDebugInfo)
	_, err = Open("testdata/main.c")
	assert.ErrorContains(t, err, "main.c is no vmlinux")
}

// report is a hang at an offset of outer.
func report(k *Kernel, t testing.TB, off uint64) kernelreport.Report {
	f := k.mustFind(t, "outer")
	return kernelreport.Report{Tasks: []kernelreport.Task{{Frames: []kernelreport.Frame{
		{Func: "outer", Offset: fmt.Sprintf("%#x", off), Size: fmt.Sprintf("%#x", f.extent)},
		{Func: "elsewhere", Offset: "0x1", Size: "0x2", Module: "mod", Questionable: true},
		{Func: "known", File: "a.c", Line: 3, Module: "mod"},
	}}}}
}

// deepest is an offset of outer at which something is inlined.
func deepest(k *Kernel, t testing.TB) uint64 {
	f := k.mustFind(t, "outer")
	best, depth := uint64(0), 0
	for off := uint64(1); off < f.size; off++ {
		if p, err := k.At(f.addr + off - 1); err == nil && len(p) > depth {
			best, depth = off, len(p)
		}
	}
	return best
}

func TestDecodedReports(t *testing.T) {
	k := openKernel(t, build(t, "-g"))
	off := deepest(k, t)
	r := report(k, t, off)
	d, err := NewDecoder(k, "")
	require.NoError(t, err)
	var tally Tally
	d.Decode(&r, &tally)
	assert.Equal(t, 1, tally.Decoded)
	assert.Equal(t, 1, tally.Left)
	assert.Contains(t, tally.Why["elsewhere"], "no function")
	frames := r.Tasks[0].Frames
	require.Len(t, frames, 5)
	assert.True(t, frames[0].Inlined && frames[1].Inlined && !frames[2].Inlined)
	assert.Equal(t, "outer", frames[2].Func)

	var text bytes.Buffer
	Fprint(&text, " ", frames)
	want := fmt.Sprintf(" outer (%s:%d %s:%d %s:%d)\n ? elsewhere+0x1/0x2 [mod]\n known (a.c:3) mod\n",
		frames[0].File, frames[0].Line, frames[1].File, frames[1].Line, frames[2].File, frames[2].Line)
	assert.Equal(t, want, text.String())

	// What is printed is read again as the same stack.
	again := kernelreport.Parse([]byte("INFO: task a:1 blocked for more than 2 seconds.\ntask:a state:D stack:0 pid:1 ppid:1 flags:0x0\nCall Trace:\n" + text.String()))
	require.Len(t, again, 1)
	var own []kernelreport.Frame
	for _, f := range frames {
		if !f.Inlined {
			own = append(own, f)
		}
	}
	require.Len(t, again[0].Tasks[0].Frames, len(own))
	for i, f := range again[0].Tasks[0].Frames {
		assert.Equal(t, own[i].Func, f.Func)
		assert.Equal(t, own[i].File, f.File)
		assert.Equal(t, own[i].Line, f.Line)
		assert.Equal(t, own[i].Module, f.Module)
	}
	d.Decode(&r, &tally)
	assert.Equal(t, 1, tally.Decoded, "what has a line stays as it is")
}

// Functions of one size in two builds would get lines of the wrong one: one that differs spoils the report.
func TestReportsOfAnotherBuildAreLeft(t *testing.T) {
	k := openKernel(t, build(t, "-g"))
	r := report(k, t, deepest(k, t))
	r.Tasks[0].Frames = append(r.Tasks[0].Frames, kernelreport.Frame{Func: "start_kernel", Offset: "0x1", Size: "0x999"})
	before := slices.Clone(r.Tasks[0].Frames)
	d, err := NewDecoder(k, "")
	require.NoError(t, err)
	var tally Tally
	d.Decode(&r, &tally)
	assert.Equal(t, before, r.Tasks[0].Frames)
	assert.Zero(t, tally.Decoded)
	assert.Equal(t, 3, tally.Left)
	require.Len(t, tally.Reasons(), 1)
	assert.Contains(t, tally.Reasons()[0], "start_kernel is ")
}

func TestAnswersAreKeptByBuildID(t *testing.T) {
	path, dir := build(t, "-g"), t.TempDir()
	k := openKernel(t, path)
	off := deepest(k, t)
	d, err := NewDecoder(k, dir)
	require.NoError(t, err)
	first := report(k, t, off)
	d.Decode(&first, &Tally{})
	require.NoError(t, d.Close())
	file := filepath.Join(dir, k.BuildID()+".json")
	require.FileExists(t, file)

	k = openKernel(t, path)
	d, err = NewDecoder(k, dir)
	require.NoError(t, err)
	again := report(openKernel(t, path), t, off)
	d.Decode(&again, &Tally{})
	assert.Equal(t, first, again)
	assert.Nil(t, k.lines, "no need to read the debug information again")

	// Neither damage nor another format is believed.
	for _, text := range []string{"{", `{"format": 99, "answers": {}}`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		d, err = NewDecoder(openKernel(t, path), dir)
		require.NoError(t, err)
		again = report(k, t, off)
		d.Decode(&again, &Tally{})
		assert.Equal(t, first, again)
		require.NoError(t, d.Close())
	}

	other := openKernel(t, build(t, "-g", "-O1"))
	assert.NotEqual(t, k.BuildID(), other.BuildID())
}

// TestAgreesWithAddr2line compares every byte of the code, and with SYMBOLS_VMLINUX also some of a real kernel's.
func TestAgreesWithAddr2line(t *testing.T) {
	for _, flags := range [][]string{{"-g", "-gdwarf-5"}, {"-g", "-gdwarf-4"}, {"-g1"}} {
		path := build(t, flags...)
		k := openKernel(t, path)
		k.mustFind(t, "outer")
		var addrs []uint64
		for _, same := range k.functions {
			for _, f := range same {
				for off := range f.size {
					addrs = append(addrs, f.addr+off)
				}
			}
		}
		agree, files, differ := compare(t, k, path, addrs)
		assert.Empty(t, differ, "%v", flags)
		assert.Zero(t, files)
		assert.Greater(t, agree, 100)
	}
	if path := os.Getenv("SYMBOLS_VMLINUX"); path != "" {
		k := openKernel(t, path)
		k.mustFind(t, "start_kernel")
		all := 0
		for _, same := range k.functions {
			all += len(same)
		}
		var addrs []uint64
		for name, same := range k.functions {
			for _, f := range same {
				if strings.HasPrefix(name, "__pfx_") || f.size < 32 || int(f.addr>>4)%(1+all/4000) != 0 {
					continue
				}
				addrs = append(addrs, f.addr+f.size/3)
			}
		}
		slices.Sort(addrs) // names share addresses
		addrs = slices.Compact(addrs)
		agree, files, differ := compare(t, k, path, addrs)
		deep := 0
		for _, a := range addrs {
			if p, _ := k.At(a); len(p) > 1 {
				deep++
			}
		}
		t.Logf("%d of %d addresses agree with addr2line, %d more but for the file; at %d something is inlined", agree, len(addrs), files, deep)
		for _, d := range differ {
			t.Log(d)
		}
		assert.Empty(t, differ)
	}
}

// compare asks addr2line and k for the same addresses. Both must name the same functions, files and lines; functions that
// addr2line does not know are not held against k. files counts those that agree but for a file: addr2line of binutils
// 2.40 says the unit's own file for code that a macro of a header makes, where readelf's decoded table has the header.
func compare(t *testing.T, k *Kernel, path string, addrs []uint64) (agree, files int, differ []string) {
	t.Helper()
	var in strings.Builder
	for _, a := range addrs {
		fmt.Fprintf(&in, "%#x\n", a)
	}
	cmd := exec.Command("addr2line", "-i", "-f", "-a", "-e", path)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	require.NoError(t, err)
	theirs := map[uint64][]Place{}
	var at uint64
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i := 0; i < len(lines); i++ {
		if hex, ok := strings.CutPrefix(lines[i], "0x"); ok {
			at, err = strconv.ParseUint(hex, 16, 64)
			require.NoError(t, err)
			continue
		}
		place, _, _ := strings.Cut(lines[i+1], " (")
		colon := strings.LastIndexByte(place, ':')
		n, _ := strconv.Atoi(place[colon+1:])
		theirs[at] = append(theirs[at], Place{Func: lines[i], File: place[:colon], Line: n})
		i++
	}
	for _, a := range addrs {
		ours, err := k.At(a)
		if err != nil && theirs[a][0].Line == 0 {
			agree++ // neither knows
			continue
		}
		if same(ours, theirs[a], true) {
			agree++
			continue
		}
		if same(ours, theirs[a], false) {
			files++
			continue
		}
		differ = append(differ, fmt.Sprintf("%#x: %v (%v), addr2line %v", a, ours, errors.Unwrap(err), theirs[a]))
	}
	return agree, files, differ
}

func same(ours, theirs []Place, file bool) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if ours[i].Line != theirs[i].Line || file && filepath.Base(ours[i].File) != filepath.Base(theirs[i].File) ||
			ours[i].Func != "" && theirs[i].Func != "??" && bare(ours[i].Func) != bare(theirs[i].Func) {
			return false
		}
	}
	return true
}

// bare is a name as its aliases have it: memmove, __memmove.
func bare(fn string) string { return strings.TrimLeft(fn, "_") }
