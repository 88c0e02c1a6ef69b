package kernelreport

import "bytes"

// psLine reads a line of "ps aux", "ps axl", "ps -elf", "ps -eo pid,stat,comm" with or without more columns between, and of
// the crash utility's and drgn's lists of tasks.
func psLine(b []byte) (row psRow, ok bool) {
	if i := bytes.Index(b, []byte(" PID: ")); i > 0 && bytes.Contains(b, []byte("COMMAND: \"")) {
		return crashLine(b, i)
	}
	if len(b) == 0 || !isDigit(b[0]) { // a pid behind a user's name, or another line
		i := bytes.IndexByte(b, ' ')
		if i < 0 {
			return row, false
		}
		if rest := trimSpaceLeft(b[i:]); len(rest) == 0 || !isDigit(rest[0]) {
			return row, false
		}
	}
	f := bytes.Fields(b)
	if len(f) < 3 {
		return row, false
	}
	var pid, state, comm []byte
	switch {
	case len(f) >= 11 && allDigits(f[1]) && isState(f[7]) && bytes.IndexByte(f[9], ':') > 0: // aux
		pid, state, comm = f[1], f[7], f[10]
	case len(f) >= 13 && allDigits(f[0]) && allDigits(f[2]) && allDigits(f[3]) && isState(f[9]): // axl
		pid, state, comm = f[2], f[9], f[12]
	case len(f) >= 15 && allDigits(f[0]) && isState(f[1]) && allDigits(f[3]) && allDigits(f[4]): // -elf
		pid, state, comm = f[3], f[1], f[14]
	case allDigits(f[0]) && isState(f[1]) && isLetter(f[2][0]) && len(f) <= 5:
		pid, state, comm = f[0], f[1], f[2]
	case len(f) >= 9 && allDigits(f[0]) && allDigits(f[1]) && allDigits(f[2]) && hexRun(f[3]) == len(f[3]) && len(f[4]) == 2: // crash
		pid, state, comm = f[0], []byte(crashStates["["+string(f[4])+"]"]), bytes.Join(f[8:], []byte(" "))
		if len(state) == 0 {
			return row, false
		}
	case len(f) >= 4 && len(f) <= 6 && allDigits(f[0]) && allDigits(f[1]) && isState(f[2]): // the parent, and where it waits
		pid, state, comm = f[0], f[2], f[len(f)-1]
	default:
		return row, false
	}
	n, _ := pidNumber(pid)
	if n == nil {
		return row, false
	}
	return psRow{pid: *n, state: string(state[:1]), comm: psName(comm)}, true
}

// crashStates are the crash utility's names of states.
var crashStates = map[string]string{"[UN]": "D", "[RU]": "R", "[IN]": "S", "[ID]": "I", "[ST]": "T", "[ZO]": "Z"}

// crashLine reads a line of crash's "ps -m": how long ago the task ran, its state, pid and name.
func crashLine(b []byte, at int) (row psRow, ok bool) {
	for name, state := range crashStates {
		if bytes.HasSuffix(bytes.TrimRight(b[:at], " "), []byte(name)) {
			row.state = state
		}
	}
	n, _ := pidNumber(b[at+len(" PID: "):])
	if n == nil || row.state == "" {
		return row, false
	}
	if days, rest := number(bytes.TrimLeft(b, "[")); days != nil && len(rest) > 9 && rest[0] == ' ' && rest[3] == ':' && rest[6] == ':' {
		hours, _ := number(rest[1:3])
		minutes, _ := number(rest[4:6])
		seconds, _ := number(rest[7:9])
		if hours != nil && minutes != nil && seconds != nil && *days < 10_000 {
			ago := ((*days*24+*hours)*60+*minutes)*60 + *seconds
			row.ago = &ago
		}
	}
	i := bytes.LastIndex(b, []byte("COMMAND: \""))
	row.pid, row.comm = *n, commText(bytes.TrimSuffix(b[i+len("COMMAND: \""):], []byte("\"")))
	return row, true
}

