package kernelreport

import "bytes"

// psColumns are where the heading of a list of tasks says that pid, state and name stand, counted in words.
type psColumns struct {
	pid, state, comm int
	start            int // offset of the heading
}

// psHeading reads the heading that ps prints: "PID STAT WCHAN CMD". Which columns there are is up to the person who calls it.
func psHeading(b []byte) (psColumns, bool) {
	c := psColumns{pid: -1, state: -1, comm: -1}
	if len(b) < len("PID S CMD") || b[len(b)-1] != 'D' && b[len(b)-1] != 'S' {
		return c, false
	}
	for i, w := range bytes.Fields(b) {
		switch string(w) {
		case "PID":
			c.pid = i
		case "S", "STAT":
			c.state = i
		case "CMD", "COMMAND", "ARGS":
			c.comm = i
		}
	}
	return c, c.pid >= 0 && c.state >= 0 && c.comm > max(c.pid, c.state)
}

// row reads a line below the heading.
func (c psColumns) row(b []byte) (row psRow, ok bool) {
	f := bytes.Fields(b)
	if len(f) <= c.comm || !allDigits(f[c.pid]) || !isState(f[c.state]) {
		return row, false
	}
	n, _ := pidNumber(f[c.pid])
	if n == nil {
		return row, false
	}
	return psRow{pid: *n, state: string(f[c.state][:1]), comm: psName(f[c.comm])}, true
}

// psName is the task's name in a command: without its directory and the brackets around a kernel thread's.
func psName(command []byte) string {
	if i := bytes.LastIndexByte(command, '/'); i >= 0 && command[0] == '/' {
		command = command[i+1:]
	}
	command = bytes.Trim(command, "[]")
	return commText(command[:min(len(command), 15)])
}
