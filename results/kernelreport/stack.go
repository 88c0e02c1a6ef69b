package kernelreport

import (
	"bytes"
	"strings"
)

// frame puts a stack entry where it belongs.
func (e *engine) frame(p *parsedFrame, ln *line, o *openReport) {
	if o != nil && !o.takes(p, ln) {
		e.close(o)
		o = nil
	}
	if o == nil {
		if p.end || !p.tidy || p.style == styleDecoded {
			return // inside a stack such a line is an entry, but it does not begin one
		}
		o = e.startReport(kindUnknown, ln)
		if ln.proc == nil && (ln.bare && e.banner.n > 0 && e.lineNo-e.banner.lineNo == 1 || p.style == styleProc || p.style == styleTool || ln.bare && e.rowAbove() != nil) {
			e.nameTask(o)
		}
	}
	if ln.proc != nil && o.procPath == "" {
		o.proc, o.procPID, o.procPath = true, procPID(ln.proc), string(ln.proc)
	}
	w := o.w()
	if !o.trace && o.kind == KindBug && w.cur != historyTask && (hasPrefix([]byte(p.frame.Func), "dump_stack") || p.frame.Func == "__schedule_bug") {
		o.trace = true // the dump itself, whose heading was lost
	}
	if w.cur == historyTask || !o.trace && o.quotesStacks() {
		o.belongs(e, ln)
		return
	}
	t := o.task()
	if t == nil {
		switch {
		case len(o.tasks) == 0:
			t = o.addTask(RoleVictim)
		case len(o.tasks[0].Frames) == 0 || o.tasks[0].register:
			w.cur, t = 0, &o.tasks[0]
		case o.panicked:
			t = o.addTask(RoleReporter)
		default:
			t = o.addTask(RoleBystander)
		}
	}
	if w.gap > 0 && len(t.Frames) > 0 && !t.register {
		o.doubt("foreign lines inside the stack")
	} else if w.blank && len(t.Frames) == 1 {
		t.doubled = true
	}
	o.belongs(e, ln)
	if p.end {
		t.rooted = true
		// Only /proc ends a stack so, and what it prints of a task has no other heading.
		o.proc = o.proc || o.kind == kindUnknown && !o.trace && procLike(t.Frames)
		return
	}
	if replay := w.replay; replay {
		w.replay = false
		if n := len(t.Frames); n > 0 && t.Frames[n-1] == p.frame {
			return
		}
	}
	o.push(t, p)
}

// typedEntry takes a function alone on its line for an entry of a stack that was typed by hand, under its heading or after
// others of that kind.
func (o *openReport) typedEntry(ln *line) (parsedFrame, bool) {
	b := bytes.TrimSuffix(ln.body, []byte("()"))
	if o == nil || !o.trace || !ln.bare || o.kind != KindHungTask || o.w().gap > 0 || len(b) < 4 || nameRun(b) != len(b) || b[0] >= 'A' && b[0] <= 'Z' {
		return parsedFrame{}, false
	}
	name := string(b)
	if t := o.task(); t != nil && len(t.Frames) > 0 {
		if t.rooted || t.ended || t.Frames[len(t.Frames)-1].Offset != "" {
			return parsedFrame{}, false
		}
	} else if !typedFunction(name) && classOf(name) == 0 {
		return parsedFrame{}, false
	}
	return parsedFrame{frame: Frame{Func: name}}, true
}

