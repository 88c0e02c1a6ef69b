package kernel

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

const (
	plain    = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
	patchedA = "one\n2\nthree\nfour\nfive\nsix\nseven\n"
	patchedB = "one\ntwo\nthree\nfour\n5\nsix\nseven\n"
)

func TestOneFilePatchCompilesOneFile(t *testing.T) {
	b := newBench(t)
	stock, files := b.build(b.spec("stock"))
	assert.ElementsMatch(t, []string{"fs/a.c", "fs/b.c", "fs/c.c"}, files)
	assert.Equal(t, plain, image(t, stock))
	assert.Equal(t, "9.9.9-lf-"+stock.Key[:8], stock.Version)
	assert.FileExists(t, stock.Config)
	assert.FileExists(t, stock.Vmlinux)
	assert.FileExists(t, stock.SystemMap)
	assert.Contains(t, stock.Instrumentation, "FAILSLAB")

	fix, files := b.build(b.spec("fix", patchOf("a.patch", diffA)))
	assert.Equal(t, []string{"fs/a.c"}, files)
	assert.Equal(t, patchedA, image(t, fix))
	require.Len(t, fix.Patches, 1)
	assert.Equal(t, "fs: count in digits", fix.Patches[0].Summary)

	// The object of the patched file must not survive into the next kernel.
	other, files := b.build(b.spec("other", patchOf("b.patch", diffB)))
	assert.ElementsMatch(t, []string{"fs/a.c", "fs/b.c"}, files)
	assert.Equal(t, patchedB, image(t, other))
	assert.NotEqual(t, fix.Key, other.Key)
}

func TestEqualInputsAreOneBuildUnderTwoNames(t *testing.T) {
	b := newBench(t)
	first, _ := b.build(b.spec("one"))
	second, _ := b.build(b.spec("two"))
	assert.Equal(t, first.Key, second.Key)
	assert.Equal(t, "two", second.Name)
	assert.Len(t, b.saw(progress.Begin), 4, "scan, copy, configure and make, once each")
	list, err := List(b.Cache)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "one", list[0].Name)
	assert.Equal(t, "two", list[1].Name)
}

func TestReverseAndSeveralPatches(t *testing.T) {
	b := newBench(t)
	both, _ := b.build(b.spec("both", patchOf("a.patch", diffA), patchOf("b.patch", diffB)))
	assert.Equal(t, "one\n2\nthree\nfour\n5\nsix\nseven\n", image(t, both))
	mbox, _ := b.build(b.spec("mbox", patchOf("series.mbox", diffA+"\nFrom 123 Mon Sep 17 00:00:00 2001\nSubject: [PATCH 2/2] b\n\n---\n"+diffB)))
	assert.Equal(t, "one\n2\nthree\nfour\n5\nsix\nseven\n", image(t, mbox))

	write(t, b.source, map[string]string{"fs/a.c": "one\n2\nthree\n"})
	undo := patchOf("a.patch", diffA)
	undo.Reverse = true
	undone, _ := b.build(b.spec("undone", undo))
	assert.Equal(t, plain, image(t, undone))
	assert.True(t, undone.Patches[0].Reverse)
}

func TestPatchesThatAddAndRemoveFiles(t *testing.T) {
	b := newBench(t)
	b.build(b.spec("stock"))
	added, files := b.build(b.spec("added", patchOf("add.patch", "--- /dev/null\n+++ b/fs/d.c\n@@ -0,0 +1 @@\n+eight\n")))
	assert.Equal(t, []string{"fs/d.c"}, files)
	assert.Equal(t, plain+"eight\n", image(t, added))
	removed, _ := b.build(b.spec("removed", patchOf("rm.patch", "diff --git a/fs/c.c b/fs/c.c\ndeleted file mode 100644\n--- a/fs/c.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-seven\n")))
	assert.Equal(t, "one\ntwo\nthree\nfour\nfive\nsix\n", image(t, removed), "and fs/d.c is gone again")
}

func TestBuildThatDoesNotCompile(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{"fs/b.c": "#error\n"})
	_, err := b.Ensure(context.Background(), b.spec("broken"))
	require.ErrorContains(t, err, "kernel broken does not build: fs/b.c:1:2: error: #error was said")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	assert.Contains(t, errs.EvidenceOf(err), "CC      fs/b.c")
	write(t, b.source, map[string]string{"fs/b.c": "four\nfive\nsix\n"})
	built, _ := b.build(b.spec("broken"))
	assert.Equal(t, plain, image(t, built))
	assert.Empty(t, b.saw(progress.Note), "a failed make is an orderly end")
}

