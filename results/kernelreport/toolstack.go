package kernelreport

import "bytes"

// numberedFrame reads a stack entry of the crash utility ("#5 [ffffc90003f77638] f at ffffffff91b037c5 [nfsv4]"), of drgn
// ("#5  f+0x1/0x2 (fs/nfs/a.c:12:3)", "#5 [ffffc90003f77638] f at 0xffffffff91b037c5 in module nfsv4 (fs/nfs/a.c:12:3)") and of
// gdb ("#5  0xffffffff81c0 in f (arg=1) at fs/nfs/a.c:12").
func numberedFrame(b []byte) (parsedFrame, bool) {
	p := parsedFrame{style: styleTool}
	n := 1
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == 1 || n > 4 || n >= len(b) || b[n] != ' ' {
		return p, false
	}
	p.first = n == 2 && b[1] == '0'
	b = trimSpaceLeft(b[n:])
	stackAddress := false
	if f, ok := armNumbered(b); ok { // without a stack's address
		p.frame.Func, p.tidy = f, true
		return p, true
	}
	if len(b) > 10 && b[0] == '[' {
		if h := hexRun(b[1:]); h >= 8 && h+1 < len(b) && b[h+1] == ']' {
			b, stackAddress = trimSpaceLeft(b[h+2:]), true
		}
	}
	if hasPrefix(b, "0x") {
		h := hexRun(b[2:])
		if rest := b[2+h:]; hasPrefix(rest, " in ") {
			if !kernelAddress(b[2 : 2+h]) {
				return p, false // of a program
			}
			b, stackAddress = rest[len(" in "):], true
		}
	}
	h := nameRun(b)
	if h == 0 || h > maxName {
		return p, false
	}
	p.frame.Func = string(b[:h])
	rest := b[h:]
	p.frame.Offset, p.frame.Size, rest = offsets(rest)
	if p.frame.Offset == "" && len(rest) > 1 && rest[0] == '+' { // crash with -s or without sizes: "f+123"
		for rest = rest[1:]; len(rest) > 0 && (isHex(rest[0]) || rest[0] == 'x'); {
			rest = rest[1:]
		}
	}
	if i := bytes.LastIndex(rest, []byte(" at ")); i >= 0 {
		at := bytes.TrimPrefix(rest[i+len(" at "):], []byte("0x"))
		if hr := hexRun(at); hr >= 8 || stackAddress && hr >= 5 && (hr == len(at) || at[hr] == ' ') { // an address; module and place follow. s390's kernel begins low
			p.tidy = p.place(at[hr:]) && stackAddress
			return p, true
		}
		p.frame.File, p.frame.Line, _ = fileAndLine(append([]byte{' '}, at...))
		p.tidy = p.frame.File != ""
		return p, p.tidy
	}
	if file, number, _ := fileAndLine(rest); file != "" {
		p.frame.File, p.frame.Line = file, number
		p.tidy = true
		return p, true
	}
	call := hasPrefix(rest, " (")
	p.tidy = p.frame.Offset != "" && p.trailer(rest, false) || call && stackAddress
	return p, p.tidy || len(rest) == 0 || call
}

// armNumbered reads what the crash utility prints of arm's stacks behind the number: "[<c013c570>] (wait_rcu_gp) from [<c014407c>]".
func armNumbered(b []byte) (fn string, ok bool) {
	if !hasPrefix(b, "[<") {
		return "", false
	}
	rest, style := addresses(b)
	if style != styleAddress || len(rest) < 3 || rest[0] != '(' {
		return "", false
	}
	n := nameRun(rest[1:])
	if n == 0 || n > maxName || !hasPrefix(rest[1+n:], ")") {
		return "", false
	}
	return string(rest[1 : 1+n]), true
}

// place reads what follows an address: crash's "[nfsv4]", drgn's "in module nfsv4 (fs/nfs/a.c:12:3)".
func (p *parsedFrame) place(b []byte) bool {
	if rest, ok := bytes.CutPrefix(b, []byte(" in module ")); ok {
		n := nameRun(rest)
		p.frame.Module, b = string(rest[:min(n, maxName)]), rest[n:]
	}
	if file, number, rest := fileAndLine(b); file != "" {
		p.frame.File, p.frame.Line, b = file, number, rest
	}
	return p.trailer(b, false)
}

