package kernel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCommandsBuildTheSameAgain(t *testing.T) {
	patches := []AppliedPatch{{Name: "a.patch"}, {Name: "b c.patch", Reverse: true}}
	for want, b := range map[string]Build{
		"loopfault kernel build stock": {Name: "stock", Source: DebianPrefix + DefaultSeries, SourceHash: "1"},
		"loopfault kernel build control-lost-wakeup+debuginfo": {Name: "control-lost-wakeup+debuginfo", Source: DebianPrefix + DefaultSeries,
			SourceHash: "1", Patches: []AppliedPatch{{Name: "control-lost-wakeup.patch"}}, Fragments: []string{"debuginfo.config"}},
		"loopfault kernel build mine+lockdep --source /src/linux --patch a.patch --reverse-patch b c.patch --fragment my.config": {
			Name: "mine+lockdep", Source: "/src/linux", SourceHash: "1", Patches: patches, Fragments: []string{"lockdep.config", "my.config"}},
		"git worktree add --detach commit-12-source 123456\nloopfault kernel build commit-12+kasan --source commit-12-source": {
			Name: "commit-12+kasan", Source: "/cache/checkouts/x/src", Commit: "123456", SourceHash: "1", Fragments: []string{"kasan.config"}},
		"loopfault kernel add debian:linux-image-6.1-amd64": {Name: "linux-image-6.1-amd64", Source: "debian:linux-image-6.1-amd64"},
		"": {Name: "/boot/vmlinuz"},
	} {
		var lines []string
		for _, words := range b.Commands() {
			lines = append(lines, strings.Join(words, " "))
		}
		assert.Equal(t, want, strings.Join(lines, "\n"))
	}
}
