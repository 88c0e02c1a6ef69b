package kernel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
)

// How long steps take where nothing was measured yet: processor time of a whole
// build, between what a quick and a slow machine took, wall time of the rest.
const (
	estimateCPU    = 22 * time.Minute
	estimateUnpack = 12 * time.Second
	estimateScan   = 5 * time.Second
	estimateConfig = 8 * time.Second
	estimatePatch  = 15 * time.Second
)

// What make prints and leaves on the way to a bzImage with the built-in
// fragments: lines of output, and objects that configuring alone makes.
const (
	defaultLines  = 2300
	configObjects = 100
)

// tools is what a kernel build calls, from packages/host.txt.
var tools = []string{
	"gcc", "ld", "ar", "make", "flex", "bison", "bc", "perl", "gzip", "xz", "tar", "patch", "cmp", "find",
	"/usr/include/stdio.h", "/usr/include/gelf.h", "/usr/include/openssl/ssl.h",
}

// kbuild runs make for one object tree.
type kbuild struct {
	*tree
	*objTree
	report  progress.Func
	jobs    int
	release string // appended to the kernel's version, so that uname tells builds apart
	log     io.Writer
	vars    []string           // of make, beside those that all builds have
	may     func(setting) bool // which settings a source may have no option for; nil: none
}

// make runs the kernel's own make. Who, where and when are pinned, and so is the
// absence of a Rust compiler, whose version would go into the configuration:
// equal inputs give equal bytes, also on another machine.
func (k *kbuild) make(ctx context.Context, line func(string), vars ...string) error {
	tool, err := packages.Find("make")
	if err != nil {
		return err
	}
	argv := []string{
		tool, "-C", k.src, "O=" + k.obj(), "ARCH=x86_64", fmt.Sprintf("-j%d", k.jobs),
		"LOCALVERSION=" + k.release, "KBUILD_BUILD_USER=loopfault", "KBUILD_BUILD_HOST=loopfault",
		"KBUILD_BUILD_VERSION=1", "RUSTC=no-rustc", "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
	}
	err = command.Command{Argv: slices.Concat(argv, k.vars, vars), Dir: k.src, Lock: k.lock.File(), Log: k.log, Line: line}.Run(ctx)
	// Sources that change later must be younger than anything made here.
	now := time.Now()
	if f, e := os.Create(k.stampPath()); e == nil {
		f.Close()
		os.Chtimes(k.stampPath(), now, now)
	}
	return err
}

// configure makes obj/.config from tinyconfig and the settings, unless the one
// there was made from the same, and returns it. It works in a directory of its
// own, since older tinyconfigs start from the .config that is there, whatever
// KCONFIG_CONFIG says. An equal .config is left alone: a new time alone would make
// kbuild look at everything.
func (k *kbuild) configure(ctx context.Context, want []setting, inputs string) (config, error) {
	final := filepath.Join(k.obj(), ".config")
	st := k.load()
	if text, err := os.ReadFile(final); err == nil && st.ConfigInputs == inputs {
		return parseConfig(text), nil
	}
	step := k.report.Begin("kernel.configure", "making the kernel's configuration", estimateConfig)
	defer step.End()
	c := *k
	c.objTree = &objTree{dir: k.file("configuring")}
	if err := os.RemoveAll(c.objTree.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.obj(), 0o755); err != nil {
		return nil, err
	}
	defer os.RemoveAll(c.objTree.dir)
	part := filepath.Join(c.obj(), ".config")
	if err := c.make(ctx, nil, "tinyconfig"); err != nil {
		return nil, fmt.Errorf("tinyconfig: %w", err)
	}
	if err := apply(part, want); err != nil {
		return nil, err
	}
	if err := c.make(ctx, nil, "olddefconfig"); err != nil {
		return nil, fmt.Errorf("olddefconfig: %w", err)
	}
	text, err := os.ReadFile(part)
	if err != nil {
		return nil, errs.Infraf("olddefconfig left no configuration: %w", err)
	}
	got := parseConfig(text)
	if dropped := got.check(want); len(dropped) > 0 {
		if dropped = k.spare(dropped); len(dropped) > 0 {
			return nil, explainDropped(k.src, got, dropped)
		}
	}
	if old, err := os.ReadFile(final); err != nil || !bytes.Equal(old, text) {
		if err := os.Rename(part, final); err != nil {
			return nil, err
		}
	}
	st.ConfigInputs = inputs
	return got, k.save(st)
}

