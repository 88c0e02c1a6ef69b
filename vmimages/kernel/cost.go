package kernel

// cost is what a debugging option costs its guest.
type cost struct {
	slower float64 // times the processor time, measured on a boot under TCG
	fixed  int     // MiB of memory that are gone once it has booted
	share  int     // and one of so many parts of all memory, 0 for none
}

// costs were measured on 6.12: a boot takes 2.9 s of processor time, 5.4 with
// lockdep, 14.0 with KASAN; of 256, 512 and 768 MiB the stock kernel leaves 225,
// 477 and 727, lockdep 195, 446 and 697, KASAN 142, 361 and 580.
var costs = map[string]cost{
	"PROVE_LOCKING": {slower: 1.9, fixed: 31},
	"KASAN":         {slower: 4.8, fixed: 54, share: 8},
}

// packaged is how many times longer a distribution's kernel takes to boot: it has
// everything, and loads it. Measured twice each under TCG, on a busy host: until the
// agent answers, stock takes 6.5 and 6.7 s of the host's processor, Debian's 6.1 takes
// 15.8 and 18.3, its 6.12 takes 18.0 and 19.5.
const packaged = 2.8

// Slowness is how many times longer than the stock kernel this one takes for the
// same work, 1 if unknown.
func (b Build) Slowness() float64 {
	times := 1.0
	if b.Initrd != "" {
		times = packaged
	}
	for _, option := range b.Instrumentation {
		if c, ok := costs[option]; ok {
			times *= c.slower
		}
	}
	return times
}

// MemoryFor is how much memory, in MiB, a guest of this kernel needs for its
// programs to have as much as with room MiB under the stock kernel: memory
// pressure should come from the scenario, not from debugging options.
func (b Build) MemoryFor(room int) int {
	parts := 1.0
	for _, option := range b.Instrumentation {
		c := costs[option]
		room += c.fixed
		if c.share > 0 {
			parts -= 1 / float64(c.share)
		}
	}
	return int(float64(room)/parts + 0.5)
}
