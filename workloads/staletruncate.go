package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loopfault/workloads/wire"
)

// How often the flusher looks for old dirty pages, and how old they must be for it, in
// hundredths of a second: so rarely that pages stay dirty, and often. 0 would not do to hold
// them: the kernel then writes at once.
const (
	flushRarely = "60000"
	flushOften  = "100"
)

// lookEvery is how often a worker that waits looks whether it can go on.
const lookEvery = 200 * time.Millisecond

func staleTruncate(spec wire.StaleTruncate) []Worker {
	return []Worker{{
		Name: "stale/0", // root, which may set the flusher's pace and drop caches
		Run: func(ctx context.Context, env Env) error {
			// 4 drops nothing, and stops the kernel's log line per drop.
			if err := WriteKnob("/proc/sys/vm/drop_caches", "4"); err != nil {
				return err
			}
			for round := 0; ctx.Err() == nil; round++ {
				s := stale{StaleTruncate: spec, env: env, dir: fmt.Sprintf("stale-%04d", round)}
				if err := s.round(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

// stale is one round of the workload. Operations on files may fail, and are counted; an
// error means that the round cannot be had at all.
type stale struct {
	wire.StaleTruncate
	env Env
	dir string
}

func (s stale) round(ctx context.Context) error {
	if err := setFlusher(flushRarely); err != nil {
		return err
	}
	s.env.Beat.Done(os.Mkdir(filepath.Join(s.env.Load, s.dir), 0o777))
	data := make([]byte, s.Size)
	s.each(ctx, s.env.Load, func(path string) error { return os.WriteFile(path, data, 0o666) })
	if !s.wait(ctx, s.Settle.D()) {
		return nil
	}
	from := s.env.Load
	if !s.Self {
		from = s.env.Behind
		if !s.evicted(ctx) {
			return nil
		}
	}
	s.each(ctx, from, func(path string) error { return os.Truncate(path, 0) })
	// Now the client hears of it. It holds no capabilities, so it queues no work that would
	// remove the pages.
	s.each(ctx, s.env.Load, func(path string) error {
		_, err := os.Stat(path)
		return err
	})
	if err := WriteKnob("/proc/sys/vm/drop_caches", "2"); err != nil {
		return err
	}
	if err := setFlusher(flushOften); err != nil {
		return err
	}
	s.wait(ctx, s.Flush.D())
	return nil
}

// each does an operation on all files, in an order that the seed decides.
func (s stale) each(ctx context.Context, load string, do func(path string) error) {
	for _, n := range s.env.Rand.Perm(s.Files) {
		if ctx.Err() != nil {
			return
		}
		s.env.Beat.Done(do(filepath.Join(load, s.dir, fmt.Sprintf("file-%03d", n))))
	}
}

// wait lets time pass, and reports whether to go on.
func (s stale) wait(ctx context.Context, d time.Duration) bool {
	for began := time.Now(); time.Since(began) < d; s.env.Beat.Done(nil) {
		if !pause(ctx, lookEvery) {
			return false
		}
	}
	return true
}

// evicted waits until the client's session is evicted once more, and reports whether it
// was.
func (s stale) evicted(ctx context.Context) bool {
	for before := evictions(); evictions() == before; s.env.Beat.Done(nil) {
		if !pause(ctx, lookEvery) {
			return false
		}
	}
	return true
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
