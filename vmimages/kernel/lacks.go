package kernel

import (
	"fmt"
	"slices"
)

// bootFragments are what any guest needs to boot and to be talked to, whatever is run in it.
var bootFragments = []string{"10-x86-guest.config", "20-userland.config", "30-virtio.config"}

// mayLack returns which settings' options a source may lack: those that were not requested
// by name, and that neither boot nor any scenario needs.
func (b *Builder) mayLack(r *recipe) func(setting) bool {
	own := map[string]bool{}
	for _, f := range r.Fragments {
		list, _ := f.settings() // were read before
		for _, s := range list {
			own[s.symbol] = true
		}
	}
	return func(s setting) bool {
		return b.Needed != nil && !own[s.symbol] && !slices.Contains(bootFragments, s.from.fragment) && !slices.Contains(b.Needed, "CONFIG_"+s.symbol)
	}
}

// spare removes from the dropped settings those that the source may lack, with a note for
// each.
func (k *kbuild) spare(dropped []setting) (left []setting) {
	symbols := declared(k.src)
	for _, s := range dropped {
		if k.may == nil || !k.may(s) || symbols[s.symbol] {
			left = append(left, s)
			continue
		}
		k.report.Note("kernel.configure", fmt.Sprintf("%s (%s) is left out: this source has no such option, and no scenario needs it", s, s.from))
	}
	return left
}
