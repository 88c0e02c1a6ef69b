package agent

import (
	"loopfault/workloads/gather"
	"loopfault/workloads/wire"
)

// maxFile is the most that is read of one file as it is, in bytes: a full trace buffer fits.
const maxFile = 24 << 20

// collectFiles reads files of which any may block. No process is started, since the guest may be out of memory.
func collectFiles(p wire.Collect) (wire.Content, error) {
	text, err := gather.Files(gather.Bounded{Each: p.Each.D()}, p.Patterns, gather.MaxText)
	return wire.Content{Data: text}, err
}

func collectTasks(p wire.TaskQuery) (wire.Content, error) {
	text, err := gather.Tasks(gather.Guest{}, p, gather.MaxText)
	return wire.Content{Data: text}, err
}
