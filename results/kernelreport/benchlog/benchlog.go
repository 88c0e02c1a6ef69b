// Package benchlog makes the logs that the parser's speed is measured with, the same for `go test -bench` and `make
// bench`. It holds no parser.
package benchlog

import (
	"bytes"
	"fmt"
)

// Quiet makes a log of about size bytes as a busy but healthy machine writes it.
func Quiet(size int) []byte {
	kinds := []string{
		"[%12.6f] nfs: server 10.0.0.7 OK",
		"[%12.6f] usb 1-1.2: new high-speed USB device number 5 using xhci_hcd",
		"[%12.6f] EXT4-fs (vda1): mounted filesystem 1f0c0c5e-97a4-4d2c-8c55-b3f7b6a0c0de r/w with ordered data mode. Quota mode: none.",
		"[%12.6f] audit: type=1400 audit(1736129647.660:42): apparmor=\"STATUS\" operation=\"profile_load\" name=\"/usr/sbin/tcpdump\" pid=601 comm=\"apparmor_parser\"",
		"[%12.6f] pci 0000:00:1f.2: BAR 5: assigned [mem 0xfebd1000-0xfebd1fff]",
		"[%12.6f] systemd[1]: Started session-42.scope - Session 42 of User root.",
		"[%12.6f] RPC: Registered named UNIX socket transport module.",
		"[%12.6f] e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX",
		"[%12.6f] kworker/u8:2 (77) used greatest stack depth: 12312 bytes left",
	}
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, kinds[i%len(kinds)]+"\n", float64(i)/100)
	}
	return b.Bytes()
}

// WithReports puts n hung-task reports, as khungtaskd prints them, evenly into a quiet log.
func WithReports(size, n int) []byte {
	quiet := Quiet(size - n*len(report))
	var b bytes.Buffer
	step := len(quiet) / n
	for i := range n {
		part := quiet[i*step : (i+1)*step]
		cut := bytes.LastIndexByte(part, '\n') + 1
		b.Write(part[:cut])
		b.WriteString(Report(1000 + i))
		b.Write(part[cut:])
	}
	return b.Bytes()
}

// Report is a hung task.
func Report(pid int) string { return fmt.Sprintf(report, pid) }

const report = `[  245.660071] INFO: task umount:%[1]d blocked for more than 15 seconds.
[  245.660503]       Not tainted 6.12.117 #1
[  245.660790] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  245.661271] task:umount          state:D stack:12552 pid:%[1]d   tgid:%[1]d   ppid:640    flags:0x00004002
[  245.661838] Call Trace:
[  245.662011]  <TASK>
[  245.662158]  __schedule+0x3f2/0xb60
[  245.662392]  schedule+0x27/0xf0
[  245.662610]  rpc_wait_bit_killable+0xd/0x60
[  245.664034]  __rpc_execute+0x13a/0x300
[  245.664513]  rpc_run_task+0x14d/0x1c0
[  245.664757]  nfs4_proc_layoutreturn+0x14f/0x270
[  245.665053]  pnfs_send_layoutreturn+0x119/0x190
[  245.665349]  _pnfs_return_layout+0x1b6/0x280
[  245.665629]  nfs4_evict_inode+0x6d/0x70
[  245.665883]  evict+0x10c/0x2b0
[  245.666857]  generic_shutdown_super+0x37/0x100
[  245.667877]  cleanup_mnt+0x100/0x160
[  245.668992]  entry_SYSCALL_64_after_hwframe+0x76/0x7e
[  245.669230] RIP: 0033:0x7f2b3cbb5d07
[  245.670598]  </TASK>
`
