package model

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"loopfault/results/store"
)

// commands are what runs the whole campaign again elsewhere: kernels, root image, and the command as it was typed,
// with its seed.
func commands(m store.Manifest) []string {
	command := m.Command
	if len(command) == 0 {
		return nil
	}
	command = append([]string{}, command...)
	command[0] = "loopfault"
	if !strings.Contains(strings.Join(command, " "), "--seed") && m.ReplayOf == "" {
		command = append(command, "--seed", fmt.Sprint(m.Seed))
	}
	return append(prepare(m.Arms...), shellescape.QuoteCommand(command))
}

// replay runs one trial again on its own kernel: same plan and seed, ten times, since timing is not in the seed.
func replay(m store.Manifest, arm store.Arm, t store.Trial) []string {
	return append(prepare(arm), shellescape.QuoteCommand([]string{"loopfault", "run", scenarioArg(m), "--kernel", arm.Kernel,
		"--trial-seed", fmt.Sprint(t.Seed), "--trials", "10", "--until", "hang"}))
}

// prepare builds kernels and root image. One command builds all kernels that their name says all of; of the user's own
// files nothing is said.
func prepare(arms ...store.Arm) []string {
	build := []string{"loopfault", "kernel", "build"}
	var own []string
	for _, a := range arms {
		switch {
		case len(a.Build) > 0 && !slices.Equal(a.Build[0], append(build[:3:3], a.Kernel)):
			for _, words := range a.Build {
				own = append(own, shellescape.QuoteCommand(words))
			}
		case !strings.ContainsRune(a.Kernel, filepath.Separator) && a.Kernel != "" && !slices.Contains(build[3:], a.Kernel):
			build = append(build, a.Kernel)
		}
	}
	if len(build) > 3 {
		own = slices.Insert(own, 0, shellescape.QuoteCommand(build))
	}
	return append(own, "loopfault image build")
}

// scenarioArg names the scenario on a command line: the catalogue's name, or the copy of a file that lies with the run.
// What was chosen of it is in its name, flags like --fault-backend included.
func scenarioArg(m store.Manifest) string {
	for _, a := range m.Command {
		if file, _, _ := strings.Cut(a, ":"); strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml") {
			name, _, _ := strings.Cut(m.Name, ":")
			return "scenario.yaml" + strings.TrimPrefix(m.Name, name)
		}
	}
	return m.Name
}
