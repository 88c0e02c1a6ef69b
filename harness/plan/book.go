package plan

import "loopfault/results/store"

// Book is a plan laid out once, in which the trials of all its shards are looked up. It
// takes memory for each trial of the whole plan, which has to have an end.
type Book struct {
	whole  Request
	trials []booked // by number, from 1 on
}

type booked struct {
	store.Planned
	round int
	lead  bool // the round is one of controls alone
}

// Book lays the whole plan out, whatever shard the request is of.
func (r Request) Book() *Book {
	r.Shard = store.Shard{}
	b := &Book{whole: r, trials: make([]booked, 0, r.whole())}
	for round := range r.rounds() {
		for _, p := range round.trials {
			b.trials = append(b.trials, booked{p, round.number, round.lead})
		}
	}
	return b
}

// Find is trial n of a shard, and false if it has none of that number.
func (b *Book) Find(shard store.Shard, n int) (store.Planned, bool) {
	if n >= 1 && n <= len(b.trials) {
		t := b.trials[n-1]
		return t.Planned, b.whole.has(shard, t.round, t.lead)
	}
	if len(b.whole.Controls) == 0 {
		return store.Planned{}, false
	}
	behind := n - b.whole.whole() - 1
	at := behind/len(b.whole.Controls) - controlAgain
	if behind < 0 || at < 0 || shard.Of == 0 || at%shard.Of != shard.Number-1 || at/shard.Of >= controlAgain+leadRounds+b.whole.Trials {
		return store.Planned{}, false
	}
	r := b.whole
	r.Shard = shard
	return r.own(at / shard.Of)[behind%len(r.Controls)], true
}

// IsAgain says whether trial n is one that a shard runs again, of a control that has not hung.
func (b *Book) IsAgain(shard store.Shard, n int) bool {
	behind := n - b.whole.whole() - 1
	return behind >= 0 && (behind/len(b.whole.Controls)-controlAgain)/shard.Of < controlAgain
}

// Count is the number of trials in a shard's part of the plan.
func (b *Book) Count(shard store.Shard) int {
	r := b.whole
	r.Shard = shard
	return r.Count()
}
