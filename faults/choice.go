package faults

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// Choice says which of the opportunities for a fault are taken.
type Choice struct {
	// First and Every choose by number: First is the number of the hit at which the fault begins (counted from
	// 1, the default), and from there every Every-th is taken (1, the default, means all).
	First int `json:"first,omitempty" yaml:"first"`
	Every int `json:"every,omitempty" yaml:"every"`
	// Probability is the chance of each hit that was so chosen, in percent, drawn from the trial's seed.
	Probability int `json:"probability" yaml:"probability"`
	// Times is how often it happens at most; the fault then stops by itself.
	Times int `json:"times" yaml:"times"`
}

func (c Choice) String() string {
	s := fmt.Sprintf("probability %d %%, at most %d times", c.Probability, c.Times)
	if c.First > 1 {
		s += fmt.Sprintf(", from the %d. on", c.First)
	}
	if c.Every > 1 {
		s += fmt.Sprintf(", every %d.", c.Every)
	}
	return s
}

// chooser counts opportunities and choices. Hits are concurrent with readers.
type chooser struct {
	Choice
	mu     sync.Mutex
	rand   *rand.Rand
	came   int64
	landed int64
}

// seed makes the draws a function of a number and the fault's name.
func (c *chooser) seed(seed uint64, name string) { c.rand = newRand(seed, name) }

// next counts one opportunity and says whether it is chosen. Only land counts it as
// landed.
func (c *chooser) next() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.came++
	n := c.came - int64(max(c.First, 1))
	if n < 0 || n%int64(max(c.Every, 1)) != 0 || c.landed >= int64(c.Times) {
		return false
	}
	return c.drawLocked(100) < int64(c.Probability)
}

// draw returns a number in [0, n).
func (c *chooser) draw(n int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drawLocked(n)
}

func (c *chooser) drawLocked(n int64) int64 {
	if c.rand == nil {
		c.seed(0, "")
	}
	return c.rand.Int64N(n)
}

// land counts one that happened, and says whether it was the last one.
func (c *chooser) land() (done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.landed++
	return c.landed >= int64(c.Times)
}

func (c *chooser) counts() (came, landed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.came, c.landed
}