// kernelAddress tells the addresses of kernels from those of programs, whose upper bits are zero.
func kernelAddress(hex []byte) bool {
	hex = bytes.TrimLeft(hex, "0")
	return len(hex) == 16 || len(hex) == 8 && hex[0] >= '8'
}

// toolDetail recognises the lines that tools put between stack entries and that say nothing of functions: crash's places
// with -l, the rest of an entry of gdb's that took more than one line.
func toolDetail(b []byte) bool {
	switch {
	case b[0] == '/':
		i := bytes.LastIndex(b, []byte(": "))
		return i > 3 && allDigits(b[i+2:]) && bytes.IndexByte(b[:i], ' ') < 0
	case hasPrefix(b, "--- <"):
		return true
	}
	if last := b[len(b)-1]; !isDigit(last) && last != ')' {
		return false // a place ends in its line
	}
	i := bytes.LastIndex(b, []byte("at "))
	if i < 0 || i > 0 && !bytes.HasSuffix(b[:i], []byte(") ")) {
		return false
	}
	file, _, rest := fileAndLine(b[i+2:])
	return file != "" && len(rest) == 0
}

// tracedFrame reads a stack entry of bpftrace ("rpc_wait_bit_killable+17", perhaps after an address), of perf script
// ("ffffffff81c0a4d5 schedule+0x25 ([kernel.kallsyms])"), of ftrace ("=> schedule", "=> schedule (ffffffff81c0a4d5)") and of
// bcc ("b'schedule+0x25 [kernel]'").
func tracedFrame(b []byte) (parsedFrame, bool) {
	p := parsedFrame{style: styleTool}
	last := b[len(b)-1]
	switch {
	case hasPrefix(b, "=> "):
		b = trimSpaceLeft(b[len("=> "):])
		n := nameRun(b)
		if rest := b[n:]; n == 0 || n > maxName || len(rest) > 0 && !hasPrefix(rest, " (") && !hasPrefix(rest, "+0x") && !hasPrefix(rest, " <ffff") {
			return p, false
		}
		p.frame.Func, p.tidy = string(b[:n]), true
		return p, true
	case last == ')' && bytes.HasSuffix(b, []byte(" ([kernel.kallsyms])")) && (nameRun(b) >= len(b)-len(" ([kernel.kallsyms])") || hasPrefix(b[nameRun(b):], "+0x")): // perf trace
		n := nameRun(b)
		p.frame.Func, p.tidy = string(b[:n]), n > 2 && n <= maxName
		return p, p.tidy
	case last == ')':
		h := hexRun(b)
		if h < 8 || h >= len(b) || b[h] != ' ' || !(bytes.HasSuffix(b, []byte("([kernel.kallsyms])")) || bytes.HasSuffix(b, []byte("vmlinux)")) ||
			bytes.HasSuffix(b, []byte("])")) || bytes.HasSuffix(b, []byte(".ko)"))) {
			return p, false
		}
		b = trimSpaceLeft(b[h:])
		open := bytes.LastIndexByte(b, '(')
		if open < 0 {
			return p, false
		}
		b = b[:open]
		n := nameRun(b)
		if n == 0 || n > maxName || !hasPrefix(b[n:], "+0x") {
			return p, false
		}
		p.frame.Func, p.tidy = string(b[:n]), true
		return p, true
	case last == '\'' && hasPrefix(b, "b'"), last == ']' && bytes.Contains(b, []byte("+0x")):
		b = bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("b'")), []byte("'"))
		n := nameRun(b)
		if n < 3 || n > maxName || !hasPrefix(b[n:], "+0x") {
			return p, false
		}
		p.frame.Func = string(b[:n])
		rest := b[n+3:]
		rest = rest[hexRun(rest):]
		p.tidy = hasPrefix(rest, " [") && p.trailer(rest, false)
		return p, p.tidy
	case !isDigit(last):
		return p, false
	}
	if h := hexRun(b); h == 16 && h < len(b) && b[h] == ' ' && kernelAddress(b[:h]) {
		b = trimSpaceLeft(b[h:])
	}
	n := nameRun(b)
	if n < 3 || n > maxName || n+1 >= len(b) || b[n] != '+' || !allDigits(b[n+1:]) || len(b)-n > 8 {
		return p, false
	}
	p.frame.Func, p.tidy = string(b[:n]), true
	return p, true
}

