package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"loopfault/errs"

	goqmp "github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sync/errgroup"
)

// DumpLimit is the most bytes that a dump of a guest with so much memory takes:
// pages that do not compress are stored as they are, with a descriptor each.
func DumpLimit(memoryMiB int) int64 { return int64(memoryMiB+memoryMiB/64+16) << 20 }

// Dump writes the guest's memory to an empty file, compressed, in the format of
// makedumpfile that crash(8) and drgn read. It needs no help from the guest, not
// even a working kernel. The vCPUs are stopped meanwhile, and resumed afterwards. A
// dump that is not finished when ctx ends, or that outgrows DumpLimit, is cut off.
// A guest allows only one dump, whole or not.
func (g *Guest) Dump(ctx context.Context, to *os.File) error {
	over, cancel := context.WithCancel(context.Background())
	defer cancel()
	events, err := g.monitor.Events(over)
	if err == nil {
		err = g.monitor.Execute(ctx, "dump-guest-memory", map[string]any{
			"paging": false, "detach": true, "format": "kdump-zlib", "protocol": "file:" + g.dump,
		}, nil)
	}
	if err == nil {
		group, cut := errgroup.WithContext(ctx)
		// Without a reader QEMU's next write fails, and it gives up.
		context.AfterFunc(cut, func() { _ = g.conns.dump.Close() })
		group.Go(func() error { return unflatten(g.conns.dump, to, DumpLimit(g.spec.MemoryMiB)) })
		group.Go(func() error { return dumped(cut, events, g.opts.Timeouts.Command) })
		err = group.Wait()
	}
	if err == nil {
		err = nameKernel(to)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return &errs.Error{Class: errs.Infrastructure, Message: "dump the memory of guest " + g.spec.Name, Err: err}
	}
	return nil
}

// dumped waits for QEMU's event at the end of the dump, so that the guest runs
// again when it returns; once the dump is cut off, it waits no longer than grace.
func dumped(cut context.Context, events <-chan goqmp.Event, grace time.Duration) error {
	done := cut.Done()
	var patience <-chan time.Time
	for {
		select {
		case event, open := <-events:
			if !open {
				return errors.New("qemu is gone")
			}
			if event.Event != "DUMP_COMPLETED" {
				continue
			}
			result, _ := event.Data["result"].(map[string]any)
			if result["status"] != "completed" {
				return fmt.Errorf("qemu: %v: %v", result["status"], event.Data["error"])
			}
			return nil
		case <-done:
			done, patience = nil, time.After(grace)
		case <-patience:
			return cut.Err()
		}
	}
}
