package workloads

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

func pages(spec wire.Pages) []Worker {
	return processes("pages", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, i int) error {
		mem, err := unix.Mmap(-1, 0, int(spec.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			return fmt.Errorf("map %s of memory: %w", spec.Size, err)
		}
		defer unix.Munmap(mem)
		held := make([]uint64, len(mem)/pageSize) // the generation that each page holds
		for first := true; ctx.Err() == nil; first = false {
			for _, n := range env.Rand.Perm(len(held)) {
				if ctx.Err() != nil {
					break
				}
				page := mem[n*pageSize:][:pageSize]
				want := blockID{file: uint64(i), block: uint64(n), generation: held[n]}
				write := first || env.Rand.IntN(pageReads) == 0
				if err := holds(page, want); err != nil {
					env.found(wire.DataCorruption, "a page came back from swap changed", "page %d: %v", n, err)
					write = true // or it would be found at each visit
				}
				if write {
					held[n]++
					want.generation = held[n]
					want.fill(page)
				}
				if !first { // until then nothing was swapped, and the pace is that of memory
					env.Beat.Done(nil)
				}
			}
		}
		return nil
	})
}

// pageReads is how many visits of a page there are for one that also writes. A page that was only read is dropped without being
// written to swap again, so that memory gets free sooner, and more is swapped in.
const pageReads = 4

// holds says what is wrong with a page, if it is not the one that was written.
func holds(page []byte, want blockID) error {
	got, err := readBlock(page)
	switch {
	case err != nil:
		return err
	case want.generation == 0 && got == blockID{}:
		return nil // not written yet
	case got == blockID{}:
		return fmt.Errorf("it is empty instead of page %d of process %d, generation %d", want.block, want.file, want.generation)
	case got != want:
		return fmt.Errorf("it is page %d of process %d, generation %d, instead of page %d of process %d, generation %d",
			got.block, got.file, got.generation, want.block, want.file, want.generation)
	}
	return nil
}
