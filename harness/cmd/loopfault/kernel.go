package main

import (
	"context"
	"fmt"

	"loopfault/errs"
	"loopfault/results/report/text"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

type kernelCmd struct {
	Build  kernelBuildCmd  `cmd:"" help:"Build kernels: names of the catalogue, or a new name with a source, patches and fragments."`
	Fetch  kernelFetchCmd  `cmd:"" help:"Download kernel sources from Debian's archive into the cache, to build from them later without a network."`
	Add    kernelAddCmd    `cmd:"" help:"Import a kernel as a distribution ships it."`
	List   kernelListCmd   `cmd:"" help:"List built kernels, and those the catalogue can build."`
	Config kernelConfigCmd `cmd:"" help:"Print the configuration of a kernel."`
	Remove kernelRemoveCmd `cmd:"" help:"Remove built kernels, and free their disk space."`
	Calls  kernelCallsCmd  `cmd:"" help:"List the calls in a kernel function that the fault callsite can fail."`
}

type kernelBuildCmd struct {
	Names        []string `arg:"" name:"name" help:"Name of a kernel of the catalogue, or of a new one. Several names of the catalogue are built one after the other. NAME@SERIES is that kernel of another series of Linux, as in stock@7.3; NAME+FLAVOUR is that kernel with a flavour, as in stock+lockdep."`
	Source       string   `placeholder:"DIR|debian:6.12" help:"Directory of a kernel source, or debian:VERSION for one of any suite of Debian's archive, which is downloaded."`
	Patch        []string `sep:"none" placeholder:"FILE" help:"Patch to apply, plain or mailbox; repeatable, in order."`
	ReversePatch []string `sep:"none" placeholder:"FILE" help:"Patch to take out; repeatable, after the others."`
	Flavour      []string `placeholder:"lockdep|kasan|debuginfo|gcov" help:"What to add to the kernel: detectors (lockdep, kasan), debug information (debuginfo), or counts of the code that ran (gcov). Its name then ends in +FLAVOUR. Repeatable."`
	Fragment     []string `sep:"none" placeholder:"FILE" help:"File of kernel configuration options, added after the built-in ones; repeatable."`
}

func (c kernelBuildCmd) Run(ctx context.Context, e *env) error {
	b, err := e.Builder()
	if err != nil {
		return err
	}
	own := kernel.Own{Source: c.Source, Patches: c.Patch, Reversed: c.ReversePatch, Fragments: c.Fragment}
	if own.Given() && len(c.Names) > 1 {
		return errs.Usagef("--source, --patch, --reverse-patch and --fragment take one name, got %d", len(c.Names))
	}
	for _, name := range c.Names {
		spec, err := own.Spec(name, c.Flavour...)
		if err != nil {
			return err
		}
		built, err := b.Ensure(ctx, spec)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, built.Line())
	}
	return nil
}

type kernelFetchCmd struct {
	Versions []string `arg:"" name:"version" optional:"" default:"${series}" help:"Kernel versions, as in 7.3, of which Debian has a source package in any suite. Default: ${series}, the series of kernels that are named without one. What is there already is not downloaded again."`
}

func (c kernelFetchCmd) Run(ctx context.Context, e *env) error {
	b, err := e.Builder()
	if err != nil {
		return err
	}
	for _, version := range c.Versions {
		path, err := b.FetchSource(ctx, version)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %s\n", version, path)
	}
	return nil
}

type kernelListCmd struct{}

func (kernelListCmd) Help() string {
	return "A kernel is outdated when this version of loopfault has other patches or options under its name. It is built " +
		"again when a command needs it; a campaign that was begun with it goes on with it."
}

// kernelsOutput is what kernel list --json prints.
type kernelsOutput struct {
	Kernels []kernel.Row `json:"kernels"`
}

func (kernelListCmd) Run(e *env) error {
	store, err := cache.Open("")
	if err != nil {
		return err
	}
	rows, err := kernel.Rows(store)
	if err != nil {
		return err
	}
	return e.table(text.Rows(rows), kernelsOutput{rows})
}

type kernelRemoveCmd struct {
	Names []string `arg:"" name:"name" help:"Names as kernel list prints them, or patterns, as in 'bisect-*'."`
}

func (c kernelRemoveCmd) Run(ctx context.Context, e *env) error {
	store, err := cache.Open("")
	if err != nil {
		return err
	}
	names, err := kernel.Remove(store, c.Names...)
	for _, name := range names {
		fmt.Fprintf(e.stdout, "%s: removed\n", name)
	}
	return err
}

type kernelConfigCmd struct {
	Kernel string `arg:"" help:"Name of a build, or a kernel build tree."`
}

func (c kernelConfigCmd) Run(ctx context.Context, e *env) error {
	store, err := cache.Open("")
	if err != nil {
		return err
	}
	text, err := kernel.ConfigOf(store, c.Kernel)
	if err != nil {
		return err
	}
	_, err = e.stdout.Write(text)
	return err
}
