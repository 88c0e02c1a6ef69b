package main

import (
	"errors"
	"fmt"

	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// part runs a campaign that is a part of something greater, or goes on with it:
// spec.Part names it. Where what it was begun with is gone, a kernel or the image,
// it begins anew.
func (e *env) part(st *store.Store, spec campaign.Spec) (campaign.Outcome, error) {
	stored, found, err := st.FindPart(spec.Part)
	if err != nil {
		return campaign.Outcome{}, err
	}
	if found {
		if err := sameCampaign(stored.Manifest, spec); err != nil {
			e.ui.Progress(progress.Event{Kind: progress.Note, Step: step, Text: fmt.Sprintf("%s begins anew: %v", spec.Part, err)})
			found = false
		}
	}
	return e.trials(spec, len(stored.Trials), func(r campaign.Runner, tell func(campaign.News)) (campaign.Outcome, error) {
		if found {
			out, err := campaign.Resume(e.ctx, stored, spec, r, tell)
			if errors.Is(err, store.ErrBusy) {
				err = usageError{err}
			}
			return out, err
		}
		return campaign.Run(e.ctx, st, spec, r, tell)
	})
}

// sameCampaign says what keeps trials of spec from going on with a run.
func sameCampaign(m store.Manifest, spec campaign.Spec) error {
	if len(m.Arms) != len(spec.Arms) || m.Seed != spec.Seed {
		return errors.New("it was laid out in another way")
	}
	for i, a := range m.Arms {
		if a.KernelHash != spec.Arms[i].Kernel.ImageHash {
			return fmt.Errorf("the kernel of arm %s is another one now", a.Name)
		}
	}
	return sameMachine(m, spec)
}
