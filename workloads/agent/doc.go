// Package agent is process 1 of the guest and the servant of the host: it
// mounts what a guest needs, starts the NFS server and the loop-back mount,
// launches workers and answers requests on the control channel.
//
// It decides nothing about faults or verdicts, and process 1 itself only
// starts the other roles and reaps: a role that blocks on NFS must not block
// the rest.
package agent
