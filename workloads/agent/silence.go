package agent

import (
	"context"

	"loopfault/workloads"
)

// silencing takes the loop-back interface down and brings it up again: what clients and
// server send each other is lost, and neither is told. The host's channels are not on it.
func silencing() procedure {
	return procedure{
		begin: func(context.Context) error { return workloads.SetCard("lo", false) },
		end:   func(context.Context) error { return workloads.SetCard("lo", true) },
	}
}
