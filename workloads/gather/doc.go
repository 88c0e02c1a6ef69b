// Package gather reads what a kernel shows of itself: lists of tasks with their stacks, files of procfs and debugfs. The
// agent takes a trial's evidence with it in a guest, and `loopfault collect` the same texts on any machine.
//
// It only reads, and judges nothing. How one file is read is a Reader's business: on a machine that hangs any read may block
// for ever, and what that may cost differs.
package gather
