// Package kills kills loopfault at random moments of a real campaign, a matrix, a nightly and a bisection, fills the disk
// under each, and looks whether what was done is still there, and counted once. All of it is tests: go test -tags kills.
package kills
