package nightly

import (
	"fmt"
	"slices"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/results/known"
	"loopfault/results/summary"
)

// The policy: records of nights stay, they are small, and rates are compared with
// them. Runs of nights beyond the last keep.nights are removed when a night is over.
// When less than keep.free is left before a cell, runs of the oldest nights are
// removed, one night after the other, except the last night before this one, which
// is compared with. Runs with a hang that the known list names always stay, and so
// does whatever nightly did not make. A kernel built from a commit is removed with
// its last run; the others are few, and keep their names from night to night.

// forget removes the runs of old nights.
func (r *runner) forget() error {
	for len(r.past)+1 > r.suite.Keep.Nights {
		if err := r.remove(r.past[0]); err != nil {
			return err
		}
		r.past = r.past[1:]
	}
	return nil
}

// makeRoom removes the runs of the oldest nights while there is too little disk
// space.
func (r *runner) makeRoom() error {
	low, err := r.Low()
	for i := 0; err == nil && low; i++ {
		if i >= len(r.past)-1 {
			return cells.ErrFull
		}
		if err := r.remove(r.past[i]); err != nil {
			return err
		}
		low, err = r.Low()
	}
	return err
}

func (r *runner) remove(n *Night) error {
	if n.Removed {
		return nil
	}
	for _, c := range n.Cells {
		if c.Row == nil || r.referred(c) {
			continue
		}
		if err := r.Remove(c.Row.Run); err != nil {
			return err
		}
	}
	if n.Engine != "" { // what its shards printed
		if err := fleet.Remove(n.Fleet(), false); err != nil {
			return err
		}
	}
	r.tell(fmt.Sprintf("removed the runs of %s", n.Name()))
	n.Removed = true
	for _, k := range n.Kernels {
		if k.Commit != "" && !r.needed(k) {
			if err := r.Drop(k); err != nil {
				return err
			}
		}
	}
	return n.Save()
}

// needed reports whether the kernel is used tonight, or by a run that is kept.
func (r *runner) needed(k Kernel) bool {
	same := func(o Kernel) bool { return o.Ref == k.Ref && slices.Equal(o.Flavours, k.Flavours) }
	if slices.ContainsFunc(r.Kernels, same) {
		return true
	}
	return slices.ContainsFunc(r.past, func(n *Night) bool {
		return slices.ContainsFunc(n.Cells, func(c Cell) bool {
			return same(n.kernel(c.Kernel)) && c.Row != nil && (!n.Removed || r.referred(c))
		})
	})
}

// referred says whether the known list names a hang of the cell, expired or not.
func (r *runner) referred(c Cell) bool {
	return slices.ContainsFunc(c.Row.Signatures, func(s summary.Signature) bool {
		return slices.ContainsFunc(r.suite.Known, func(k known.Issue) bool { return k.Covers(c.where(), s.Hang()) })
	})
}