// toolTask reads what the crash utility and kdb print above a stack: `PID: 12  TASK: ffff…  CPU: 2  COMMAND: "bash"`, and
// kdb's row of address, pid, parent, whether it runs, processor, state, address, name.
func toolTask(b []byte) (item, bool) {
	it := item{what: lineTask, usable: true, tool: true}
	if hasPrefix(b, "PID: ") {
		i := bytes.LastIndex(b, []byte("COMMAND: \""))
		if i < 0 && bytes.HasSuffix(b, []byte(" COMMAND:")) && bytes.Contains(b, []byte(" TASK: ")) { // a mail program broke it
			it.pid, _ = pidNumber(b[len("PID: "):])
			it.partial = true
			return it, true
		}
		if i < 0 || !bytes.Contains(b[:i], []byte("TASK: ")) {
			return it, false
		}
		it.pid, _ = pidNumber(b[len("PID: "):])
		it.comm = commText(bytes.TrimSuffix(b[i+len("COMMAND: \""):], []byte("\"")))
		if j := bytes.Index(b[:i], []byte(" [")); j > 0 && b[j+3] == ']' && isState(b[j+2:j+3]) { // drgn's, with the state
			it.state = string(b[j+2 : j+3])
		}
		return it, true
	}
	f := bytes.Fields(b[:min(len(b), 160)])
	if len(f) < 8 || len(f[0]) < 10 || !allDigits(f[1]) || !allDigits(f[2]) || len(f[3]) != 1 || !isDigit(f[3][0]) || !allDigits(f[4]) ||
		len(f[5]) != 1 || !isLetter(f[5][0]) || !hasPrefix(f[6], "0x") {
		return it, false
	}
	it.pid, _ = pidNumber(f[1])
	it.state = string(f[5])
	it.comm = commText(bytes.TrimPrefix(bytes.Join(f[7:], []byte(" ")), []byte("*")))
	return it, true
}

// idleWaits are where tasks sleep that wait for something to do. A tool that prints all stacks prints these, without a
// state that would tell them from hung ones.
var idleWaits = map[string]bool{
	"poll_schedule_timeout": true, "do_poll": true, "do_select": true, "do_sys_poll": true, "ep_poll": true, "do_epoll_wait": true, "futex_wait": true,
	"futex_wait_queue": true, "futex_wait_queue_me": true, "pipe_read": true, "pipe_wait": true, "do_wait": true, "hrtimer_nanosleep": true,
	"common_nsleep": true, "n_tty_read": true, "unix_stream_read_generic": true, "unix_stream_data_wait": true, "skb_wait_for_more_packets": true,
	"inet_csk_accept": true, "inet_csk_wait_for_connect": true, "sk_wait_data": true, "tcp_recvmsg": true, "rcu_gp_kthread": true,
	"rcu_gp_fqs_loop": true, "rcu_nocb_gp_kthread": true, "rcu_nocb_cb_kthread": true, "rcu_tasks_one_gp": true, "rcu_tasks_kthread": true,
	"kswapd": true, "kswapd_try_to_sleep": true, "kcompactd": true, "khugepaged": true, "ksm_scan_thread": true, "smpboot_thread_fn": true,
	"do_sigtimedwait": true, "sigsuspend": true, "ptrace_stop": true, "do_signal_stop": true, "devtmpfsd": true, "devtmpfs_work_loop": true,
	"kauditd_thread": true, "oom_reaper": true, "watchdog": true, "kjournald2": true, "xfsaild": true, "irq_thread": true, "scsi_error_handler": true,
	"inotify_read": true, "do_syslog": true, "syslog_print": true, "signalfd_dequeue": true, "signalfd_read": true, "eventfd_read": true,
	"timerfd_read": true, "io_wqe_worker": true, "io_wq_worker": true, "io_cqring_wait": true, "hub_thread": true, "kernfs_fop_poll": true, "prb_read_valid": true,
	"do_msgrcv": true, "do_semtimedop": true, "read_events": true, "lockd": true, "vhost_task_fn": true, "kvm_vcpu_block": true, "kvm_vcpu_halt": true,
}

// idle reports whether a stack is that of a task that waits for something to do, or of one that does not sleep.
func idle(frames []Frame) bool {
	if !sleepsFirst(frames) {
		return true
	}
	telling := tellingFrames(frames, hangClasses, tellingLimit)
	for _, f := range telling {
		if idleWaits[f] {
			return true
		}
	}
	return len(telling) == 0
}
