package session

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// Part runs or resumes a campaign that is part of something larger, named by
// spec.Part. If the kernel or the image that it began with is gone, it starts
// over.
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

// sameCampaign returns why trials of spec cannot continue a run.
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
