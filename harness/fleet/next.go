package fleet

import (
	"cmp"
	"fmt"
)

// JobsOfShard is how many guests of a shard run at a time; 0 as many as its host has room for. Where others use the
// host, too, one is what was asked for.
func (f *Fleet) JobsOfShard() int {
	if f.Order.Engine == Local {
		return f.Jobs
	}
	return max(f.Jobs, 1)
}

// Next says what to do after submitting.
func (f *Fleet) Next() string {
	if f.Order.Engine == Kubernetes {
		return fmt.Sprintf("nothing was started: copy %s into the volume of claim %s and run: kubectl apply -f %s\n"+
			"when shards/ is copied back: %s\n", f.Dir, f.Pods.Claim, f.manifestPath(), f.collects())
	}
	return fmt.Sprintf("how far it is: loopfault fleet status %s; with --wait it ends as the campaign does; loopfault fleet cancel %s stops it\n", f.Dir, f.Dir)
}

// collects is the command that takes what the shards have done.
func (f *Fleet) collects() string {
	switch {
	case f.Cells == nil:
		return "loopfault fleet status " + f.Dir
	case f.Again != "":
		return f.Again
	}
	return "the same command again"
}

// WhenInterrupted says what becomes of the shards when the process ends that followed them.
func (f *Fleet) WhenInterrupted() string {
	if f.Order.Engine == Local {
		return ""
	}
	follows := "loopfault fleet status --wait " + f.Dir
	if f.Cells != nil {
		follows = f.collects()
	}
	return fmt.Sprintf("the shards go on: %s follows them, loopfault fleet cancel %s stops them\n", follows, f.Dir)
}

// WhenIncomplete says what can be done with shards that ended before they were done.
func (f *Fleet) WhenIncomplete(s Status) string {
	switch {
	case f.Cells != nil:
		return fmt.Sprintf("they are cells of %s: %s goes on, and collects their results. What each printed is in %s/%s\n",
			f.Name, cmp.Or(f.Again, "the command that began them"), f.Dir, logsDir)
	case s.Complete():
		return fmt.Sprintf("loopfault fleet status %s makes one run of the shards\n", f.Dir)
	case f.Order.Engine == Kubernetes:
		return fmt.Sprintf("loopfault does not talk to the cluster: kubectl delete job %s stops the pods; copy shards/ of the volume to %s and ask for the status again\n",
			f.jobName(), f.Dir)
	}
	return fmt.Sprintf("not finished: the same loopfault fleet submit goes on; loopfault merge %s/%s makes one run of what is there. What each shard printed is in %s/%s\n",
		f.Dir, shardsDir, f.Dir, logsDir)
}
