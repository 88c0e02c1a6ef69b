package main

import (
	"context"

	"loopfault/harness/fleet"
)

type fleetSubmitCmd struct {
	Campaign string `arg:"" help:"What to run: a file that the command bundle made; or a scenario or a stored run, which is packed first, as bundle does it."`
	packFlags
	Shards int    `required:"" placeholder:"N" help:"Parts to cut the campaign into; each runs on one host."`
	Engine string `placeholder:"E" enum:"local,slurm,kubernetes" default:"local" help:"What runs the shards: local (processes of this host), slurm, or kubernetes (for which a manifest is written). Default: ${default}."`
	Dir    string `placeholder:"DIR" help:"Directory of the fleet, which every host has to see under the same name. Default: the name of the bundle, the scenario or the run with .fleet, here. If the fleet was stopped or interrupted, the same command goes on with it."`
	Jobs   int    `type:"count" placeholder:"J" help:"Guests of a shard that run at the same time. Default: with --engine local as for run, otherwise 1."`
	Detach bool   `help:"Return once the shards are submitted, instead of waiting for their end."`
	siteFlags
}

// siteFlags are what an engine is told about the site.
type siteFlags struct {
	Slots  int      `placeholder:"N" help:"Shards that run at the same time. Default: 1 with --engine local, otherwise as many as there is room for."`
	Sbatch []string `sep:"none" placeholder:"OPTION" help:"With --engine slurm: a further option for sbatch, as in --sbatch=--partition=lab. Repeatable."`
	Image  string   `placeholder:"IMAGE" help:"With --engine kubernetes: container image that has QEMU."`
	Claim  string   `placeholder:"NAME" help:"With --engine kubernetes: name of the PersistentVolumeClaim for the volume that holds the fleet's directory."`
	KVM    string   `name:"kvm-resource" placeholder:"NAME" help:"With --engine kubernetes: name of the resource by which a device plugin gives /dev/kvm to a pod, as in devices.kubevirt.io/kvm."`
}

// order is what an engine is asked for.
func (s siteFlags) order(engine string, jobs int) fleet.Order {
	o := fleet.Order{Engine: fleet.Kind(engine), Slots: s.Slots, Jobs: jobs, Sbatch: s.Sbatch}
	if s.Image != "" || s.Claim != "" || s.KVM != "" {
		o.Pods = &fleet.Pods{Image: s.Image, Claim: s.Claim, KVM: s.KVM}
	}
	return o
}

func (c *fleetSubmitCmd) Run(ctx context.Context, e *env) error {
	order := c.order(c.Engine, c.Jobs)
	order.Shards = c.Shards
	f, err := fleet.Asked{Campaign: c.packing(c.Campaign), Dir: c.Dir, Order: order}.Make(ctx, &e.Session)
	if err != nil {
		return err
	}
	engine, err := f.Engine()
	if err != nil {
		return err
	}
	if c.Detach && order.Engine == fleet.Local {
		if err := f.Detach(ctx, e.Command[1:]); err != nil {
			return err
		}
		return e.submitted(ctx, f, engine)
	}
	defer engine.Close()
	if err := f.Begin(ctx, engine); err != nil {
		return err
	}
	if c.Detach || order.Engine == fleet.Kubernetes {
		return e.submitted(ctx, f, engine)
	}
	return e.follow(ctx, f, engine)
}
