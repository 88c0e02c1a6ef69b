package evidence

import "time"

// What `loopfault collect` leaves: an archive whose folder of evidence holds texts under the names that a trial's have.
const (
	CollectionFile   = "collect.json" // a Collection
	KernelLog        = "kernel.log"
	CollectionFormat = 1
)

// Collection says what was read on a machine that hangs, and what could not be.
type Collection struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of loopfault
	Began   time.Time `json:"began"`
	Kernel  string    `json:"kernel"`         // uname -r
	Uptime  float64   `json:"uptime_seconds"` // at the beginning
	Apart   float64   `json:"apart_seconds"`  // between the two looks at blocked tasks
	Paths   bool      `json:"paths"`          // names of files are in the texts
	// Own are the addresses in rpc-xprt.txt that are this machine's: a server behind them is this machine.
	Own   []string `json:"own_addresses"`
	Texts []Text   `json:"texts"`
	// Problems are reads that failed, alike ones together; one line each.
	Problems []string `json:"problems"`
	// Left are processes of the collector that could not be killed: they still block in a read.
	Left []Left `json:"left_behind"`
}

// Text is one text of a Collection.
type Text struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"` // from the beginning until it was read
	Bytes   int     `json:"bytes"`
	Cut     bool    `json:"cut"` // it was longer than what is kept
}

// Left is a process that blocks for ever, and the file that it reads.
type Left struct {
	PID  int    `json:"pid"`
	Path string `json:"path"`
}
