package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

var expression = regexp.MustCompile(`\$\{\{ *matrix\.shard *\}\}`)

// The workflow in the how-to is YAML, its steps are shell, and what they call is taken. That a service runs it is not
// tested.
func TestWorkflowInTheDocuments(t *testing.T) {
	page, err := os.ReadFile("../../../docs/how-to/more-machines.md")
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(page), "\n    jobs:\n")
	require.True(t, ok)
	text, _, ok = strings.Cut(text, "\n\nExit codes 1 and 2")
	require.True(t, ok)
	var jobs map[string]struct {
		Needs    string
		If       string
		Strategy struct {
			FailFast bool `yaml:"fail-fast"`
			Matrix   map[string][]int
		}
		RunsOn string `yaml:"runs-on"`
		Steps  []struct {
			Run, Uses, If string
			With          map[string]string
		}
	}
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	require.NoError(t, d.Decode(&jobs))
	assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, jobs["shard"].Strategy.Matrix["shard"])
	assert.False(t, jobs["shard"].Strategy.FailFast, "a shard that hangs must not end the others")
	assert.Equal(t, "shard", jobs["merge"].Needs)

	taken := 0
	for name, job := range jobs {
		require.NotEmpty(t, job.Steps, name)
		for _, step := range job.Steps {
			assert.NotEqual(t, step.Run == "", step.Uses == "", "a step runs or uses something")
			line := expression.ReplaceAllString(step.Run, "3")
			require.NoError(t, exec.Command("sh", "-n", "-c", line).Run(), line)
			for _, called := range regexp.MustCompile(`\./(reproduce|loopfault) [^|&]*`).FindAllString(line, -1) {
				called = strings.Replace(called, "./reproduce", "./loopfault run --bundle=.", 1)
				var c cli
				k, err := newParser(&c, io.Discard, os.Stderr)
				require.NoError(t, err)
				_, err = k.Parse(strings.Fields(called)[1:])
				require.NoError(t, err, called)
				taken++
			}
		}
	}
	assert.Equal(t, 2, taken)
}
