package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
)

// precious is a file of the user's that no results directory may make us change or show.
func precious(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(path, []byte("PRECIOUS\n[   99.000000] PRECIOUS\n"), 0o644))
	return path
}

// exits runs the program and gives what it printed.
func exits(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := loopfault(t.Context(), t, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil {
		require.True(t, errors.As(err, &exit), "%v", err)
	}
	require.Equal(t, code, cmd.ProcessState.ExitCode(), "%v: %s", args, errs.String())
	return out.String(), errs.String()
}

func TestReportDoesNotWriteThroughAJournalThatIsALink(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 2})
	path := precious(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(path, filepath.Join(run.Dir, "journal.jsonl")))
	_, stderr := exits(t, exitUsage, "report", "--results", dir, run.Name)
	assert.Contains(t, stderr, "journal.jsonl leads out of")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func TestFilesOutsideOfARunAreNotShown(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 4, Signatures: 1})
	path := precious(t)
	for _, name := range []string{"console.log", "history.jsonl", "evidence/stacks.txt", "evidence/ps.txt"} {
		for _, trial := range []int{1, 2, 3, 4} {
			file := filepath.Join(run.TrialDir(trial), name)
			_ = os.Remove(file)
			require.NoError(t, os.Symlink(path, file))
		}
	}
	for _, format := range []string{"text", "html", "json", "mail", "markdown", "junit", "ktap", "kcidb"} {
		stdout, stderr := exits(t, exitClean, "report", "--results", dir, run.Name, "--format", format)
		assert.NotContains(t, stdout+stderr, "PRECIOUS", format)
	}
	stdout, stderr := exits(t, exitUsage, "explain", "--results", dir, run.Name+"/1")
	assert.NotContains(t, stdout+stderr, "PRECIOUS")
	assert.Contains(t, stderr, "leads out of")
}

// Every command that prints what a stored run says.
func TestHostileRunsDoNotReachTheTerminal(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 6, Signatures: 2, Hostile: true})
	log := filepath.Join(run.TrialDir(1), "console.log")
	for _, args := range [][]string{
		{"report", run.Name}, {"report", run.Name, "--format", "json"}, {"report", run.Name, "--format", "mail"},
		{"report", run.Name, "--format", "markdown"}, {"report", run.Name, "--format", "junit"}, {"report", run.Name, "--format", "ktap"},
		{"report", run.Name, "--format", "kcidb"}, // html has a test of its own, and blanks that are no letters
		{"list"}, {"list", "--json"}, {"parse", log}, {"parse", "--format", "json", log}, {"report", "no\x1b[31msuch\u202erun"}, {"no\x1b[31msuch"},
	} {
		cmd := loopfault(t.Context(), t, append([]string{"--results", dir}, args...)...)
		text, _ := cmd.CombinedOutput()
		require.NotEmpty(t, text, "%q", args)
		for _, r := range string(text) {
			require.True(t, r == '\n' || r == '\t' || unicode.IsPrint(r), "%q lets %U through", args, r)
		}
	}
	out := filepath.Join(t.TempDir(), "report.txt")
	exits(t, exitClean, "report", "--results", dir, run.Name, "-o", out)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "\x1b")
	assert.Contains(t, string(text), `\u001b`, "what was there is shown")
}

// A completed word is executed with the line it stands on, and bash's compgen executes it at once.
func TestCompletionExecutesNothing(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 1})
	work := t.TempDir()
	for _, name := range []string{"$(touch${IFS}PWNED)", "`touch PWNED`", "a;touch PWNED", "a b", "-rf", "x\ny", "'q", "z\x1b[2J"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	self, err := os.Executable()
	require.NoError(t, err)
	script := `
loopfault() { ` + beMain + `=1 "$SELF" "$@"; }
eval "$(loopfault completion bash)"
COMP_WORDS=(loopfault report "$1"); COMP_CWORD=2
_loopfault
printf '<%s>\n' "${COMPREPLY[@]}"
eval "true ${COMPREPLY[@]}"
`
	for _, word := range []string{"", "$", "2", "`", "a"} {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", word)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "SELF="+self, "LOOPFAULT_RESULTS="+dir)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.NoFileExists(t, filepath.Join(work, "PWNED"), "completing %q: %s", word, out)
		if word == "" || word == "2" {
			assert.Contains(t, string(out), "<"+run.Name+">", "good ones are offered")
		}
		assert.False(t, strings.ContainsAny(string(out), "$`;'\x1b"), "%s", out)
	}
}
