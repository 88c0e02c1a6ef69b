package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loopfault/workloads/wire"
)

// boxDir is where a box has its mount.
const boxDir = "/mnt/box"

func container(spec wire.Container) []Worker {
	workers := make([]Worker, spec.Processes)
	for i := range workers {
		workers[i] = Worker{
			Name: fmt.Sprintf("%s/%d", containerKind(spec), i), // root, which may make namespaces
			Run: func(ctx context.Context, env Env) error {
				_, options, err := loopback()
				if err != nil {
					return err
				}
				home, err := threadNamespaces(boxNamespaces...)
				if err != nil {
					return err
				}
				defer home.close()
				if err := os.MkdirAll(boxDir, 0o755); err != nil {
					return err
				}
				for round := 0; ctx.Err() == nil; round++ {
					c := containers{env: env, spec: spec, home: home, options: options, name: fmt.Sprintf("%s-%d", env.fileName(), round)}
					if err := c.round(ctx); err != nil {
						env.Beat.Done(err)
						pause(ctx, lookAgain)
					}
				}
				return nil
			},
		}
	}
	return workers
}

// containerKind tells the workloads of one scenario apart.
func containerKind(spec wire.Container) string {
	if spec.Network == "" || spec.Network == wire.NetworkKept {
		return "container"
	}
	return "container-" + spec.Network
}

// containers are the boxes of one round.
type containers struct {
	env     Env
	spec    wire.Container
	home    namespaces
	options string
	name    string // of their hosts, with a number
	boxes   []*box
	relay   *relayProcess
}

// round makes boxes, lets their processes work for a while, and kills them all at once.
func (c *containers) round(ctx context.Context) error {
	err := c.begin()
	if err == nil {
		until := time.Now().Add(c.spec.For.D())
		if err = c.fill(ctx, until); err == nil {
			pause(ctx, Jitter(c.env.Rand, c.spec.For.D())) // the last one's processes have to come to something, too
			err = c.disturb()
		}
	}
	var writers []*Process
	for _, b := range c.boxes {
		writers = append(writers, b.writers...)
	}
	end(writers, true) // with the last process of each box its mount goes
	for _, b := range c.boxes {
		err = errors.Join(err, b.close())
	}
	if c.relay != nil {
		err = errors.Join(err, c.relay.end())
	}
	return err
}

// begin makes the boxes and their relay.
func (c *containers) begin() error {
	var listeners []*os.File
	for n := range c.spec.Boxes {
		b, err := newBox(c.home, fmt.Sprintf("%s-%d", c.name, n))
		if err != nil {
			return err
		}
		c.boxes = append(c.boxes, b)
		listeners = append(listeners, b.listener)
	}
	relay, err := startRelay(listeners)
	c.relay = relay
	return err
}

// fill has mounts and processes in as many boxes as it comes to.
func (c *containers) fill(ctx context.Context, until time.Time) error {
	for n, b := range c.boxes {
		if n > 0 && (ctx.Err() != nil || time.Now().After(until)) {
			return nil
		}
		load := fmt.Sprintf("%s-%d", c.env.fileName(), n) // no other box writes to the same files
		if err := os.MkdirAll(filepath.Join(c.env.Load, load), 0o777); err != nil {
			return err
		}
		err := b.fill(c.home, c.env, boxDir, c.options, load, c.spec.Writers)
		c.env.Beat.Done(err)
		if err != nil {
			return err
		}
	}
	return nil
}

// disturb does to the network what is to be done when the processes are killed.
func (c *containers) disturb() error {
	switch c.spec.Network {
	case wire.NetworkSilent:
		return c.relay.order(relayOrder{Silent: c.spec.Silent})
	case wire.NetworkGone:
		err := c.relay.reset()
		c.relay = nil
		for _, b := range c.boxes {
			err = errors.Join(err, b.cut(c.home))
		}
		return err
	}
	return nil
}
