package kernelreport

import "strings"

// signatureVersion names the rules below together with the tables. Raise it when a change makes old signatures differ.
const signatureVersion = "v3"

// tellingLimit is how many telling frames a signature holds: enough to keep a hung LAYOUTRETURN of an eviction apart
// from others, few enough that another build's inlining further out does no harm.
const tellingLimit = 3

// signature makes the text that two sightings of one bug share: version, kind (one for all styles of hang reports),
// operation or subject, telling frames innermost first. It is meant to be read: "v3:hang:umount:nfs4_proc_layoutreturn/
// pnfs_send_layoutreturn/pnfs_return_layout".
func signature(r *Report, part []Frame, subject, fn string) string {
	var victim *Task
	if len(r.Tasks) > 0 && r.Tasks[0].Role == RoleVictim {
		victim = &r.Tasks[0]
	}
	kind, about := string(r.Kind), slug(subject)
	var frames []string
	if victim != nil {
		frames = tellingFrames(part, classesFor(r.Kind, RoleVictim), tellingLimit)
		if len(frames) == 0 && victim.BlameFrame != "" {
			frames = []string{bareName(victim.BlameFrame)}
		}
	}
	if namesBothSides(subject, fn) {
		frames = nil
		for name := range strings.SplitSeq(fn, " / ") {
			frames = append(frames, bareName(name))
		}
	}
	switch r.Kind {
	case KindHungTask, KindBlockedTask, KindProcStack:
		kind, about = "hang", "-"
		if victim != nil {
			about = operation(victim.Frames)
			switch work := workFunction(victim.Workqueue); {
			case len(frames) > 0:
			case work != "":
				frames = []string{work}
			default:
				about, frames = "no-stack", []string{slug(victim.Comm)}
			}
		}
	case KindRCUStall, KindSoftLockup, KindHardLockup:
		about = "-"
	case KindKASAN:
		if about == "slab-use-after-free" { // its name since 6.4
			about = "use-after-free"
		}
	}
	if len(frames) == 0 && fn != "" {
		frames = []string{bareName(fn)}
	}
	if len(frames) == 0 {
		frames = []string{"-"}
	}
	return strings.Join([]string{signatureVersion, kind, about, strings.Join(frames, "/")}, ":")
}

// CurrentSignature is the report's signature by today's rules, however old the report is. Only hangs of tasks tell enough
// to be signed again; others keep what they have.
func (r Report) CurrentSignature() string {
	switch r.Kind {
	case KindHungTask, KindBlockedTask, KindProcStack:
		if !strings.HasPrefix(r.Signature, signatureVersion+":") {
			var stack []Frame
			if len(r.Tasks) > 0 {
				stack = stuckPart(r.Kind, r.Tasks[0].Frames)
			}
			return signature(&r, stack, "", "")
		}
	}
	return r.Signature
}

// workFunction is the function in a "Workqueue:" line: "writeback wb_workfn (flush-ceph-3)".
func workFunction(workqueue string) string {
	if f := strings.Fields(workqueue); len(f) > 1 && nameRun([]byte(f[1])) == len(f[1]) {
		return bareName(f[1])
	}
	return ""
}

// slug makes a subject fit for a signature.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, c := range []byte(strings.ToLower(s)) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteByte(c)
		} else {
			dash = true
		}
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

// namesBothSides reports whether the header itself named the functions that the report is about, as KCSAN names both
// sides of a data race: no stack tells more.
func namesBothSides(subject, fn string) bool {
	return fn != "" && strings.HasPrefix(subject, "KCSAN: ")
}

// title makes the report's one-line name.
func title(r *Report, subject, fn string) string {
	where := fn
	if len(r.Tasks) > 0 && r.Tasks[0].Role == RoleVictim && r.Tasks[0].BlameFrame != "" && !namesBothSides(subject, fn) {
		where = r.Tasks[0].BlameFrame
	}
	what := subject
	switch r.Kind {
	case KindHungTask, KindBlockedTask, KindProcStack:
		what = "INFO: task hung"
	case KindLockdep, KindLockUsage:
		what = "lockdep: " + subject
	case KindRCUStall:
		what = "INFO: " + subject
	case KindSoftLockup, KindHardLockup, KindWorkqueueLockup:
		what = "BUG: " + subject
	case KindKASAN:
		what = "KASAN: " + subject
	case KindOops:
		if what = "Oops"; subject != "oops" && subject != "" {
			what = "Oops: " + subject
		}
	case KindBug:
		if what = "BUG: " + subject; strings.HasPrefix(subject, "kernel BUG") {
			what = subject
		}
	case KindPanic:
		if subject == "" {
			return "Kernel panic"
		}
		return "Kernel panic: " + subject
	case KindFaultInjection:
		what = "FAULT_INJECTION: " + subject
	}
	if where == "" && len(r.Tasks) > 0 {
		where = workFunction(r.Tasks[0].Workqueue)
	}
	if where == "" {
		return what
	}
	return what + " in " + plainName(where)
}
