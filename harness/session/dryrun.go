package session

import (
	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/progress"
)

// A dry run finds what exists, and builds and boots nothing. What does not exist yet has a name in the command
// lines that says so.

// unbuilt stands for a kernel that a run would build first.
func (e *Session) unbuilt(name string) kernel.Build {
	e.note("kernel " + name + " is not built yet; a run builds it first")
	return kernel.Build{Name: name, BzImage: "bzImage-of-" + name + "-not-built-yet"}
}

func (e *Session) imageIfMade(c *cache.Cache, userland image.Spec) (image.Image, error) {
	missing := image.Image{Path: "root-image-not-made-yet"}
	agent, err := AgentPath()
	if err == nil {
		b := image.Builder{Cache: c}
		var found image.Image
		if found, err = b.Find(userland, agent); err == nil {
			return found, nil
		}
	}
	if err != nil && errs.ClassOf(err) == errs.Usage {
		return missing, err // $LOOPFAULT_AGENT is wrong
	}
	e.note(err.Error() + "; a run makes the root image first")
	return missing, nil
}

func (e *Session) note(text string) {
	e.Report(progress.Event{Kind: progress.Note, Step: "dry-run", Text: text})
}
