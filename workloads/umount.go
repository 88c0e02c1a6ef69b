package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// UmountDir is the directory of the workload's mounts.
const UmountDir = "/mnt/umount"

func umount(spec wire.Umount) []Worker {
	return []Worker{{
		Name: "umount/" + umountName(spec),
		Run: func(ctx context.Context, env Env) error {
			source, options, err := loopback()
			if err != nil {
				return err
			}
			if spec.Vers != "" {
				options = otherVers(options, spec.Vers)
			}
			for ctx.Err() == nil {
				env.Beat.Done(umountCycle(ctx, env, spec, source, options))
			}
			return nil
		},
	}}
}

// firstUser is who the first writer of such a mount is; the others follow.
const firstUser = 1000

// UmountUsers are the ids of the users that the workload's writers run as.
func UmountUsers(spec wire.Umount) (uids []int) {
	for i := range spec.Mounts * spec.Writers {
		uids = append(uids, firstUser+i)
	}
	return uids
}

// umountName tells umount workloads of one scenario apart.
func umountName(spec wire.Umount) string {
	name := "0"
	if spec.How != "" && spec.How != wire.UmountPlain {
		name = spec.How
	}
	if spec.Vers != "" {
		name += "-v" + spec.Vers
	}
	return name
}

// umountCycle mounts, writes, and unmounts all mounts at the same moment.
func umountCycle(ctx context.Context, env Env, spec wire.Umount, source, options string) error {
	leave := func() error { return nil }
	if spec.How == wire.UmountNamespace {
		var err error
		if leave, err = enterNamespace(); err != nil {
			return err
		}
	}
	before := env.Writers.Ops()
	mounts, writers, err := mountAndWrite(env, spec, source, options)
	if lerr := leave(); err != nil || lerr != nil {
		end(writers, true)
		return errors.Join(err, lerr, takeDown(mounts, "-l"))
	}
	worked(ctx, env.Writers, before+int64(fewOps*len(writers)))
	pause(ctx, Jitter(env.Rand, time.Second))
	err = umountAll(spec, mounts, writers)
	for _, m := range mounts {
		err = errors.Join(err, m.leave())
	}
	return err
}

const (
	// fewOps is how many operations of a writer leave something behind that an umount has to see to.
	fewOps     = 2
	workedWait = 10 * time.Second // a server that is silent keeps no umount waiting
)

// worked waits until the writers have come to so many operations, since it takes a slow guest seconds to start them, and mounts that
// nothing was done on are taken down without a request. The count is of all writers of such workloads.
func worked(ctx context.Context, done beats.Slot, ops int64) {
	for began := time.Now(); done.Ops() < ops && time.Since(began) < workedWait && ctx.Err() == nil; {
		pause(ctx, 50*time.Millisecond)
	}
}

// mountAndWrite makes the mounts and starts their writers. It returns what it
// made even if it fails midway.
func mountAndWrite(env Env, spec wire.Umount, source, options string) (mounts []mounted, writers []*Process, err error) {
	for i := range spec.Mounts {
		m := mounted{dir: filepath.Join(UmountDir, umountName(spec), fmt.Sprint(i))}
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return mounts, nil, err
		}
		// nosharecache: a superblock for each mount, so that each umount evicts.
		if err := Run("mount", "-t", "nfs", "-o", options+",nosharecache", source, m.dir); err != nil {
			return mounts, nil, err
		}
		if env.Lower != "" {
			err = m.cover()
		}
		mounts = append(mounts, m)
		if err != nil {
			return mounts, nil, err
		}
	}
	for i := range spec.Mounts * spec.Writers {
		m := mounts[i%len(mounts)]
		w, err := env.startWriter(m.load(), m.lower(), firstUser+i, env.Rand.Uint64(), spec.Churn)
		if w != nil {
			writers = append(writers, w)
		}
		if err != nil {
			return mounts, writers, err
		}
	}
	return mounts, writers, nil
}

// umountAll ends the writers and the mounts, in the order that the kind of
// umount needs.
func umountAll(spec wire.Umount, mounts []mounted, writers []*Process) error {
	var flags []string
	switch spec.How {
	case wire.UmountNamespace: // only the writers are left in it
		end(writers, spec.Busy)
		return nil
	case wire.UmountExit:
		err := takeDown(mounts, "-l")
		end(writers, true)
		return err
	case wire.UmountLazy:
		flags = []string{"-l"}
	case wire.UmountForced:
		flags = []string{"-f"}
		if spec.Busy {
			_ = takeDown(mounts, "-f") // fails with EBUSY, but has aborted the requests in flight
		}
	}
	end(writers, spec.Busy)
	return takeDown(mounts, flags...)
}

// end ends writers, by force or once they have closed their files.
func end(writers []*Process, force bool) {
	for _, w := range writers {
		if force {
			w.Process.Kill()
		} else {
			w.Process.Signal(syscall.SIGTERM)
		}
	}
	for _, w := range writers {
		w.Wait() // a killed writer's exit status does not matter
	}
}

func takeDown(mounts []mounted, flags ...string) error {
	var g errgroup.Group
	for _, m := range mounts {
		g.Go(func() error { return m.takeDown(flags...) })
	}
	return g.Wait()
}

// enterNamespace gives the calling thread, and the processes it starts, mounts of
// their own. leave switches it back; the mounts made meanwhile go with the last
// of these processes. A worker stays on one thread.
func enterNamespace() (leave func() error, err error) {
	home, err := threadNamespaces("mnt")
	if err != nil {
		return nil, err
	}
	leave = func() error { return errors.Join(home.enter(), home.close()) }
	if err := ownMounts(0); err != nil {
		return nil, errors.Join(err, leave())
	}
	return leave, nil
}

// loopback returns the source of the trial's own mount, and the options that a
// further mount of the same export must share.
func loopback() (source, options string, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", "", err
	}
	return loopbackIn(string(mounts))
}

func loopbackIn(mounts string) (source, options string, err error) {
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != wire.NFSRoot {
			continue
		}
		var shared []string
		for _, o := range strings.Split(f[3], ",") {
			name, _, _ := strings.Cut(o, "=")
			switch name {
			case "sec":
				if o != "sec="+wire.SecSys { // which clients take by themselves where it is offered
					shared = append(shared, o)
				}
			case "sync", "vers", "nolock", "soft", "softerr", "timeo", "retrans":
				shared = append(shared, o)
			}
		}
		return f[0], strings.Join(shared, ","), nil
	}
	return "", "", fmt.Errorf("%s is not mounted", wire.NFSRoot)
}

// otherVers are mount options with another version.
func otherVers(options, vers string) string {
	all := strings.Split(options, ",")
	for i, o := range all {
		if strings.HasPrefix(o, "vers=") {
			all[i] = "vers=" + vers
		}
	}
	return strings.Join(all, ",")
}

// Run runs a command and puts its output into the error.
func Run(argv ...string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	out, err := Output(cmd)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
