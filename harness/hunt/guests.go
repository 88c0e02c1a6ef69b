package hunt

import (
	"context"
	"fmt"
	"time"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/evidence"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Guests runs turns in real guests.
type Guests struct {
	Session *session.Session
	Store   *store.Store
	Flags   session.GuestFlags
	Kernel  string
	Known   []known.Issue
}

// Turn runs trials, or goes on with them; 0 trials are as many as guests run at the same time.
func (g *Guests) Turn(ctx context.Context, part string, ref scenario.Ref, seed uint64, trials int, trialSeed *uint64) (Turn, error) {
	s, text, err := session.FindScenario(ref)
	if err != nil {
		return Turn{}, err
	}
	spec, err := g.Session.Campaign(ctx, s, text, session.Only(g.Kernel), g.Flags)
	if err != nil {
		return Turn{}, err
	}
	if trials == 0 {
		if trials = g.Flags.Jobs; trials == 0 {
			trials = max(1, spec.DefaultJobs())
		}
	}
	spec.Trials, spec.Seed, spec.TrialSeed, spec.Part, spec.Until, spec.Known = trials, seed, trialSeed, part, store.UntilHang, g.Known
	began := time.Now()
	out, err := g.Session.Part(ctx, g.Store, spec)
	if err != nil {
		return Turn{}, err
	}
	stored, err := g.Store.Load(out.Run.Name)
	if err != nil {
		return Turn{}, err
	}
	stored.Manifest.Known = g.Known // the list of today: a hang may be on it because an earlier call found it
	return look(stored, time.Since(began).Seconds())
}

// look reads what the trials left. Those that another call of the program ran took their time then, not now.
func look(stored store.Stored, seconds float64) (Turn, error) {
	t := Turn{Run: stored.Run.Name, Dir: stored.Run.Dir, Trials: stored.Trials, Seconds: seconds}
	for i := range t.Trials {
		one := &t.Trials[i]
		t.Seconds = max(t.Seconds, one.Seconds)
		near, err := nearness(stored.Run, *one)
		if err != nil {
			return Turn{}, err
		}
		t.Near = max(t.Near, near)
		kind := one.Verdict.Kind
		if t.Hung != nil || kind != verdict.Hang && kind != verdict.Crash || stored.Manifest.KnownIssue(*one) != nil {
			continue
		}
		t.Hung = one
		all, err := stored.Run.Reports(one.N)
		if err != nil {
			return Turn{}, err
		}
		for _, r := range all {
			if verdict.KindOf(r.Kind) == kind && verdict.Proves(r.Detector) {
				t.Reports = append(t.Reports, r)
			}
		}
	}
	return t, nil
}

func nearness(run *store.Run, one store.Trial) (float64, error) {
	file, err := run.Open(fmt.Sprintf("trials/%04d/%s", one.N, evidence.History))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return Nearness(one, file)
}
