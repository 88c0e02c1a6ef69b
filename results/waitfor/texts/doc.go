// Package texts makes evidence of a hang out of any texts that people have of it: what `loopfault collect` left, the
// kernel's log with task dumps, lists of RPCs, files of /proc, output of other tools.
//
// What a text is, its content says; a name counts only where it is that of a trial's evidence. It knows what these texts look
// like, and nothing of what they mean. They may be hostile: each is read in bounded memory.
package texts
