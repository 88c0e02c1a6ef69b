package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/debian"
	"loopfault/vmimages/progress"
)

// Builder builds kernels into a cache. Several may share one cache, in this or
// other processes.
type Builder struct {
	Cache  *cache.Cache
	Report progress.Func // may be nil
	Jobs   int           // parallel compilers; 0 means one for each processor
	// Needed are the options of the built-in fragments that a source has to have, as in
	// CONFIG_NFSD, beside those that guests boot with; of others that it lacks a note is
	// made. nil means all of them.
	Needed []string

	tarballs string // for tests; empty means debianDir
	// fetch is for tests, nil means that of debian.Archive.
	fetch func(ctx context.Context, name string, use func(deb string, v debian.Version) error) error
}

// Ensure returns the build of a spec, from the cache or newly made, and binds
// s.Name to it. It reports Usage errors for what is wrong with the spec and
// Infrastructure errors for what is wrong with the machine; when ctx ends it stops
// make and returns ctx's error, and the next call goes on from there.
func (b *Builder) Ensure(ctx context.Context, s Spec) (Build, error) {
	r, err := b.prepare(ctx, s)
	if err != nil {
		return Build{}, err
	}
	sum, err := r.source.hash(ctx)
	if err != nil {
		return Build{}, err
	}
	if built, ok := b.cached(r.key(sum)); ok {
		return b.named(built, s.Name)
	}
	t, err := openTree(ctx, b.Cache, b.Report, r.source.id(), "building kernel "+s.Name)
	if err != nil {
		return Build{}, err
	}
	defer t.close()
	if sum, err = r.source.bring(ctx, t); err != nil {
		return Build{}, err
	}
	// Another process may have built it while we waited, and a directory may have changed.
	built, ok := b.cached(r.key(sum))
	if !ok {
		if built, err = b.build(ctx, r, t, sum); err != nil {
			return Build{}, err
		}
	}
	return b.named(built, s.Name)
}

func (b *Builder) cached(key string) (Build, bool) {
	built, err := load(b.Cache.Path(roomBuilds, key))
	return built, err == nil
}

func (b *Builder) build(ctx context.Context, r *recipe, t *tree, sourceHash string) (Build, error) {
	began, key := time.Now(), r.key(sourceHash)
	instrumented, err := b.patch(ctx, r, t)
	if err != nil {
		return Build{}, err
	}
	if err := b.Cache.Need(spaceObj, "build kernel "+r.Name); err != nil {
		return Build{}, err
	}
	logFile := b.Cache.Path(roomLogs, key+".log")
	if err := os.MkdirAll(filepath.Dir(logFile), 0o755); err != nil {
		return Build{}, err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return Build{}, errs.Infraf("cannot write build log: %w", err)
	}
	defer log.Close()
	o := &objTree{dir: filepath.Join(t.dir, "config-"+r.configID())}
	k := &kbuild{tree: t, objTree: o, report: b.Report, jobs: b.jobs(), release: "-lf-" + key[:8], log: log, may: b.mayLack(r)}
	if profiled(r.settings) {
		k.vars = append(k.vars, profileVar())
	}
	got, err := b.compile(ctx, r, k, sourceHash)
	if err != nil {
		return Build{}, explain(err, r.Spec, logFile)
	}
	built := Build{
		Name: r.Name, Key: key, Source: r.Source, Commit: r.Commit, SourceHash: sourceHash, Compiler: r.compiler, Recipe: r.id(),
		Patches: append([]AppliedPatch{}, r.patches...), InstrumentationPatches: instrumented, Instrumentation: got.instrumentation(),
		Built: time.Now().UTC().Truncate(time.Second), Took: time.Since(began),
	}
	for _, f := range r.Fragments {
		built.Fragments = append(built.Fragments, f.Name)
	}
	return b.publish(o, built)
}

func (b *Builder) jobs() int {
	if b.Jobs > 0 {
		return b.Jobs
	}
	return runtime.NumCPU()
}

// patch patches the tree's sources as the recipe says, and returns the
// instrumentation that was applied.
func (b *Builder) patch(ctx context.Context, r *recipe, t *tree) (instrumented []AppliedPatch, err error) {
	scratch, err := os.MkdirTemp(t.dir, "patching-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	p := &patcher{root: t.src, scratch: scratch, read: t.overlay.pristine}
	if err := p.applyAll(ctx, r.Patches); err != nil {
		return nil, err
	}
	if instrumented, err = p.instrument(ctx, r.instrumentation); err != nil {
		return nil, err
	}
	want, err := p.result()
	if err != nil {
		return nil, err
	}
	return instrumented, t.overlay.set(want)
}

// compile configures and builds, between the marks that let a later build know
// whether this one came to an orderly end.
func (b *Builder) compile(ctx context.Context, r *recipe, k *kbuild, sourceHash string) (config, error) {
	if err := os.MkdirAll(k.obj(), 0o755); err != nil {
		return nil, err
	}
	if died, err := k.recover(); err != nil {
		return nil, err
	} else if died {
		b.Report.Note("kernel.resume", "an earlier build was cut short: going on without what it wrote last")
	}
	if err := k.begin(); err != nil {
		return nil, err
	}
	inputs, err := configInputs(sourceHash, r.compiler, r.settings, k.overlay)
	if err != nil {
		return nil, err
	}
	if b.Needed != nil { // the tolerated options depend on it
		inputs += fmt.Sprintf("-%x", sha256.Sum256([]byte(strings.Join(b.Needed, " "))))
	}
	got, err := k.configure(ctx, r.settings, inputs)
	if err == nil {
		err = k.build(ctx, r.Name)
	}
	if !errors.Is(err, command.ErrDirty) {
		err = errors.Join(err, k.end())
	}
	return got, err
}

// publish copies what a guest needs out of the object tree.
func (b *Builder) publish(o *objTree, built Build) (Build, error) {
	dir, err := b.Cache.Stage(roomBuilds, built.Key)
	if err != nil {
		return Build{}, err
	}
	version, err := os.ReadFile(filepath.Join(o.obj(), "include/config/kernel.release"))
	if err != nil {
		return Build{}, errs.Infraf("the kernel build left no version: %w", err)
	}
	built.Version = strings.TrimSpace(string(version))
	for from, to := range map[string]string{
		"arch/x86/boot/bzImage": fileBzImage, "vmlinux": fileVmlinux, "System.map": fileSystemMap, ".config": fileConfig,
	} {
		sum, err := copyFile(filepath.Join(o.obj(), from), filepath.Join(dir, to))
		if err != nil {
			return Build{}, errs.Infraf("the kernel build left no %s: %w", from, err)
		}
		switch to {
		case fileBzImage:
			built.ImageHash = sum
		case fileConfig:
			built.ConfigHash = sum
		}
	}
	if built.Counts() {
		if err := publishNotes(o.obj(), dir); err != nil {
			return Build{}, err
		}
	}
	text, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return Build{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, fileRecord), append(text, '\n'), 0o644); err != nil {
		return Build{}, err
	}
	// Remove an unreadable record; nothing can be using it.
	if err := os.RemoveAll(b.Cache.Path(roomBuilds, built.Key)); err != nil {
		return Build{}, err
	}
	final, err := b.Cache.Publish(roomBuilds, built.Key)
	if err != nil {
		return Build{}, err
	}
	return load(final)
}

func copyFile(from, to string) (sum string, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return "", err
	}
	defer out.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, h), in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), out.Close()
}
