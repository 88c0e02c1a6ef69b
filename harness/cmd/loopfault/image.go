package main

import (
	"context"
	"fmt"

	"loopfault/results/report/text"

	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
)

type imageCmd struct {
	Build imageBuildCmd `cmd:"" help:"Build the root image of the guests."`
	List  imageListCmd  `cmd:"" help:"List root images."`
}

type imageBuildCmd struct {
	Release string `placeholder:"NAME" env:"LOOPFAULT_RELEASE" help:"Debian release of the guests' userland: bookworm, trixie or sid; it need not be that of this machine. LOOPFAULT_RELEASE in the environment chooses it for every command. Default: bookworm."`
	Ceph    bool   `help:"Build the root image for scenarios about Ceph, which has a Ceph cluster in it. Other scenarios do not use it."`
}

func (c imageBuildCmd) Run(ctx context.Context, e *env) error {
	store, err := cache.Open("")
	if err != nil {
		return err
	}
	userland := image.DefaultSpec()
	if c.Ceph {
		userland = image.CephSpec()
	}
	img, err := e.ImageOf(ctx, store, userland, c.Release)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, img.Line())
	return nil
}

type imageListCmd struct{}

// imagesOutput is what image list --json prints.
type imagesOutput struct {
	Images []image.Row `json:"images"`
}

func (imageListCmd) Run(e *env) error {
	c, err := cache.Open("")
	if err != nil {
		return err
	}
	rows, err := image.Rows(c)
	if err != nil {
		return err
	}
	return e.table(text.Rows(rows), imagesOutput{rows})
}