// apply replaces settings in a configuration file.
func apply(file string, want []setting) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return errs.Infraf("tinyconfig left no configuration: %w", err)
	}
	ours := map[string]bool{}
	for _, s := range want {
		ours[s.symbol] = true
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(text)) {
		l := strings.TrimSpace(line)
		m := setLine.FindStringSubmatch(l)
		if m == nil {
			m = unsetLine.FindStringSubmatch(l)
		}
		if m == nil || !ours[m[1]] {
			out.WriteString(line)
		}
	}
	for _, s := range want {
		fmt.Fprintln(&out, s)
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// configInputs tells whether a configuration must be made again: the settings,
// the source, and what patches do to the files that configurations come from.
func configInputs(sourceHash, compiler string, want []setting, o *overlay) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, formatVersion, sourceHash, compiler)
	for _, s := range want {
		fmt.Fprintln(h, s)
	}
	for _, p := range o.touched() {
		if !shapesConfig(p) {
			continue
		}
		c, err := readContent(filepath.Join(o.src, p))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %v %x\n", p, c.absent, sha256.Sum256(c.data))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func shapesConfig(p string) bool {
	return strings.HasPrefix(path.Base(p), "Kconfig") || strings.HasPrefix(p, "scripts/") ||
		strings.HasSuffix(p, ".config") || p == "Makefile"
}

var buildLine = regexp.MustCompile(`^  [A-Z][A-Z0-9_]* +\S`)

// build makes the bzImage and reports how far it is.
func (k *kbuild) build(ctx context.Context, name string) error {
	st := k.load()
	text, estimate, total := "building kernel "+name, estimatePatch, int64(0)
	have := k.objects()
	resumed := have > configObjects
	if st.Complete {
		text += ", what differs from the last one"
	} else {
		total = int64(max(defaultLines-have, 1))
		estimate = time.Duration(float64(estimateCPU) / float64(k.jobs) * float64(total) / defaultLines)
	}
	step := k.report.Begin("kernel.make", text, estimate)
	defer step.End()
	began, done := time.Now(), int64(0)
	err := k.make(ctx, func(line string) {
		if buildLine.MatchString(line) {
			done++
			if total > 0 {
				total = max(total, done+1)
			}
			step.Advance(done, total)
		}
	}, append(k.compiler(resumed || st.Complete), "bzImage")...)
	if err != nil {
		return err
	}
	if st.Complete {
		return nil
	}
	if !resumed {
		st.Lines, st.Took = int(done), time.Since(began)
	}
	st.Complete = true
	return k.save(st)
}

// compiler makes an object tree go through ccache where that is installed. One that
// was begun without stays so: kbuild compiles everything again when the command
// changes.
func (k *kbuild) compiler(begun bool) []string {
	mark := k.file("ccache")
	if _, err := os.Stat(mark); begun && err != nil {
		return nil
	}
	tool, err := packages.Find("ccache")
	if err != nil || os.WriteFile(mark, nil, 0o644) != nil {
		return nil
	}
	return []string{"CC=" + tool + " gcc"}
}

var compilerError = regexp.MustCompile(`(?m)^.*(?:: error: |: fatal error: |: undefined reference to |\*\*\* ).*$`)

// explain turns a failed make into one line with the first error in it.
func explain(err error, s Spec, logFile string) error {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Evidence == "" {
		return err
	}
	text, readErr := os.ReadFile(logFile)
	if readErr != nil {
		text = []byte(e.Evidence)
	}
	if bytes.Contains(text, []byte("No space left on device")) {
		full := errs.Infraf("disk full while building kernel %s", s.Name)
		full.Evidence = e.Evidence
		return full
	}
	first := strings.TrimSpace(string(compilerError.Find(text)))
	if first == "" {
		first = e.Error()
	}
	out := errs.Infraf("kernel %s does not build: %s (all output: %s)", s.Name, first, logFile)
	if len(s.Patches)+len(s.Fragments) > 0 || !strings.HasPrefix(s.Source, DebianPrefix) {
		out.Class = errs.Usage
	}
	out.Evidence = e.Evidence
	return out
}
