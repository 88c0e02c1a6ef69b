package nightly

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// KernelsOf lists the kernels of a suite as they are tonight, with each of its
// flavours; nothing is built yet.
func KernelsOf(ctx context.Context, s Suite) (list []Kernel, err error) {
	for _, source := range s.Kernels {
		var some []Kernel
		switch {
		case source.Name != "":
			some, err = namedKernel(source.Name)
		case source.Debian != "":
			name := "debian-" + source.Debian
			some = []Kernel{{Label: name, Ref: name, Source: "debian:" + source.Debian}}
		case source.Git != "":
			some, err = branchKernels(ctx, source.Git, source.Branches)
		default:
			some, err = imageKernels(source.Images)
		}
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			more, err := flavoured(k, s.Flavours)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	for i, k := range list {
		if slices.ContainsFunc(list[:i], func(o Kernel) bool { return o.Label == k.Label }) {
			return nil, errs.Usagef("the suite names kernel %s twice", k.Label)
		}
	}
	return list, nil
}

// flavoured is a kernel with each flavour, "" being itself. Only kernels that we
// build can have one.
func flavoured(k Kernel, flavours []string) (list []Kernel, err error) {
	if len(flavours) == 0 {
		return []Kernel{k}, nil
	}
	for _, f := range flavours {
		with := k
		_, named := kernel.Named(k.Ref)
		switch {
		case f == "":
		case k.Source != "":
			with.Label, with.Flavours = k.Label+"+"+f, []string{f}
		case named == nil:
			with.Label, with.Ref = k.Label+"+"+f, k.Ref+"+"+f
		default:
			continue
		}
		if f != "" {
			if _, err := (kernel.Spec{Name: "x"}).With(f); err != nil {
				return nil, err
			}
		}
		list = append(list, with)
	}
	return list, nil
}

// namedKernel is a kernel of the catalogue, or an existing one.
func namedKernel(name string) ([]Kernel, error) {
	if _, err := kernel.Named(name); err != nil {
		images, err := cache.Open("")
		if err != nil {
			return nil, err
		}
		if _, err := kernel.Resolve(images, name); err != nil {
			return nil, err
		}
	}
	return []Kernel{{Label: name, Ref: name}}, nil
}

// branchKernels are the tips of branches.
func branchKernels(ctx context.Context, dir string, branches []string) (list []Kernel, err error) {
	repo, err := gittree.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, branch := range branches {
		commit, err := repo.Commit(ctx, branch)
		if err != nil {
			return nil, err
		}
		list = append(list, Kernel{
			Label: filepath.Base(repo.Dir) + "/" + branch, Ref: Built(commit), Source: repo.Dir, Commit: commit,
		})
	}
	return list, nil
}

// imageKernels are the files of a directory.
func imageKernels(dir string) (list []Kernel, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errs.Usagef("kernel images: %w", err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		path, err := filepath.Abs(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, Kernel{Label: entry.Name(), Ref: path})
	}
	if len(list) == 0 {
		return nil, errs.Usagef("kernel images: %s holds no file", dir)
	}
	return list, nil
}
