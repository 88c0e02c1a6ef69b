package symbols

import (
	"errors"
	"fmt"
	"slices"

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
	Decoded int               // entries that have lines now
	Left    int               // entries that stay as they were printed
	Why     map[string]string // a reason for functions that were left, by their names
}

// Decode fills in file and line of the report's stack entries and puts functions that were inlined at a place before the
// one that they are in, as kernelreport does with stacks that come decoded. Entries with a file and those without an
// offset are left alone. If a function is of another size in this kernel, all of the report is left as it is: functions
// of equal size would get lines, and wrong ones.
func (d *Decoder) Decode(r *kernelreport.Report, t *Tally) {
	if d.otherBuild(r, t) {
		return
	}
	for i := range r.Tasks {
		task := &r.Tasks[i]
		frames := make([]kernelreport.Frame, 0, len(task.Frames))
		for _, f := range task.Frames {
			if !open(f) {
				frames = append(frames, f)
				continue
			}
			a := d.answer(f)
			if a.Error != "" {
				t.leave(f.Func, a.Error)
				frames = append(frames, f)
				continue
			}
			t.Decoded++
			frames = append(frames, expand(f, a.Places)...)
		}
		task.Frames = frames
	}
}

// open reports whether an entry has a place, but no line yet.
func open(f kernelreport.Frame) bool { return f.File == "" && f.Offset != "" }

// expand is an entry with its line, and what was inlined there before it.
func expand(f kernelreport.Frame, places []Place) []kernelreport.Frame {
	var out []kernelreport.Frame
	for _, p := range places[:len(places)-1] {
		out = append(out, kernelreport.Frame{
			Func: p.Func, File: p.File, Line: p.Line, Module: f.Module, Questionable: f.Questionable, Inlined: true,
		})
	}
	own := places[len(places)-1]
	f.File, f.Line = own.File, own.Line
	return append(out, f)
}

// otherBuild leaves the report if it is of another kernel, and says so.
func (d *Decoder) otherBuild(r *kernelreport.Report, t *Tally) bool {
	entries, why := 0, map[string]string{}
	for i := range r.Tasks {
		for _, f := range r.Tasks[i].Frames {
			if !open(f) {
				continue
			}
			entries++
			if a := d.answer(f); a.Other {
				why[f.Func] = a.Error
			}
		}
	}
	for fn, err := range why {
		t.leave(fn, err)
	}
	if len(why) > 0 {
		t.Left += entries - len(why)
	}
	return len(why) > 0
}

func (t *Tally) leave(fn, why string) {
	t.Left++
	if t.Why == nil {
		t.Why = map[string]string{}
	}
	t.Why[fn] = why
}

// mostReasons is how many reasons are worth reading.
const mostReasons = 8

// Reasons are the texts of Why, sorted, each once; the last one stands for those that are too many.
func (t *Tally) Reasons() []string {
	var list []string
	for _, why := range t.Why {
		list = append(list, why)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if n := len(list) - mostReasons; n > 0 {
		list = append(list[:mostReasons], fmt.Sprintf("and %d more", n))
	}
	return list
}

// answer asks the kernel, once for each place.
func (d *Decoder) answer(f kernelreport.Frame) answer {
	question := f.Func + f.Offset + "/" + f.Size
	if f.PC {
		question += " pc"
	}
	a, ok := d.memory.kept.Answers[question]
	if !ok {
		places, err := d.kernel.Places(f.Func, f.Offset, f.Size, !f.PC)
		if a.Places = places; err != nil {
			a.Error, a.Other = err.Error(), errors.Is(err, ErrOtherBuild)
		}
		d.memory.kept.Answers[question] = a
		d.memory.fresh = true
	}
	if a.Error == "" && len(a.Places) == 0 {
		a.Error = "the cache has no answer" // a file that was edited
	}
	return a
}

// Close keeps the answers. The kernel stays open.
func (d *Decoder) Close() error { return d.memory.save() }