// crashCommand is the state of all tasks whose stacks crash is told to print, or empty.
func crashCommand(b []byte) string {
	if !hasPrefix(b, "crash") {
		return ""
	}
	i := bytes.Index(b, []byte("> foreach "))
	if i < 0 || !bytes.Contains(b[i:], []byte(" bt")) {
		return ""
	}
	rest := b[i+len("> foreach "):]
	return crashStates["["+string(rest[:min(2, len(rest))])+"]"]
}

// stateOf is the state that a list of tasks gave for a pid, or the command that printed the stack, and for how many seconds
// the task has slept if the list tells.
func (e *engine) stateOf(pid int) (state string, ago *int) {
	for i := len(e.rows) - 1; i >= 0; i-- {
		if row := &e.rows[i]; row.pid == pid {
			state = row.state
			if state == "D" {
				ago = row.ago
			}
			break
		}
	}
	if e.crashState != "" {
		state = e.crashState
	}
	return state, ago
}

// tracedTask reads the line above a stack of perf script ("umount  2145 [001]  5244.123456: …", also without the processor) and of
// ftrace ("umount-2145  [001] d..2.  5244.123456: …"): name, pid, and the state if a switch of tasks was traced.
func tracedTask(b []byte) (pid *int, comm, state string) {
	i := bytes.Index(b, []byte(" ["))
	if t := tracedTime(b); t > 0 && (i < 0 || t < i) {
		i = t
	} else if i < 3 || i+6 >= len(b) || !allDigits(b[i+2:i+5]) || b[i+5] != ']' {
		return nil, "", ""
	}
	who := bytes.TrimRight(b[:i], " ")
	cut := bytes.LastIndexAny(who, " -")
	if cut < 1 {
		return nil, "", ""
	}
	number, name := who[cut+1:], bytes.TrimSpace(who[:cut])
	if slash := bytes.IndexByte(number, '/'); slash > 0 { // perf script: process and thread
		number = number[slash+1:]
	}
	if !allDigits(number) || len(name) == 0 {
		return nil, "", ""
	}
	pid, _ = pidNumber(number)
	if s := bytes.Index(b, []byte("prev_state=")); s > 0 && s+len("prev_state=") < len(b) {
		if c := b[s+len("prev_state="):][:1]; isState(c) {
			state = string(c)
		}
	} else if s := bytes.Index(b, []byte("] ")); s > 0 && len(b) > s+8 && hasPrefix(b[s+3:], " ==> ") && isState(b[s+2:s+3]) {
		state = string(b[s+2 : s+3]) // perf's own words for a switch: "umount:2145 [120] D ==> swapper/1:0 [120]"
	}
	return pid, commText(name), state
}

// tracedTime finds the time and the event in a line of perf script, "  5244.123456: sched:sched_switch: …"; -1 if they are not there.
func tracedTime(b []byte) int {
	colon := bytes.Index(b[:min(len(b), 80)], []byte(": "))
	if colon < 0 {
		return -1
	}
	i := bytes.LastIndexByte(b[:colon], ' ')
	seconds, rest, ok := bytes.Cut(b[i+1:colon], []byte("."))
	if i < 3 || !ok || !allDigits(seconds) || len(rest) < 6 || !allDigits(rest) || bytes.IndexByte(trimSpaceLeft(b[colon+2:]), ':') < 1 {
		return -1
	}
	return i
}

// profiledTask reads what bcc prints below a stack: "-                umount (2145)".
func profiledTask(b []byte) (pid *int, comm string) {
	rest, ok := bytes.CutPrefix(b, []byte("- "))
	open := bytes.LastIndex(rest, []byte(" ("))
	if !ok || open < 1 || rest[len(rest)-1] != ')' || !allDigits(rest[open+2:len(rest)-1]) || open > 40 {
		return nil, ""
	}
	pid, _ = pidNumber(rest[open+2:])
	return pid, commText(rest[:open])
}

// isState recognises ps's state: a letter, and flags after it.
func isState(b []byte) bool {
	if len(b) > 5 || bytes.IndexByte([]byte("RSDTtXZI"), b[0]) < 0 {
		return false
	}
	for _, c := range b[1:] {
		if bytes.IndexByte([]byte("<NLsl+"), c) < 0 {
			return false
		}
	}
	return true
}
