package reproduce

import (
	"context"
	"slices"
	"sync"

	"loopfault/harness/campaign"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// matcher searches the reports of each trial for the wanted hangs.
type matcher struct {
	campaign.Runner
	wanted []kernelreport.Report

	mu    sync.Mutex
	alike map[int]match.Match // by trial
}

// around makes it check the results of a runner's trials.
func (m *matcher) around(r campaign.Runner) campaign.Runner {
	m.Runner = r
	return m
}

func (m *matcher) Trial(ctx context.Context, p store.Planned, dir string, phase func(string)) (store.Trial, []kernelreport.Report, error) {
	t, reports, err := m.Runner.Trial(ctx, p, dir, phase)
	if err != nil || t.Verdict.Kind != verdict.Hang {
		return t, reports, err
	}
	var hangs []match.Stored
	for _, r := range reports {
		if verdict.KindOf(r.Kind) == verdict.Hang && verdict.Proves(r.Detector) {
			hangs = append(hangs, match.Stored{Sighting: match.Sighting{Trial: p.N, Arm: p.Arm, Detector: r.Detector}, Report: r})
		}
	}
	var best *match.Match
	for _, w := range m.wanted {
		ranked := match.Rank(w, hangs)
		if i := slices.IndexFunc(ranked, match.Match.Alike); i >= 0 && (best == nil || ranked[i].Score > best.Score) {
			best = &ranked[i]
		}
	}
	if best != nil {
		m.mu.Lock()
		m.alike[p.N] = *best
		m.mu.Unlock()
	}
	return t, reports, nil
}

func (m *matcher) match(n int) (match.Match, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.alike[n]
	return found, ok
}
