package fleet

import "fmt"

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
			"when shards/ is copied back: loopfault fleet status %s\n", f.Dir, f.Pods.Claim, f.manifestPath(), f.Dir)
	}
	return fmt.Sprintf("how far it is: loopfault fleet status %s; with --wait it ends as the campaign does; loopfault fleet cancel %s stops it\n", f.Dir, f.Dir)
}

// WhenInterrupted says what becomes of the shards when the process ends that followed them.
func (f *Fleet) WhenInterrupted() string {
	if f.Order.Engine == Local {
		return ""
	}
	return fmt.Sprintf("the shards go on: loopfault fleet status --wait %s follows them, loopfault fleet cancel %s stops them\n", f.Dir, f.Dir)
}

// WhenIncomplete says what can be done with shards that ended before they were done.
func (f *Fleet) WhenIncomplete(s Status) string {
	if s.Complete() {
		return fmt.Sprintf("loopfault fleet status %s makes one run of the shards\n", f.Dir)
	}
	if f.Order.Engine == Kubernetes {
		return fmt.Sprintf("loopfault does not talk to the cluster: kubectl delete job %s stops the pods; copy shards/ of the volume to %s and ask for the status again\n",
			f.jobName(), f.Dir)
	}
	return fmt.Sprintf("not finished: the same loopfault fleet submit goes on; loopfault merge %s/%s makes one run of what is there. What each shard printed is in %s/%s\n",
		f.Dir, shardsDir, f.Dir, logsDir)
}
