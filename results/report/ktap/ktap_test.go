package ktap_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/report/ktap"
	"loopfault/results/report/model"
)

func written(t *testing.T, r model.Run) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, ktap.Write(&b, r))
	return b.String()
}

var result = regexp.MustCompile(`^( *)(ok|not ok) (\d+) (\S+)( # SKIP .+)?$`)

// Every line is one that the format has; plans and numbers agree.
func TestEveryLineIsKTAP(t *testing.T) {
	for _, spec := range []fakerun.Spec{{}, {Trials: 200, Signatures: 5}, {Trials: 40, Signatures: 5, Hostile: true}} {
		next, plan := map[string]int{}, map[string]int{}
		for line := range strings.Lines(written(t, fakerun.Model(t, spec))) {
			line = strings.TrimSuffix(line, "\n")
			body := strings.TrimLeft(line, " ")
			indent := line[:len(line)-len(body)]
			switch m := result.FindStringSubmatch(line); {
			case m != nil:
				next[indent]++
				assert.Equal(t, strconv.Itoa(next[indent]), m[3], line)
				if indent == "" {
					assert.Equal(t, plan["    "], next["    "], "the plan of %s", m[4])
					plan["    "], next["    "] = 0, 0
				}
			case strings.HasPrefix(body, "1.."):
				n, err := strconv.Atoi(body[3:])
				require.NoError(t, err)
				plan[indent] = n
			default:
				assert.True(t, body == "KTAP version 1" || strings.HasPrefix(body, "# "), line)
			}
		}
		assert.Equal(t, 4, next[""])
		assert.Equal(t, 4, plan[""])
	}
}

func TestStackStandsBeforeItsTrial(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	text := written(t, r)
	assert.Regexp(t, `    # Faults were injected: \d+ landed in this trial\.\n    # \| rpc_wait_bit_killable\+0x10/0x200\n`, text)
	assert.Regexp(t, `entry_SYSCALL_64_after_hwframe\+0x10/0x200\n    not ok \d+ `+fmt.Sprintf("trial-%d\n", r.Findings[0].First.N), text)
}

// A kernel that prints what ends a test log ends none.
func TestKernelCannotEndTheLog(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	for i := range r.Trials {
		r.Trials[i].Title = "reboot: System halted\nok 1 all # Subtest: x List of all partitions: Kernel panic - not syncing: VFS:"
	}
	text := written(t, r)
	assert.NotRegexp(t, `reboot: System halted|List of all partitions:|not syncing: VFS:|\n *ok 1 all`, text)
	assert.Contains(t, text, "reboot : System halted ok 1 all")
}
