// Package kills kills loopfault at random moments of a real campaign, a matrix, a nightly (by itself and on an engine) and a bisection,
// fills the disk under each, and checks that completed work is still there, and counted once. It contains only
// tests: go test -tags kills.
package kills
