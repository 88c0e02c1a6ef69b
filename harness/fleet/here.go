package fleet

import (
	"os/exec"
	"strings"

	"loopfault/errs"
)

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
