package store

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
)

// ControlEvery says in which rounds of a plan controls take part: every fifth.
const ControlEvery = 5

// Deal is how the rounds of a plan are dealt out to its shards. Runs say it, as shards that an older version began go on
// as they began.
type Deal string

// Ways to deal.
const (
	// DealInTurn gives each shard every so many-th round. Where five divides the number of shards, all rounds with
	// controls are in the same ones: runs of older versions have it so.
	DealInTurn Deal = ""
	// DealApart deals out rounds without controls in turn, from the first shard on, and those with controls in turn from
	// the last shard back, so that shards differ by one round at most in either and in both together.
	DealApart Deal = "controls apart"
)

// UnmarshalText refuses what only a later version can know.
func (d *Deal) UnmarshalText(text []byte) error {
	switch is := Deal(text); is {
	case DealInTurn, DealApart:
		*d = is
		return nil
	}
	return fmt.Errorf("deal %.40q: this loopfault knows no such way to deal rounds out to shards", text)
}

// Has says whether a shard has a round of the plan, counted from 1.
func (d Deal) Has(s Shard, round int) bool {
	if d == DealInTurn || s == (Shard{}) {
		return s.Has(round)
	}
	if round%ControlEvery == 0 {
		return s.fromLast().Has(round / ControlEvery)
	}
	return s.Has(round - round/ControlEvery)
}

// fromLast is the shard's number when they are counted from the last on.
func (s Shard) fromLast() Shard { return Shard{s.Of + 1 - s.Number, s.Of} }

// Rounds yields the rounds that a shard has of so many, in their order; it does not look at those of others.
func (d Deal) Rounds(s Shard, of int) iter.Seq[int] {
	if s == (Shard{}) {
		s = Shard{1, 1}
	}
	return func(yield func(int) bool) {
		if d == DealInTurn {
			for round := s.Number; round <= of && yield(round); round += s.Of {
			}
			return
		}
		with, other := s.fromLast().Number, s.Number // each counted among its own kind
		for {
			a, b := with*ControlEvery, other+(other-1)/(ControlEvery-1)
			if a < b {
				with += s.Of
			} else {
				other += s.Of
			}
			if round := min(a, b); round > of || !yield(round) {
				return
			}
		}
	}
}

// RoundsOfShard lists the rounds that the run's shard has: "rounds 2, 10, 18 …".
func (t Terms) RoundsOfShard() string {
	const most = 3
	var list []string
	for round := range t.Deal.Rounds(t.Shard, cmp.Or(t.Trials, math.MaxInt32)) {
		if len(list) == most {
			return "rounds " + strings.Join(list, ", ") + " …"
		}
		list = append(list, strconv.Itoa(round))
	}
	switch len(list) {
	case 0:
		return "no round"
	case 1:
		return "round " + list[0]
	}
	return "rounds " + strings.Join(list, ", ")
}

// Cut makes the terms of a campaign those of a shard of it, or those of the campaign again.
func (t *Terms) Cut(s Shard) {
	t.Shard, t.Deal = s, DealInTurn
	if s != (Shard{}) {
		t.Deal = DealApart
	}
}
