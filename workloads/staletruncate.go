package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

// How often the flusher looks for old dirty pages, and how old they must be for it, in
// hundredths of a second: so rarely that pages stay dirty, and often. 0 would not do to hold
// them: the kernel then writes at once.
const (
	flushRarely = "60000"
	flushOften  = "100"
)

func staleTruncate(spec wire.StaleTruncate) []Worker {
	return []Worker{{
		Name: "stale/0", // root, which may set the flusher's pace and drop caches
		Run: func(ctx context.Context, env Env) error {
			// 4 drops nothing, and stops the kernel's log line per drop.
			if err := WriteKnob(dropCaches, "4"); err != nil {
				return err
			}
			for n := 0; ctx.Err() == nil; n++ {
				r := round{env: env, dir: fmt.Sprintf("stale-%04d", n), files: spec.Files}
				if err := r.stale(ctx, spec); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

func (r round) stale(ctx context.Context, spec wire.StaleTruncate) error {
	if err := setFlusher(flushRarely); err != nil {
		return err
	}
	before := evictions()
	r.env.Beat.Done(os.Mkdir(filepath.Join(r.env.Load, r.dir), 0o777))
	data := make([]byte, spec.Size)
	r.each(ctx, r.env.Load, func(path string) error { return os.WriteFile(path, data, 0o666) })
	if !r.wait(ctx, spec.Settle.D()) {
		return nil
	}
	from := r.env.Load
	if !spec.Self {
		from = r.env.Behind
		if evictions() != before {
			return nil // too early: what was dirty is lost with the session; new files
		}
		if !r.until(ctx, func() bool { return evictions() != before }) {
			return nil
		}
	}
	r.each(ctx, from, func(path string) error { return os.Truncate(path, 0) })
	if spec.Self {
		// A request of its own holds the inode until the server has it in its journal.
		if !r.wait(ctx, spec.Settle.D()) {
			return nil
		}
	} else {
		// Now the client hears of it. It holds no capabilities, so it queues no work that
		// would remove the pages.
		r.each(ctx, r.env.Load, stat)
	}
	if err := WriteKnob(dropCaches, "2"); err != nil {
		return err
	}
	if err := setFlusher(flushOften); err != nil {
		return err
	}
	r.wait(ctx, spec.Flush.D())
	return nil
}

// evictions is how often the client's session has been evicted.
func evictions() int {
	text, err := os.ReadFile(wire.EvictionsFile)
	if err != nil {
		return 0 // not yet
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func setFlusher(centiseconds string) error {
	return errors.Join(
		WriteKnob("/proc/sys/vm/dirty_expire_centisecs", centiseconds),
		WriteKnob("/proc/sys/vm/dirty_writeback_centisecs", centiseconds))
}
