//go:build controls

package controls_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/controls"
	"loopfault/results/store"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/trialdir"
)

var collects = flag.Bool("collect", false, "hang a trial of each control again, take an archive of `collect` in its guest, and compare the explanations")

// inGuest receives the program on its standard input and runs it as one does on a machine that hangs.
const inGuest = "cat > /tmp/loopfault && chmod +x /tmp/loopfault && /tmp/loopfault collect --apart 2s -o -"

// collectedIsAsGood hangs a trial again and explains that one hang twice: by the evidence that the trial keeps, and by the
// archive that collect makes in its guest. It writes a line for the table of both.
func collectedIsAsGood(t *testing.T, c controls.Control, hung store.Trial) {
	t.Helper()
	program, err := os.Open(filepath.Join(bin, "loopfault"))
	require.NoError(t, err)
	defer program.Close()
	archive := filepath.Join(t.TempDir(), "hung.tar.zst")
	out, err := os.Create(archive)
	require.NoError(t, err)
	defer out.Close()

	cmd, said := command(t, "shell", "--results", *results, "--trial", fmt.Sprintf("latest/%d", hung.N), "--at-hang", "--tries", "8", inGuest)
	cmd.Stdin, cmd.Stdout = program, out
	require.NoError(t, cmd.Run(), said.String())
	own, err := trialdir.Explain(latest(t).Run, 1)
	require.NoError(t, err)

	cmd, said = command(t, "explain", "--json", archive)
	text, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != undecided {
		require.NoError(t, err, said.String())
	}
	var collected waitfor.Explanation
	require.NoError(t, json.Unmarshal(text, &collected))

	same := "the same"
	if collected.Sentence != own.Sentence {
		same = "trial: " + own.Sentence + " collect: " + collected.Sentence
	}
	fmt.Fprintf(&archives, "| %s | %s | %s | %s |\n", c.Kernel, own.Class, collected.Class, strings.ReplaceAll(same, "|", "\\|"))
	assert.Equal(t, own.Class, collected.Class, "%s\n%s", own.Sentence, collected.Sentence)
}
