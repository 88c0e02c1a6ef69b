package session

import (
	"fmt"
	"time"

	"loopfault/harness/campaign"
	"loopfault/harness/plan"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/progress"
)

// How long a trial takes beyond its scenario's own time, before any has been
// measured: a boot and bring-up under emulation, where there is one, and umount.
const (
	guessBoot   = 12 * time.Second
	guessUmount = 3 * time.Second
)

// campaignProgress turns a campaign's news into events for the status line.
type campaignProgress struct {
	report  progress.Func
	plan    plan.Request
	total   int // with those of controls that are tried again
	bound   time.Duration
	jobs    int
	began   time.Time
	before  int // trials that were complete when this process began
	done    int
	running string
	guess   time.Duration
}

const step = "campaign"

// newCampaignProgress begins with so many trials done.
func newCampaignProgress(report progress.Func, spec campaign.Spec, done int) *campaignProgress {
	p := &campaignProgress{
		before: done, done: done,
		report: report, plan: spec.Plan(), total: spec.Plan().Count(), bound: spec.For.D(), jobs: spec.Jobs,
		began: time.Now(), guess: spec.Scenario.Run.D() + guessUmount,
	}
	if spec.Cold {
		p.guess += guessBoot
	}
	text := fmt.Sprintf("running scenario %s: %d trials", spec.Scenario.Ref(), p.total)
	if spec.Shard != (store.Shard{}) {
		text = fmt.Sprintf("running %s of scenario %s, %s: %d trials", spec.Shard, spec.Scenario.Ref(), spec.RoundsOfShard(), p.total)
	}
	if done > 0 {
		text += fmt.Sprintf(", %d of them done", done)
	}
	if p.total == 0 {
		text = fmt.Sprintf("running scenario %s", spec.Scenario.Ref())
	}
	p.report(progress.Event{Kind: progress.Begin, Step: step, Text: text, Estimate: p.left()})
	return p
}

func (p *campaignProgress) news(n campaign.Event) {
	switch {
	case n.Began != nil:
		if !n.Began.Retry && p.plan.IsAgain(n.Began.Trial) {
			p.total++
			p.report(progress.Event{Kind: progress.Note, Step: step, Text: fmt.Sprintf("%s has not hung yet: once more", n.Began.Trial.Arm)})
		}
		if n.Began.Retry {
			p.report(progress.Event{Kind: progress.Note, Step: step, Text: fmt.Sprintf("trial %d is tried again", n.Began.Trial.N)})
		}
	case n.Phase != nil:
		p.running = fmt.Sprintf("trial %d, %s: %s", n.Phase.Trial.N, n.Phase.Trial.Arm, n.Phase.Phase)
	case n.Ended != nil:
		p.done++
		p.report(progress.Event{Kind: progress.Note, Step: step, Text: trialLine(*n.Ended)})
	}
	e := progress.Event{Kind: progress.Advance, Step: step, Text: p.running, Left: p.left(), Done: int64(p.done), Total: int64(p.total)}
	if p.total == 0 {
		e.Done, e.Total = int64(time.Since(p.began).Seconds()), int64(p.bound.Seconds())
	}
	p.report(e)
}

// left estimates from the trials so far; before the first one, from a guess.
func (p *campaignProgress) left() time.Duration {
	var left time.Duration
	spent := time.Since(p.began)
	switch {
	case p.total > 0 && p.done > p.before:
		left = spent / time.Duration(p.done-p.before) * time.Duration(p.total-p.done)
	case p.total > 0:
		left = p.guess*time.Duration(p.total-p.done)/time.Duration(p.jobs) - spent
	}
	if p.bound > 0 && (left == 0 || left > p.bound-spent) {
		left = p.bound - spent
	}
	return max(left, 0)
}

func (p *campaignProgress) end() {
	p.report(progress.Event{Kind: progress.End, Step: step, Took: time.Since(p.began)})
}

// trialLine is one finished trial in one line.
func trialLine(t store.Trial) string {
	kind := string(t.Verdict.Kind)
	if c := t.Confirmed; c != nil && t.Verdict.Kind == verdict.Hang {
		kind += ", " + c.How + ","
	}
	s := fmt.Sprintf("trial %d, %s: %s after %.0f s, %d calls, %d faults landed", t.N, t.Arm, kind, t.Seconds, t.Exercised, t.Landed)
	switch {
	case t.Title != "":
		s += ": " + t.Title
	case t.Reason != "":
		s += ": " + t.Reason
	}
	switch d := t.Dump; {
	case d == nil:
	case d.Missing != "":
		s += "; no memory dump: " + d.Missing
	default:
		s += fmt.Sprintf("; memory dump of %d MiB in %.0f s", d.Bytes>>20, d.Seconds)
	}
	if t.Attempts > 1 && t.Verdict.Kind != verdict.Error {
		s += " (at the second attempt)"
	}
	return s
}
