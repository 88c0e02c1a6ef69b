package fleet

import (
	"os/exec"
	"path/filepath"
	"strings"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/results/store"
)

// Order is what a fleet is asked for.
type Order struct {
	Engine Kind     `json:"engine"`
	Shards int      `json:"shards"`
	Slots  int      `json:"slots,omitempty"` // shards at a time; 0: as many as the engine starts
	Jobs   int      `json:"jobs,omitempty"`  // guests of a shard at a time; 0: as many as its host has room for
	Sbatch []string `json:"sbatch,omitempty"`
	Pods   *Pods    `json:"pods,omitempty"`
}

// DirOf is what the directory of a fleet is called by default, for a campaign that is named as the command submit takes it: a
// bundle, a scenario or a run. It lies where the program was started.
func DirOf(what string) string {
	const ending = ".fleet"
	name := filepath.Base(what)
	if bundle.Named(what) {
		return strings.TrimSuffix(strings.TrimSuffix(name, ".zst"), ".tar") + ending
	}
	name, choices, chosen := strings.Cut(name, ":")
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")
	if chosen { // of which the most are in use as parts of names of runs, too
		name += "-" + strings.NewReplacer(",", "-", "=", "-", "/", "-").Replace(choices)
	}
	return name + ending
}

// Needs are what a shard takes of a host, while one guest of it runs.
type Needs struct {
	CPUs     int // of a guest
	GuestMiB int // of a guest, and of the snapshot of each arm
}

// NeedsOf is what a shard of a campaign takes, of which scenario, arms and kernels are known.
func NeedsOf(s campaign.Spec) Needs {
	return Needs{CPUs: s.Scenario.Guest.CPUs, GuestMiB: s.GuestMiB()}
}

// Check finds what is wrong with an order for a campaign of such terms.
func (o Order) Check(terms store.Terms) error {
	switch {
	case o.Shards < 1 || o.Shards > mostShards:
		return errs.Usagef("--shards is %d, want 1 to %d", o.Shards, mostShards)
	case terms.Trials == 0:
		return errs.Usagef("the campaign has no number of trials: a plan without an end has no shards")
	case o.Shards > terms.Trials:
		return errs.Usagef("--shards is %d: a plan of %d trials of each arm has as many rounds, want no more shards than that", o.Shards, terms.Trials)
	}
	return o.CheckSite()
}

// CheckSite finds what is wrong with an order, whatever it is for. Without an engine nothing may be ordered of one.
func (o Order) CheckSite() error {
	switch {
	case o.Engine == "" && (o.Slots != 0 || len(o.Sbatch) > 0 || o.Pods != nil):
		return errs.Usagef("--slots, --sbatch, --image, --claim and --kvm-resource go with --engine")
	case o.Slots < 0:
		return errs.Usagef("--slots is %d, want at least 1", o.Slots)
	case o.Jobs < 0:
		return errs.Usagef("--jobs is %d, want at least 1", o.Jobs)
	case len(o.Sbatch) > 0 && o.Engine != Slurm:
		return errs.Usagef("--sbatch goes with --engine slurm")
	case o.Pods != nil && o.Engine != Kubernetes:
		return errs.Usagef("--image, --claim and --kvm-resource go with --engine kubernetes")
	case o.Engine == Kubernetes && o.Pods.check() != "":
		return errs.Usagef("%s", o.Pods.check())
	}
	return nil
}

// mostShards is what the text of a shard can say.
const mostShards = 999_999

// slurmCommands are those that loopfault runs.
var slurmCommands = []string{"sbatch", "scontrol", "squeue", "scancel"}

// CheckHere finds what this host lacks to have the engine start shards, before anything is built for them. That hosts of
// shards have QEMU is not seen from here.
func (o Order) CheckHere() error {
	if o.Engine != Slurm {
		return nil
	}
	var missing []string
	for _, name := range slurmCommands {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return errs.Infraf("--engine slurm: there is no %s here: submit on a host that has Slurm's commands", strings.Join(missing, ", "))
	}
	return nil
}