// takes reports whether a stack entry can be part of the report at all.
func (o *openReport) takes(p *parsedFrame, ln *line) bool {
	if ln.proc != nil && o.procPath != "" && o.procPath != string(ln.proc) {
		return false // grep's output: the next file
	}
	if o.ended || p.first && o.hang() && len(o.tasks) > 0 && len(o.tasks[0].Frames) > 0 {
		return false
	}
	t, w := o.task(), o.w()
	if t == nil || len(t.Frames) == 0 || t.register {
		return true
	}
	fromProc := t.style == styleProc
	switch {
	case fromProc != (p.style == styleProc) && (o.hang() || w.gap > 0):
		return false
	case w.gap > 0:
		if !t.rooted && o.kind == KindHungTask && w.gap <= 4 && ln.quoted && classOf(p.frame.Func)&classSched == 0 {
			return true // an answer in the middle of a quoted stack
		}
		return !t.rooted && !(o.hang() && w.blank)
	case o.hang() && w.blank:
		return !t.rooted && (len(t.Frames) == 1 || t.doubled)
	case t.rooted && !p.end && (o.kind == kindUnknown || o.kind == KindProcStack):
		return isRoot(p.frame.Func) || p.frame.Questionable
	}
	return true
}

// memoryLeak is the subject of kmemleak's reports.
const memoryLeak = "memory leak"

// ownStack reports whether stacks in the report stand behind headings of their own, without "Call Trace:".
func ownStack(subject string) bool {
	return subject == memoryLeak || strings.HasPrefix(subject, "KMSAN: ") || strings.HasPrefix(subject, "KFENCE: ") || strings.HasPrefix(subject, "KCSAN: ")
}

// quotesStacks reports whether the report holds stack entries before the stack that was dumped: where a lock was taken,
// where preemption was disabled.
func (o *openReport) quotesStacks() bool {
	switch o.kind {
	case KindLockdep, KindLockUsage, KindBug, KindFaultInjection:
		return true
	}
	return false
}

// push appends a stack entry to a task.
func (o *openReport) push(t *openTask, p *parsedFrame) {
	if t.register {
		t.register = false
		// Old kernels begin the stack with the function that the registers name already.
		if f := &t.Frames[0]; f.Func == p.frame.Func && f.Offset == p.frame.Offset {
			t.Frames = t.Frames[:0]
			o.frames--
			p.frame.PC = true
		}
	}
	if n := len(t.Frames); n > 0 && p.style == styleTool && t.Frames[n-1].PC && t.Frames[n-1].Func == p.frame.Func {
		t.Frames[n-1] = p.frame // the crash utility names the function that was hit again where the stack changes
		t.Frames[n-1].PC = true
		return
	}
	if len(t.Frames) >= maxFrames || o.frames >= maxAllFrame {
		o.doubt("too many stack entries, the rest left out")
		return
	}
	t.style = p.style
	if p.callee != "" && (len(t.Frames) == 0 || t.Frames[len(t.Frames)-1].Func != p.callee) {
		t.Frames = append(t.Frames, Frame{Func: p.callee, Questionable: p.frame.Questionable})
		o.frames++
	}
	t.Frames = append(t.Frames, p.frame)
	o.frames++
	if !p.frame.Questionable && isRoot(p.frame.Func) {
		t.rooted = true
	}
}

// register handles a program counter. Before a stack it is the innermost function; in the middle of one, where an
// interrupt or a fault came, it is the function that was hit; after one it repeats the first.
func (e *engine) register(it item, ln *line, o *openReport) {
	if o == nil {
		return
	}
	t := o.task()
	if it.what == lineUserRegs {
		if t != nil && len(t.Frames) > 0 && !t.register {
			t.rooted = true
		}
		o.belongs(e, ln)
		return
	}
	pc := it.frame.frame
	pc.PC = true
	switch {
	case o.w().cur == historyTask || o.ended:
	case t == nil && len(o.tasks) == 0:
		t = o.addTask(RoleVictim)
		fallthrough
	case t != nil && len(t.Frames) == 0:
		t.Frames = append(t.Frames, pc)
		t.register = true
		o.frames++
	case t != nil && t.style == styleTool && len(t.Frames) > 0 && t.Frames[len(t.Frames)-1].Func == pc.Func: // crash names it twice
	case t != nil && !t.register && !t.rooted && !t.ended && o.w().gap == 0 && len(t.Frames) < maxFrames:
		if first := t.Frames[0]; first.Func != pc.Func || first.Offset != pc.Offset {
			t.Frames = append(t.Frames, pc)
			o.frames++
		}
	}
	o.belongs(e, ln)
}
