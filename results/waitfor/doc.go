// Package waitfor says who waits for whom in a guest that hangs: it reads the
// texts that were taken of it, builds a graph of tasks, RPCs, nfsd threads,
// locks, wait bits and file systems, and puts what it means into one sentence,
// into text, and into a drawing.
//
// It is pure and touches nothing. What sleeps where is read from stacks by one
// table (rules.go), and what could end such a sleep by another (resources.go);
// both are for maintainers to edit. An edge that a text states is certain, one
// that fits but is not stated is a guess and is marked so everywhere. The
// texts come from a guest that may be broken: they are never trusted, and a
// missing or torn one only makes the answer weaker.
package waitfor
