package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"loopfault/errs"
)

// Kind names an engine.
type Kind string

// The engines.
const (
	Local      Kind = "local" // processes of this host
	Slurm      Kind = "slurm"
	Kubernetes Kind = "kubernetes"
)

// Engine is what runs shards: each by the command "fleet shard DIR N", which goes on with what it finds.
type Engine interface {
	// Submit queues shards of which none is queued or running, and returns.
	Submit(ctx context.Context, shards []int) error
	// Seen are the shards that are queued or running, and what is known of others. Of what is not there nothing is known.
	Seen(ctx context.Context) (map[int]Seen, error)
	// Cancel asks all shards to stop. Those that begin later find the stop mark.
	Cancel(ctx context.Context) error
	// Withdraw takes shards back that are queued and need not begin any more, if they would wait for long.
	Withdraw(ctx context.Context) error
	// Close ends what cannot outlive this process.
	Close() error
}

// Seen is what an engine says of a shard.
type Seen struct {
	State State
	Why   string // in the engine's words, "" for nothing
	Node  string // that it runs on, "" if unknown
}

// State is how far a shard is.
type State string

// States of a shard.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"    // nothing is left to do
	Stopped State = "stopped" // it ended before that, or never began, and will not be started
	Unknown State = "unknown" // its engine cannot be asked from here
)

func (s State) live() bool { return s == Queued || s == Running || s == Unknown }

// Engine is the one that the fleet is run by.
func (f *Fleet) Engine() (Engine, error) {
	switch f.Order.Engine {
	case Local:
		return newLocal(f), nil
	case Slurm:
		return newSlurm(f)
	case Kubernetes:
		return newKubernetes(f), nil
	}
	return nil, errs.Usagef("the engine %.40q is none of local, slurm and kubernetes", f.Order.Engine)
}

// ranges writes numbers as Slurm and people do: 1-3,7.
func ranges(list []int) string {
	list = slices.Clone(list)
	slices.Sort(list)
	var parts []string
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n] == list[0]+n {
			n++
		}
		part := fmt.Sprint(list[0])
		if n > 1 {
			part = fmt.Sprintf("%d-%d", list[0], list[n-1])
		}
		parts = append(parts, part)
		list = list[n:]
	}
	return strings.Join(parts, ",")
}
