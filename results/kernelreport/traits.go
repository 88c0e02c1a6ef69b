package kernelreport

import "slices"

// Traits are what two reports can be compared by when their signatures differ.
type Traits struct {
	Operation string   // what the task was about, "-" if the stack does not tell
	Blame     string   // the blame frame's bare name, empty without a stack
	Telling   []string // all functions of the victim's stack that tell something, bare names, innermost first
}

// Traits reads them off the victim's stack, by the rules of this version of the program.
func (r Report) Traits() Traits {
	t := Traits{Operation: "-", Telling: []string{}}
	if len(r.Tasks) == 0 || r.Tasks[0].Role != RoleVictim || len(r.Tasks[0].Frames) == 0 {
		return t
	}
	frames, skip := stuckPart(r.Kind, r.Tasks[0].Frames), classesFor(r.Kind, RoleVictim)
	t.Operation = operation(frames)
	if i := slices.IndexFunc(frames, func(f Frame) bool { return plainName(f.Func) == r.Tasks[0].BlameFrame }); i > 0 {
		frames = frames[i:] // when the report was read, its header told where to begin
	}
	t.Blame = bareName(blameFrame(frames, skip))
	t.Telling = append(t.Telling, tellingFrames(frames, skip, len(frames))...)
	return t
}

// BareName is what builds call a function differently, taken off its name: compiler suffixes and leading underscores.
func BareName(fn string) string { return bareName(fn) }
