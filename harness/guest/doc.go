// Package guest runs one QEMU process per Guest and owns everything that
// belongs to it: the process, the QMP monitor, the serial console, the two
// virtio channels to the agent, the SSH port, and the one state machine of the
// guest's life. It leaves nothing behind: channels are inherited socketpairs,
// scratch disks are unlinked files passed by descriptor, the SSH port is chosen
// by the host's kernel, and QEMU dies with the harness.
//
// It is not a scenario runner: it does not know what the guest executes, never
// interprets kernel reports beyond the one line that announces a panic, and
// gives no verdicts. A dead or wedged guest is evidence, not an error of ours;
// Error says whose fault a failure is.
//
// Spec and the devices are pure data: the same spec gives the same command line,
// so machines are tested without booting them. Only Start touches the host.
package guest
