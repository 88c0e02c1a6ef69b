package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"loopfault/vmimages/progress"
)

// Lay writes kernels and root image into a directory of its own, where hosts that see it open it as they open an
// unpacked bundle. It has no campaign: what it holds serves all whose guests have that image. The directory is whole
// once its contents are there, which come last.
func Lay(ctx context.Context, dir string, s Spec, report progress.Func) error {
	files, err := s.machine()
	if err != nil {
		return err
	}
	step := report.Begin("bundle", "copying "+s.Name, 5*time.Second)
	defer step.End()
	if err := sumAll(ctx, files); err != nil {
		return err
	}
	c := s.Contents
	c.Format = Format
	for _, f := range files {
		c.Files = append(c.Files, f.File)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	done := int64(0)
	for _, f := range files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := f.lay(root); err != nil {
			return err
		}
		done += f.Bytes
		step.Advance(done, c.Bytes())
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(contentsFile, append(text, '\n'), 0o644)
}

func (s source) lay(root *os.Root) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	return errors.Join(s.unpack(root, in), in.Close())
}
