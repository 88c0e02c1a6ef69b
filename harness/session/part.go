package session

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// Part runs a campaign that is a part of something greater, or goes on with it:
// spec.Part names it. Where what it was begun with is gone, a kernel or the image,
// it begins anew.
func (e *Session) Part(ctx context.Context, st *store.Store, spec campaign.Spec) (campaign.Outcome, error) {
	stored, found, err := st.FindPart(spec.Part)
	if err != nil {
		return campaign.Outcome{}, err
	}
	if found {
		if err := sameCampaign(stored.Manifest, spec); err != nil {
			e.Report(progress.Event{Kind: progress.Note, Step: step, Text: fmt.Sprintf("%s begins anew: %v", spec.Part, err)})
			found = false
		}
	}
	if found {
		return e.Resume(ctx, stored, spec)
	}
	return e.Run(ctx, st, spec)
}

// sameCampaign says what keeps trials of spec from going on with a run.
func sameCampaign(m store.Manifest, spec campaign.Spec) error {
	if len(m.Arms) != len(spec.Arms) || m.Seed != spec.Seed {
		return errors.New("it was laid out in another way")
	}
	for i, a := range m.Arms {
		if a.KernelHash != spec.Arms[i].Kernel.ImageHash {
			return fmt.Errorf("the kernel of arm %s has changed", a.Name)
		}
	}
	return sameMachine(m, spec)
}
