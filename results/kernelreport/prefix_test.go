package kernelreport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// spells are ways in which a log reaches us: what a program makes of one line of kernel text, n the number of the line.
// They must all tell what the plain text tells.
var spells = map[string]func(text string, n int) string{
	"dmesg -T, Tuesday":     func(s string, n int) string { return fmt.Sprintf("[Tue May 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Thursday":    func(s string, n int) string { return fmt.Sprintf("[Thu May 16 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, German":      func(s string, n int) string { return fmt.Sprintf("[Do Mär 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, French":      func(s string, n int) string { return fmt.Sprintf("[jeu. févr. 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Spanish":     func(s string, n int) string { return fmt.Sprintf("[mié ene 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Chinese":     func(s string, n int) string { return fmt.Sprintf("[二 5月 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, day first":   func(s string, n int) string { return fmt.Sprintf("[mar. 14 mai 2024 11:12:%02d] %s", n%60, s) },
	"dmesg -H, its minutes": func(s string, n int) string { return fmt.Sprintf("[Mai14 11:12] %s", s) },
	"syslog, German":        func(s string, n int) string { return fmt.Sprintf("Mai 14 11:12:%02d box kernel: %s", n%60, s) },
	"syslog, French":        func(s string, n int) string { return fmt.Sprintf("févr. 14 11:12:%02d box kernel: %s", n%60, s) },
	"syslog, Chinese":       func(s string, n int) string { return fmt.Sprintf("5月 14 11:12:%02d box kernel: %s", n%60, s) },
	"syslog-ng, program": func(s string, n int) string {
		return fmt.Sprintf("May 14 11:12:%02d [kernel] [%5d.123456] %s", n%60, n, s)
	},
	"RFC 5424": func(s string, n int) string {
		return fmt.Sprintf("<3>1 2024-05-14T11:12:%02d.1+02:00 box kernel - - - %s", n%60, s)
	},
	"RFC 5424, no priority": func(s string, n int) string {
		return fmt.Sprintf("1 2024-05-14T11:12:%02d.123Z box kernel - - - %s", n%60, s)
	},
	"journal short-full": func(s string, n int) string {
		return fmt.Sprintf("Tue 2024-05-14 11:12:%02d CEST box kernel: %s", n%60, s)
	},
	"journal JSON": func(s string, n int) string {
		text, _ := json.Marshal(map[string]string{"MESSAGE": s, "_TRANSPORT": "kernel", "_HOSTNAME": "box", "PRIORITY": "3"})
		return string(text)
	},
	"journal JSON, a list of bytes": func(s string, n int) string {
		numbers := strings.Join(strings.Fields(fmt.Sprint([]byte(s))), ",")
		return `{"_TRANSPORT":"kernel","MESSAGE":` + numbers + `}`
	},
	"journal JSON, pretty": func(s string, n int) string {
		text, _ := json.Marshal(s)
		return "{\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"PRIORITY\" : \"3\",\n\t\"MESSAGE\" : " + string(text) + ",\n\t\"_HOSTNAME\" : \"box\"\n}"
	},
	"container's JSON log": func(s string, n int) string {
		text, _ := json.Marshal(map[string]string{"log": s + "\n", "stream": "stdout"})
		return string(text)
	},
	"HTML entities": func(s string, n int) string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "  ", " &nbsp;").Replace(s)
	},
	"quoted-printable": func(s string, n int) string {
		return strings.NewReplacer("=", "=3D", "  ", "=C2=A0 ").Replace(s) + "=20"
	},
	"CI, its clock first": func(s string, n int) string {
		return fmt.Sprintf("2024-05-14T11:12:%02d.1234567Z vm | [%5d.123456] %s", n%60, n, s)
	},
	"CI, its line number": func(s string, n int) string { return fmt.Sprintf("%05d %s", 570+n, s) },
	"grep, a file's name": func(s string, n int) string { return fmt.Sprintf("var/log/messages-20240514:%s", s) },
	"pdsh":                func(s string, n int) string { return fmt.Sprintf("oss-0%d: %s", 3, s) },
	"logcat": func(s string, n int) string {
		return fmt.Sprintf("05-14 11:12:%02d.123  1234  1240 E kernel  : %s", n%60, s)
	},
	"serial logger's mark": func(s string, n int) string { return fmt.Sprintf("ttyS0> %s", s) },
	"container runtime": func(s string, n int) string {
		return fmt.Sprintf("2024-05-14T11:12:%02d.123456789Z stdout F %s", n%60, s)
	},
	"dmesg -T, Russian":    func(s string, n int) string { return fmt.Sprintf("[Вт мая 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Japanese":   func(s string, n int) string { return fmt.Sprintf("[火  5月 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Portuguese": func(s string, n int) string { return fmt.Sprintf("[ter fev 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -T, Hungarian":  func(s string, n int) string { return fmt.Sprintf("[k máj 14 11:12:%02d 2024] %s", n%60, s) },
	"dmesg -H, French":     func(s string, n int) string { return fmt.Sprintf("[  +0,%06d] %s", n, s) },
	"dmesg, its colours": func(s string, n int) string {
		return fmt.Sprintf("\x1b[32m[%5d.123456] \x1b[0m\x1b[33m%s\x1b[0m%s", n, s[:4], s[4:])
	},
	"RFC 5424, data": func(s string, n int) string {
		return fmt.Sprintf(`<3>1 2024-05-14T11:12:%02dZ box kernel - - [timeQuality tzKnown="1"] %s`, n%60, s)
	},
	"RFC 5424, process": func(s string, n int) string {
		return fmt.Sprintf("<3>1 2024-05-14T11:12:%02dZ box kernel 0 - - \ufeff%s", n%60, s)
	},
	"syslog, its pid": func(s string, n int) string {
		return fmt.Sprintf("May 14 11:12:%02d box kernel[0]: [%5d.1] %s", n%60, n, s)
	},
	"syslog of netconsole": func(s string, n int) string { return fmt.Sprintf("May 14 11:12:%02d 10.0.0.7 %s", n%60, s) },
	"netconsole, extended": func(s string, n int) string {
		return fmt.Sprintf("3,%d,%d,-;%s\n SUBSYSTEM=x\n DEVICE=+x:y", n, 1000+n, s)
	},
	"journal JSON, spread": func(s string, n int) string {
		return fmt.Sprintf("{\n  \"_HOSTNAME\": \"box\",\n  \"MESSAGE\": %s\n}", quoted(s))
	},
	"journal JSON, events":  func(s string, n int) string { return fmt.Sprintf("data: {\"MESSAGE\":%s}\n", quoted(s)) },
	"journal JSON, records": func(s string, n int) string { return fmt.Sprintf("\x1e{\"MESSAGE\":%s}", quoted(s)) },
	"journal, export": func(s string, n int) string {
		return fmt.Sprintf("__CURSOR=%d\nPRIORITY=3\n_TRANSPORT=kernel\nMESSAGE=%s\n_HOSTNAME=box\n", n, s)
	},
	"dmesg --json": func(s string, n int) string {
		return fmt.Sprintf("      {\n \"pri\": 3,\n \"time\": %d.1,\n \"msg\": %s\n },{", n, quoted(s))
	},
	"Elastic's JSON": func(s string, n int) string {
		return fmt.Sprintf("{\"@timestamp\":\"2024-05-14\",\"message\":%s}", quoted(s))
	},
	"LAVA's YAML": func(s string, n int) string {
		return fmt.Sprintf("- {dt: \"2024-05-14T11:12:13\", lvl: target, msg: %s}", quoted(s))
	},
	"logfmt": func(s string, n int) string { return "time=\"2024-05-14T11:12:13Z\" level=error msg=" + quoted(s) },
	"a table, quoted": func(s string, n int) string {
		return fmt.Sprintf("\"2024-05-14 11:12:13.%03d\",\"box\",\"%s\"", n, strings.ReplaceAll(s, `"`, `""`))
	},
	"a list of strings": func(s string, n int) string {
		return fmt.Sprintf("   \"[%5d.123456] %s\",", n, strings.ReplaceAll(s, `"`, `\"`))
	},
	"HTML, paragraphs": func(s string, n int) string {
		return "<p class=\"MsoNormal\">" + html.EscapeString(s) + "<o:p></o:p></p>"
	},
	"HTML, breaks":       func(s string, n int) string { return html.EscapeString(s) + "<br/>" },
	"HTML, quoted":       func(s string, n int) string { return "<span class=\"quote\">&gt; " + html.EscapeString(s) + "</span>" },
	"an invisible blank": func(s string, n int) string { return "\u200b" + s },
	"wide blanks":        func(s string, n int) string { return strings.ReplaceAll("  "+s, "  ", "\u2003\u2003") },
	"a terminal's frame": func(s string, n int) string { return fmt.Sprintf("│ %-90s │", s) },
	"grep -n":            func(s string, n int) string { return fmt.Sprintf("%d:%s", 570+n, s) },
	"grep -A":            func(s string, n int) string { return fmt.Sprintf("%d%c%s", 570+n, ":-"[min(n, 1)], s) },
	"grep -A, a file":    func(s string, n int) string { return fmt.Sprintf("console.log%c%s", ":-"[min(n, 1)], s) },
	"grep -nA, a file": func(s string, n int) string {
		return fmt.Sprintf("a/dmesg.txt%c%d%c%s", ":-"[min(n, 1)], 570+n, ":-"[min(n, 1)], s)
	},
	"journal, verbose": func(s string, n int) string {
		return fmt.Sprintf("Tue 2024-05-14 11:12:13.%06d CEST [s=0639;i=%d;b=8f3d]\n    PRIORITY=3\n    _TRANSPORT=kernel\n    MESSAGE=%s\n    _HOSTNAME=box", n, n, s)
	},
	"Jenkins, its branch":   func(s string, n int) string { return "[arm64] " + s },
	"kubectl --prefix":      func(s string, n int) string { return "[pod/debugger-x7k2p/debugger] " + s },
	"GitLab, its stream":    func(s string, n int) string { return fmt.Sprintf("2024-05-14T11:12:%02d.123456Z 01O %s", n%60, s) },
	"TeamCity, its step":    func(s string, n int) string { return fmt.Sprintf("[11:12:%02d] :\t [Step 3/4] %s", n%60, s) },
	"Android, task and CPU": func(s string, n int) string { return fmt.Sprintf("<3>[%5d.123456][T67@C1] %s", n, s) },
	"a vendor's task":       func(s string, n int) string { return fmt.Sprintf("[%5d.123456] [khungtaskd:67] %s", n, s) },
	"another vendor's task": func(s string, n int) string { return fmt.Sprintf("[%5d.123456] I[1:  khungtaskd:   67] %s", n, s) },
	"a third vendor's task": func(s string, n int) string { return fmt.Sprintf("[%5d.123456]<1>.(1)[67:khungtaskd]%s", n, s) },
	"printk lost some": func(s string, n int) string {
		if n == 0 {
			return "** 112 printk messages dropped ** " + s
		}
		return s
	},
	"a chat's fence": func(s string, n int) string {
		if n == 0 {
			return "```" + s
		}
		return s
	},
	"CR-LF":          func(s string, n int) string { return s + "\r" },
	"blanks to tabs": func(s string, n int) string { return strings.ReplaceAll(s, "  ", "\t") },
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// wholes are what becomes of a log as a whole.
var wholes = map[string]func(log string) string{
	"one string of JSON": func(log string) string { return `{"id":12,"comment":` + quoted("Hello\n"+log+"\nBye") + "}" },
	"written line ends":  func(log string) string { return strings.ReplaceAll(log, "\n", `\n`) },
	"a list of records": func(log string) string {
		return `[{"MESSAGE":` + strings.ReplaceAll(quoted(log), `\n`, `"},{"MESSAGE":"`) + "}]"
	},
	"HTML in one line": func(log string) string {
		return "<p>Hello</p><p>" + strings.ReplaceAll(html.EscapeString(log), "\n", "<br>") + "</p>"
	},
	"a page's code": func(log string) string {
		return `<div class="highlight"><pre><code>` + html.EscapeString(log) + "</code></pre></div>"
	},
	"a mark of Unicode's": func(log string) string { return "\ufeff" + log },
	"a tracker's code":    func(log string) string { return "{code:java}" + log + "{code}" },
}

// TestWholes is TestSpells for what is done to all lines together.
func TestWholes(t *testing.T) {
	for _, log := range []string{plainHang, plainLockup} {
		want := sameButPlace(Parse([]byte(log))[0])
		for name, whole := range wholes {
			text := whole(log) + "\n"
			got := checkInvariants(t, []byte(text))
			checkStream(t, []byte(text), got)
			if assert.Len(t, got, 1, "%s:\n%s", name, text) {
				assert.Equal(t, want, sameButPlace(got[0]), "%s:\n%s", name, text)
			}
		}
	}
}

const plainHang = `INFO: task umount:2145 blocked for more than 122 seconds.
      Not tainted 6.12.9-1-amd64 #1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:umount          state:D stack:0     pid:2145  tgid:2145  ppid:1      flags:0x00004002
Call Trace:
 <TASK>
 __schedule+0x408/0xa10
 schedule+0x27/0xf0
 rpc_wait_bit_killable+0x11/0x70 [sunrpc]
 ? __pfx_rpc_wait_bit_killable+0x10/0x10 [sunrpc]
 out_of_line_wait_on_bit+0x95/0xc0
 __rpc_execute+0x12c/0x3a0 [sunrpc]
 nfs4_proc_layoutreturn+0xfa/0x1a0 [nfsv4]
 pnfs_send_layoutreturn+0x11c/0x1b0 [nfsv4]
 nfs4_evict_inode+0x86/0x90 [nfsv4]
 evict+0x113/0x2a0
 generic_shutdown_super+0x45/0x110
 do_syscall_64+0x82/0x170
 entry_SYSCALL_64_after_hwframe+0x76/0x7e
 </TASK>`

const plainLockup = `watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [kworker/2:1:88]
CPU: 2 UID: 0 PID: 88 Comm: kworker/2:1 Not tainted 6.12.9-1-amd64 #1
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009)
Workqueue: events laundromat_main [nfsd]
RIP: 0010:nfs4_laundromat+0x121/0x6f0 [nfsd]
RSP: 0018:ffffc90000247d80 EFLAGS: 00000246
Call Trace:
 <TASK>
 laundromat_main+0x19/0x40 [nfsd]
 process_one_work+0x174/0x330
 worker_thread+0x252/0x390
 kthread+0xd2/0x100
 ret_from_fork+0x34/0x50
 </TASK>`

// TestSpells is the corpus of formats times logs.
func TestSpells(t *testing.T) {
	for _, log := range []string{plainHang, plainLockup} {
		want := sameButPlace(Parse([]byte(log))[0])
		for name, spell := range spells {
			var text bytes.Buffer
			for i, l := range strings.Split(log, "\n") {
				text.WriteString(spell(l, i) + "\n")
			}
			got := checkInvariants(t, text.Bytes())
			if assert.Len(t, got, 1, "%s:\n%s", name, &text) {
				assert.Equal(t, want, sameButPlace(got[0]), "%s:\n%s", name, &text)
			}
		}
	}
}
