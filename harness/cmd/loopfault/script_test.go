package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"rsc.io/script"
	"rsc.io/script/scripttest"
)

// beMain makes the test binary behave as loopfault itself, so that tests run
// the real program in a process of its own.
const beMain = "LOOPFAULT_TEST_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// loopfault prepares a process of the program.
func loopfault(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), beMain+"=1")
	return cmd
}

// TestScripts runs the transcripts in testdata. Their one command of ours is
// "exits CODE ARGS...": run loopfault and expect that exit code.
func TestScripts(t *testing.T) {
	cmds := scripttest.DefaultCmds()
	cmds["exits"] = script.Command(
		script.CmdUsage{Summary: "run loopfault and expect an exit code", Args: "code args..."},
		func(s *script.State, args ...string) (script.WaitFunc, error) {
			want, err := strconv.Atoi(args[0])
			if err != nil {
				return nil, err
			}
			cmd := loopfault(s.Context(), t, args[1:]...)
			cmd.Dir, cmd.Env = s.Getwd(), append(s.Environ(), beMain+"=1")
			return func(*script.State) (string, string, error) {
				stdout, err := cmd.Output()
				var exit *exec.ExitError
				var stderr []byte
				if errors.As(err, &exit) {
					stderr = exit.Stderr
				} else if err != nil {
					return "", "", err
				}
				if command, is := commandOf(args[1:]); is && len(stdout) > 0 && outputs[command] != nil {
					checkJSON(t, command, stdout)
				}
				if got := cmd.ProcessState.ExitCode(); got != want {
					err = fmt.Errorf("exit code %d, want %d", got, want)
				} else {
					err = nil
				}
				return string(stdout), string(stderr), err
			}, nil
		})
	engine := &script.Engine{Cmds: cmds, Conds: scripttest.DefaultConds()}
	env := []string{"PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE"), "HOME=" + t.TempDir(), "LOOPFAULT_CACHE=" + t.TempDir()}
	scripttest.Test(t, t.Context(), engine, env, "testdata/*.txtar")
}
