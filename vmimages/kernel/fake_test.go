package kernel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/progress"
)

// fakeMakefile builds a "kernel" out of the files in fs/ with the targets and
// variables that a real tree has. Compiling is copying; a source that says
// #error fails; one that says #slow takes long.
const fakeMakefile = `
VERSION = 9
PATCHLEVEL = 9
O ?= .
KCONFIG_CONFIG ?= $(O)/.config
OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard fs/*.c))

tinyconfig:
	@mkdir -p $(O)
	@printf 'CONFIG_EXPERT=y\nCONFIG_SLUB_TINY=y\n' > $(KCONFIG_CONFIG)

# Keeps what Kconfig declares and does not call broken.
olddefconfig:
	@awk 'FILENAME == "Kconfig" { if ($$1 == "config") { s = $$2; ok[s] = 1 } if ($$3 == "BROKEN") ok[s] = 0; next } \
		match($$0, /CONFIG_[A-Za-z0-9_]+/) { if (ok[substr($$0, RSTART + 7, RLENGTH - 7)]) print }' \
		Kconfig $(KCONFIG_CONFIG) > $(KCONFIG_CONFIG).new
	@mv $(KCONFIG_CONFIG).new $(KCONFIG_CONFIG)

$(O)/fs/%.o: fs/%.c
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@if grep -q '#error' $<; then echo '$<:1:2: error: #error was said' >&2; exit 1; fi
	@if grep -q '#slow' $<; then sleep 61; fi
	@cp $< $@
	@touch $@.cmd

bzImage: $(OBJS)
	@mkdir -p $(O)/arch/x86/boot $(O)/include/config
	@echo '$(CC)' > $(O)/compiler
	@$(foreach obj,fs/nfs fs/nfs/blocklayout fs/nfsdata mm,$(if $(GCOV_PROFILE),mkdir -p $(O)/$(obj) && touch $(O)/$(obj)/x.gcno $(O)/$(obj)/x.o;)) true
	@echo '  LD      vmlinux'
	@cat $(sort $(OBJS)) > $(O)/vmlinux
	@(cat $(O)/vmlinux; echo "version $(LOCALVERSION)") > $(O)/arch/x86/boot/bzImage
	@echo map > $(O)/System.map
	@echo 9.9.9$(LOCALVERSION) > $(O)/include/config/kernel.release
`

// fakeTree writes a source tree that package kernel takes for a kernel.
func fakeTree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "linux")
	write(t, dir, map[string]string{
		"Makefile":           fakeMakefile,
		"Kconfig":            fakeKconfig(t),
		"arch/x86/Makefile":  "",
		".gitignore":         "*.o\n.*\n!.gitignore\n",
		"fs/a.c":             "one\ntwo\nthree\n",
		"fs/b.c":             "four\nfive\nsix\n",
		"fs/c.c":             "seven\n",
		"fs/stale.o":         "a product of somebody's build",
		".config":            "CONFIG_SOMEBODYS=y\n",
		"scripts/gen.sh":     "#!/bin/sh\n",
		"Documentation/x.rs": "text\n",
	})
	require.NoError(t, os.Chmod(filepath.Join(dir, "scripts/gen.sh"), 0o755))
	require.NoError(t, os.Symlink("a.c", filepath.Join(dir, "fs/link.h")))
	return dir
}

// fakeKconfig declares what the built-in fragments ask for, and more.
func fakeKconfig(t *testing.T, more ...string) string {
	t.Helper()
	settings, err := merge(append(BaseFragments(), versionFragments(version{9, 9})...))
	require.NoError(t, err)
	for _, s := range settings {
		more = append(more, s.symbol)
	}
	var kconfig strings.Builder
	kconfig.WriteString("config EXPERT\n\tbool\nconfig EXTRA\n\tbool\nconfig UNMET\n\tdepends on BROKEN\n")
	for _, symbol := range more {
		fmt.Fprintf(&kconfig, "config %s\n\tbool\n", symbol)
	}
	return kconfig.String()
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// bench is a builder over a fake tree, with a record of what it reported.
type bench struct {
	*Builder
	t      *testing.T
	source string
	mu     sync.Mutex
	events []progress.Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c, err := cache.Open(filepath.Join(t.TempDir(), "cache"))
	require.NoError(t, err)
	b := &bench{t: t, source: fakeTree(t)}
	b.Builder = &Builder{Cache: c, Jobs: 2, Report: func(e progress.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	}}
	return b
}

func (b *bench) spec(name string, patches ...Patch) Spec {
	return Spec{Name: name, Source: b.source, Patches: patches}
}

// build ensures a spec and returns the build and the files that were compiled.
func (b *bench) build(s Spec) (Build, []string) {
	b.t.Helper()
	built, err := b.Ensure(context.Background(), s)
	require.NoError(b.t, err)
	return built, b.compiled(built)
}

// compiled reads the log of the make that made a build.
func (b *bench) compiled(built Build) []string {
	text, err := os.ReadFile(b.Cache.Path(roomLogs, built.Key+".log"))
	require.NoError(b.t, err)
	var files []string
	for line := range strings.Lines(string(text)) {
		if file, ok := strings.CutPrefix(line, "  CC      "); ok {
			files = append(files, strings.TrimSpace(file))
		}
	}
	return files
}

func (b *bench) saw(kind progress.Kind) (texts []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Kind == kind {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

func image(t *testing.T, b Build) string {
	t.Helper()
	text, err := os.ReadFile(b.BzImage)
	require.NoError(t, err)
	body, _, _ := strings.Cut(string(text), "version ")
	return body
}

// diffA changes "two" to "2" in fs/a.c, as a mail would carry it.
const diffA = `From: Somebody <s@example.org>
Subject: [PATCH] fs: count in digits

Because.
---
 fs/a.c | 2 +-

--- a/fs/a.c
+++ b/fs/a.c
@@ -1,3 +1,3 @@
 one
-two
+2
 three
-- 
2.39.5
`

const diffB = `--- a/fs/b.c
+++ b/fs/b.c
@@ -1,3 +1,3 @@
 four
-five
+5
 six
`

func patchOf(name, text string) Patch { return Patch{Name: name, Text: []byte(text)} }
