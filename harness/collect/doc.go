// Package collect takes, on a machine that hangs, the texts from which a hang is explained: stacks, RPC tasks, the state of
// connections and of the NFS server, the kernel's log.
//
// It reads only, and starts nothing but copies of this program. Each file is read by a process of its own making (reader.go),
// because any read may block for ever on the hang that is being looked at: such a process is killed, or left behind and named
// if it cannot be. What the texts mean is not known here.
package collect
