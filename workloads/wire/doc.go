// Package wire holds the plain data that the host and the agent in the guest
// share: what a scenario asks of a guest (exports, mounts, workloads), the
// requests and replies of the control channel, and the lines of the watch
// channel.
//
// It is not a transport and it has no behaviour beyond parsing its own units;
// it imports neither side.
package wire
