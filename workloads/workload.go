// Package workloads is the load that runs in the guest, one file per workload.
//
// A workload is a list of workers; each worker is a process of its own with its own
// credential, random numbers and counter slot. Given the same seed a worker does
// the same operations in the same order; how the workers interleave is the kernel's
// business. The package does not start processes (the agent does). It judges only
// its own data: a worker that reads back impossible data records a finding.
package workloads

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// Env is what a worker works with.
type Env struct {
	Name    string // of the worker
	Load    string // directory on the mount under test
	Behind  string // the same directory on the exported file system, or on the mount of another client
	Lower   string // Load's directory on the mount below, if Load is in an overlay
	Cgroup  string // the pressured memory cgroup
	Records string // directory of the files for workers' records

	NoDelegations bool // the server must not delegate what the worker opens

	Rand *rand.Rand
	Beat beats.Slot
	// Writers counts what the processes do that workers start for a short time, of all workers together.
	Writers beats.Slot
}

// fileName is the worker's name as part of a file's.
func (e Env) fileName() string { return strings.ReplaceAll(e.Name, "/", "-") }

// Worker is one process of a workload.
type Worker struct {
	Name      string // what ps shows and the history names, as in "sharedfile/3"
	UID       int
	Pressured bool // runs in the pressured memory cgroup
	// Run works until ctx ends. Failed operations are counted, not returned;
	// an error means that the worker cannot work at all.
	Run func(ctx context.Context, env Env) error
}

// Of lists the workers of one workload.
func Of(w wire.Workload) ([]Worker, error) {
	switch {
	case w.SharedFile != nil:
		return sharedFile(*w.SharedFile), nil
	case w.Recall != nil:
		return recall(*w.Recall), nil
	case w.Evict != nil:
		return evict(*w.Evict), nil
	case w.Umount != nil:
		return umount(*w.Umount), nil
	case w.Writer != nil:
		return writer(*w.Writer), nil
	case w.Expire != nil:
		return expire(*w.Expire), nil
	case w.State != nil:
		return state(*w.State), nil
	case w.Reader != nil:
		return reader(*w.Reader), nil
	case w.DSError != nil:
		return dserror(*w.DSError), nil
	case w.FaultNth != nil:
		return faultNth(*w.FaultNth), nil
	case w.Hog != nil:
		return hog(*w.Hog), nil
	case w.CopyUp != nil:
		return copyUp(*w.CopyUp), nil
	case w.Container != nil:
		return container(*w.Container), nil
	case w.ServerCopy != nil:
		return serverCopy(*w.ServerCopy), nil
	case w.Directory != nil:
		return directory(*w.Directory), nil
	case w.Pages != nil:
		return pages(*w.Pages), nil
	case w.Opens != nil:
		return opens(*w.Opens), nil
	case w.StaleTruncate != nil:
		return staleTruncate(*w.StaleTruncate), nil
	case w.ReadaheadClose != nil:
		return readaheadClose(*w.ReadaheadClose), nil
	case w.Mixed != nil:
		return mixed(*w.Mixed), nil
	}
	return nil, errors.New("workload names no kind of load")
}

// processes are n numbered workers of one kind, in the pressured cgroup, assigned
// to the users in turn.
func processes(kind string, n int, uids []int, run func(ctx context.Context, env Env, i int) error) []Worker {
	workers := make([]Worker, n)
	for i := range workers {
		workers[i] = Worker{
			Name:      fmt.Sprintf("%s/%d", kind, i),
			UID:       uids[i%len(uids)],
			Pressured: true,
			Run:       func(ctx context.Context, env Env) error { return run(ctx, env, i) },
		}
	}
	return workers
}

// NewRand returns the random numbers of one worker: its own stream, the same
// for the same seed and name.
func NewRand(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func sharedPath(dir string, file int) string {
	return filepath.Join(dir, fmt.Sprintf("shared-%03d", file))
}
