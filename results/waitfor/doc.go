// Package waitfor says who waits for whom on a machine that hangs: it reads the
// texts that were taken of it, builds a graph of tasks, RPCs, nfsd threads,
// locks, wait bits and file systems, and explains it in one sentence, in text
// and in a drawing.
//
// It opens no files and starts nothing. One table (rules.go) says what a task
// with a given stack waits for, another (resources.go) what could end that wait;
// both are for maintainers to edit. An edge that a text states is certain, one
// that fits but is not stated is a guess and is marked so everywhere. The
// texts come from a guest that may be broken: they are never trusted, and a
// missing or torn one only makes the answer weaker.
package waitfor