func TestTwoBuildersAtOnce(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	builds := make([]Build, 4)
	for i := range builds {
		wg.Go(func() {
			var err error
			builds[i], err = b.Ensure(context.Background(), b.spec("stock"))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, built := range builds {
		assert.Equal(t, builds[0].Key, built.Key)
		assert.Equal(t, plain, image(t, built))
	}
	makes := 0
	for _, text := range b.saw(progress.Begin) {
		if text == "building kernel stock" {
			makes++
		}
	}
	assert.Equal(t, 1, makes)
	require.NotEmpty(t, b.saw(progress.Wait))
	assert.Contains(t, b.saw(progress.Wait)[0], "(building kernel stock)")
}

func TestCancelledBuildGoesOnNextTime(t *testing.T) {
	b := newBench(t)
	b.Jobs = 1 // so that a.c and b.c are done when c.c begins
	write(t, b.source, map[string]string{"fs/c.c": "#slow\n"})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := b.Ensure(ctx, b.spec("slow"))
		done <- err
	}()
	require.Eventually(t, func() bool { return compiling(t, b, "fs/c.c") }, 20*time.Second, 20*time.Millisecond)
	cancel()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(15 * time.Second):
		t.Fatal("a cancelled build did not end")
	}
	assert.Zero(t, running(t, b.Cache.Path()), "processes left behind")
	write(t, b.source, map[string]string{"fs/c.c": "seven\n"})
	built, files := b.build(b.spec("slow"))
	assert.Equal(t, plain, image(t, built))
	assert.Equal(t, []string{"fs/c.c"}, files)
	assert.Empty(t, b.saw(progress.Note), "make was asked to stop and did so in order")
}

// compiling reports whether some make has begun with a file.
func compiling(t *testing.T, b *bench, file string) bool {
	t.Helper()
	logs, err := filepath.Glob(b.Cache.Path(roomLogs, "*.log"))
	require.NoError(t, err)
	for _, l := range logs {
		if text, err := os.ReadFile(l); err == nil && strings.Contains(string(text), "  CC      "+file+"\n") {
			return true
		}
	}
	return false
}

// glob returns the objects of a name in all object trees.
func glob(t *testing.T, b *bench, object string) []string {
	t.Helper()
	found, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "config-*", "obj", object))
	require.NoError(t, err)
	return found
}

func TestBadSpecs(t *testing.T) {
	b := newBench(t)
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"name":       {Spec{Name: "a/b", Source: b.source}, `kernel name "a/b"`},
		"no source":  {Spec{Name: "x"}, "no kernel source given"},
		"no dir":     {Spec{Name: "x", Source: filepath.Join(empty, "nowhere")}, "no such file"},
		"a file":     {Spec{Name: "x", Source: file}, "is not a directory"},
		"not kernel": {Spec{Name: "x", Source: empty}, "is no kernel source tree: it has no Makefile"},
		"version":    {Spec{Name: "x", Source: "debian:"}, "expected debian:VERSION"},
	} {
		_, err := b.Ensure(context.Background(), c.spec)
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}

func TestMissingToolNamesItsPackage(t *testing.T) {
	b := newBench(t)
	t.Setenv("PATH", t.TempDir())
	_, err := b.Ensure(context.Background(), b.spec("x"))
	require.ErrorContains(t, err, "missing gcc, ld")
	assert.ErrorContains(t, err, "install the Debian packages gcc binutils make flex bison bc")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
}

// An object tree that was begun without ccache would be compiled once more for it.
func TestCcacheIsUsedFromTheBeginningOrNot(t *testing.T) {
	b := newBench(t)
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	compilers := func(source string, patches ...Patch) []string {
		s := b.spec("k", patches...)
		if source != "" {
			s.Source = source
		}
		b.build(s)
		var all []string
		found, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "*", "obj", "compiler"))
		require.NoError(t, err)
		for _, f := range found {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			all = append(all, strings.TrimSpace(string(text)))
		}
		return all
	}
	if _, err := packages.Find("ccache"); err == nil {
		t.Skip("ccache is installed here")
	}
	without := compilers("")
	require.Len(t, without, 1)

	ccache := filepath.Join(bin, "ccache")
	require.NoError(t, os.WriteFile(ccache, []byte("#!/bin/sh\n"), 0o755))
	assert.Equal(t, without, compilers("", patchOf("a.patch", diffA)))
	other := fakeTree(t)
	write(t, other, map[string]string{"fs/d.c": "eight\n"})
	assert.ElementsMatch(t, append(without, ccache+" gcc"), compilers(other))
}
