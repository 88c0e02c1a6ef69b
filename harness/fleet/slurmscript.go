package fleet

import (
	"fmt"
	"os/user"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"loopfault/results/safefile"
)

const scriptFile = "job.sh"

// script is what Slurm runs for each shard, on the node. A signal that ends the job goes to all of its processes: the
// shell waits for loopfault, which stops cleanly.
const script = `#!/bin/sh
# One shard of a campaign of loopfault. $1 is the number of shards in the arrays before this one.
trap : TERM
fleet=FLEET
attempt=1
while :; do
	"$fleet/PROGRAM" fleet shard "$fleet" "$(($1 + SLURM_ARRAY_TASK_ID))"
	code=$?
	# 137 is SIGKILL, as the kernel sends it where memory is short. The shard goes on where it was.
	if [ "$code" -ne 137 ] || [ "$attempt" -ge ATTEMPTS ]; then
		exit "$code"
	fi
	attempt=$((attempt + 1))
done
`

func (f *Fleet) writeScript() error {
	text := strings.NewReplacer("FLEET", shellescape.Quote(f.Dir), "PROGRAM", programFile, "ATTEMPTS", fmt.Sprint(attempts)).Replace(script)
	return safefile.WriteIn(f.Dir, scriptFile, []byte(text), 0o755)
}

// userName is whose jobs squeue is asked for.
func userName() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.Username, nil
}
