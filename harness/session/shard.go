package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// ShardFlag is for campaigns of which several machines run a part each.
type ShardFlag struct {
	Shard store.Shard `placeholder:"I/N" help:"Run only the I-th of N parts (shards) of the plan, in whole rounds, when N machines run one each; needs --seed. If a shard was interrupted, the same command goes on with it. The command merge makes one run of all shards."`
}

// Check finds errors in the flag, for a plan of so many trials of each arm.
func (f ShardFlag) Check(trials int, seed *uint64) error {
	switch s := f.Shard; {
	case s == (store.Shard{}):
		return nil
	case seed == nil:
		return errs.Usagef("--shard needs --seed: shards are parts of one plan, which follows from its seed")
	case trials == 0:
		return errs.Usagef("--shard needs --trials: a plan without an end has no parts")
	case s.Of > trials:
		return errs.Usagef("--shard %d/%d: a plan of %d trials of each arm has as many rounds, want no more shards than that", s.Number, s.Of, trials)
	}
	return nil
}

// RunShard runs the shard of spec, or goes on with the run that has it: whoever
// starts a job again need not know how far it was. A spec without a shard is run anew.
func (e *Session) RunShard(ctx context.Context, st *store.Store, spec campaign.Spec) (campaign.Outcome, error) {
	if spec.Shard == (store.Shard{}) {
		return e.Run(ctx, st, spec)
	}
	scenario, err := json.Marshal(spec.Scenario)
	if err != nil {
		return campaign.Outcome{}, err
	}
	stored, found, err := st.Newest(func(m store.Manifest) bool {
		return sameShard(m.Terms, spec.Terms) && sameJSON(m.Scenario, scenario) && sameArms(m.Arms, spec.Arms)
	})
	if err != nil {
		return campaign.Outcome{}, err
	}
	if found {
		if err := sameMachine(stored.Manifest, spec); err != nil {
			e.Report(progress.Event{Kind: progress.Note, Step: step, Text: fmt.Sprintf("%s begins anew: %v", spec.Shard, err)})
			found = false
		}
	}
	if found {
		spec.Deal = stored.Manifest.Deal // it goes on as it began
		return e.Resume(ctx, stored, spec)
	}
	return e.Run(ctx, st, spec)
}

// sameShard says whether terms are of one shard, however its rounds were dealt out by the version that began it.
func sameShard(was, is store.Terms) bool {
	is.Deal = was.Deal
	return sameTerms(was, is)
}

func sameTerms(was, is store.Terms) bool {
	a, err := json.Marshal(was)
	b, berr := json.Marshal(is)
	return err == nil && berr == nil && bytes.Equal(a, b)
}

// sameJSON compares what manifests hold indented.
func sameJSON(was, is json.RawMessage) bool {
	var a, b bytes.Buffer
	return json.Compact(&a, was) == nil && json.Compact(&b, is) == nil && bytes.Equal(a.Bytes(), b.Bytes())
}

func sameArms(was []store.Arm, is []campaign.Arm) bool {
	if len(was) != len(is) {
		return false
	}
	for i, a := range is {
		w := was[i]
		if w.Name != a.Name || w.Control != a.Control || w.NoFault != a.NoFault || w.KernelHash != a.Kernel.ImageHash {
			return false
		}
	}
	return true
}
