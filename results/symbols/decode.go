package symbols

import (
	"errors"

	"loopfault/results/kernelreport"
)

// Decoder gives the stack entries of reports their source lines.
type Decoder struct {
	kernel *Kernel
	memory *memory
}

// NewDecoder returns a decoder that asks k and keeps the answers in dir, in a file named by k's build id; with an empty
// dir it keeps none. The error of a kernel without debug information is ErrNoDebugInfo.
func NewDecoder(k *Kernel, dir string) (*Decoder, error) {
	if !k.HasDebugInfo() {
		return nil, ErrNoDebugInfo
	}
	return &Decoder{kernel: k, memory: recall(dir, k.BuildID())}, nil
}

// Tally says how a report was decoded.
type Tally struct {
	Decoded int              // entries that have lines now
	Left    int              // entries that stay as they were printed
	Why     map[string]error // a reason for each function that was left
}

// Decode fills in file and line of the report's stack entries and puts functions that were inlined at a place before the
// one that they are in, as kernelreport does with stacks that come decoded. Entries with a file and those without an
// offset are left alone.
func (d *Decoder) Decode(r *kernelreport.Report, t *Tally) {
	for i := range r.Tasks {
		task := &r.Tasks[i]
		frames := make([]kernelreport.Frame, 0, len(task.Frames))
		for _, f := range task.Frames {
			if f.File != "" || f.Offset == "" {
				frames = append(frames, f)
				continue
			}
			places, err := d.places(f)
			if err != nil {
				t.leave(f.Func, err)
				frames = append(frames, f)
				continue
			}
			t.Decoded++
			for _, p := range places[:len(places)-1] {
				frames = append(frames, kernelreport.Frame{
					Func: p.Func, File: p.File, Line: p.Line, Module: f.Module, Questionable: f.Questionable, Inlined: true,
				})
			}
			own := places[len(places)-1]
			f.File, f.Line = own.File, own.Line
			frames = append(frames, f)
		}
		task.Frames = frames
	}
}

func (t *Tally) leave(fn string, why error) {
	t.Left++
	if t.Why == nil {
		t.Why = map[string]error{}
	}
	t.Why[fn] = why
}

func (d *Decoder) places(f kernelreport.Frame) ([]Place, error) {
	question := f.Func + f.Offset + "/" + f.Size
	if f.PC {
		question += " pc"
	}
	a, ok := d.memory.kept.Answers[question]
	if !ok {
		places, err := d.kernel.Places(f.Func, f.Offset, f.Size, !f.PC)
		if a.Places = places; err != nil {
			a.Error = err.Error()
		}
		d.memory.kept.Answers[question] = a
		d.memory.fresh = true
	}
	if a.Error != "" || len(a.Places) == 0 {
		return nil, errors.New(a.Error)
	}
	return a.Places, nil
}

// Close keeps the answers. The kernel stays open.
func (d *Decoder) Close() error { return d.memory.save() }
