package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"loopfault/errs"
)

// slurm has array jobs of Slurm run the shards. It needs no numbers of jobs: those of a fleet are known by their
// names, which no other jobs have, so that a process that was killed in the middle of submitting loses none.
type slurm struct {
	fleet *Fleet
}

func newSlurm(f *Fleet) (*slurm, error) {
	if strings.ContainsAny(f.Dir, "%\\\n") {
		return nil, errs.Usagef("%q: Slurm gives %% and \\ in names of files a meaning of their own: say another directory with --dir", f.Dir)
	}
	return &slurm{f}, nil
}

// array is the part of the shards that one array job can have: shard first+i is its task i.
type array struct {
	first  int
	shards []int
}

// job is the name of an array's job.
func (s *slurm) job(first int) string { return fmt.Sprintf("loopfault-%s-%d", s.fleet.ID, first) }

var jobForm = regexp.MustCompile(`^loopfault-([0-9a-f]{8})-([0-9]{1,6})$`)

// arrays deals shards out to arrays whose highest task is at most most.
func arrays(shards []int, most int) (list []array) {
	for _, n := range shards {
		first := (n - 1) / most * most
		if len(list) == 0 || list[len(list)-1].first != first {
			list = append(list, array{first: first})
		}
		list[len(list)-1].shards = append(list[len(list)-1].shards, n)
	}
	return list
}

func (s *slurm) Submit(ctx context.Context, shards []int) error {
	most, err := s.most(ctx)
	if err != nil {
		return err
	}
	if err := s.fleet.writeScript(); err != nil {
		return err
	}
	after := ""
	for _, a := range arrays(shards, most) {
		out, err := slurmRun(ctx, "sbatch", s.options(a, after)...)
		if err != nil {
			return errors.Join(err, s.Cancel(context.WithoutCancel(ctx)))
		}
		after, _, _ = strings.Cut(strings.TrimSpace(out), ";") // --parsable: JOB[;CLUSTER]
	}
	return nil
}

// options are those of sbatch for an array. What the user says comes last and counts.
func (s *slurm) options(a array, after string) []string {
	f := s.fleet
	var tasks []int
	for _, n := range a.shards {
		tasks = append(tasks, n-a.first)
	}
	spec := ranges(tasks)
	if f.Slots > 0 {
		spec += fmt.Sprintf("%%%d", f.Slots)
	}
	list := []string{
		"--parsable", "--job-name=" + s.job(a.first), "--array=" + spec, "--chdir=" + f.Dir, "--output=" + logsDir + "/%x-%a.log", "--open-mode=append",
		"--requeue", // after a node died; the shard goes on
		"--ntasks=1", fmt.Sprintf("--cpus-per-task=%d", f.CPUs), fmt.Sprintf("--mem=%dM", f.MiB),
	}
	if f.Slots > 0 && after != "" {
		list = append(list, "--dependency=afterany:"+after) // so many at a time, of all arrays
	}
	return append(append(list, f.Sbatch...), scriptFile, fmt.Sprint(a.first))
}

var maxArray = regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*([0-9]+)\s*$`)

// most is the highest task that an array can have here.
func (s *slurm) most(ctx context.Context) (int, error) {
	out, err := slurmRun(ctx, "scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	m := maxArray.FindStringSubmatch(out)
	if m == nil {
		return 0, errs.Infraf("scontrol show config names no MaxArraySize: this is no Slurm that loopfault knows")
	}
	size, err := strconv.Atoi(m[1])
	if err != nil || size < 2 {
		return 0, errs.Infraf("Slurm takes no array jobs here: its MaxArraySize is %s", m[1])
	}
	return size - 1, nil // MaxArraySize is one more than the highest number
}

// queue is what Slurm knows of the fleet's tasks; of those that ended only for some minutes.
func (s *slurm) queue(ctx context.Context) ([]task, error) {
	me, err := userName()
	if err != nil {
		return nil, err
	}
	out, err := slurmRun(ctx, "squeue", "--noheader", "--array", "--states=all", "--user="+me, "--format=%j|%K|%T|%N|%r")
	if err != nil {
		return nil, err
	}
	var list []task
	for line := range strings.Lines(out) {
		if t, ok := s.parse(strings.TrimRight(line, "\n")); ok {
			list = append(list, t)
		}
	}
	return list, nil
}

// task is a task of one of the fleet's arrays.
type task struct {
	job   string
	shard int
	Seen
}

// parse reads a line of squeue; false for jobs that are not the fleet's.
func (s *slurm) parse(line string) (t task, ok bool) {
	fields := strings.SplitN(line, "|", 5)
	if len(fields) < 5 {
		return t, false
	}
	m := jobForm.FindStringSubmatch(fields[0])
	n, err := strconv.Atoi(fields[1])
	if m == nil || m[1] != s.fleet.ID || err != nil {
		return t, false
	}
	first, _ := strconv.Atoi(m[2]) // six digits at most
	t = task{job: fields[0], shard: first + n, Seen: Seen{State: slurmState(fields[2]), Node: fields[3]}}
	if t.State == Stopped || t.State == Queued && !ordinary[fields[4]] {
		t.Why = fields[2]
		if fields[4] != "None" && fields[4] != "" {
			t.Why += ", " + fields[4]
		}
	}
	return t, t.shard >= 1 && t.shard <= s.fleet.Shards
}

// ordinary are reasons to wait that say no more than that others are first.
var ordinary = map[string]bool{"": true, "None": true, "Resources": true, "Priority": true, "JobArrayTaskLimit": true, "Dependency": true, "BeginTime": true}

// slurmState sorts the states of Slurm's jobs.
func slurmState(word string) State {
	switch word {
	case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT":
		return Queued
	case "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING":
		return Running
	}
	return Stopped // COMPLETED, FAILED, TIMEOUT, NODE_FAIL, CANCELLED …
}

// Seen asks squeue. Of a shard that was submitted again the task that lives counts.
func (s *slurm) Seen(ctx context.Context) (map[int]Seen, error) {
	tasks, err := s.queue(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[int]Seen{}
	for _, t := range tasks {
		if was, ok := seen[t.shard]; !ok || !was.State.live() {
			seen[t.shard] = t.Seen
		}
	}
	return seen, nil
}

func (s *slurm) Cancel(ctx context.Context) error { return s.cancel(ctx, State.live) }

// Withdraw leaves jobs alone that began since they were asked for.
func (s *slurm) Withdraw(ctx context.Context) error {
	return s.cancel(ctx, func(is State) bool { return is == Queued }, "--state=PENDING")
}

// cancel cancels jobs of which a task is in such a state.
func (s *slurm) cancel(ctx context.Context, which func(State) bool, options ...string) error {
	tasks, err := s.queue(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range tasks {
		if which(t.State) && !slices.Contains(names, t.job) {
			names = append(names, t.job)
		}
	}
	for _, name := range names {
		if _, err := slurmRun(ctx, "scancel", append(options, "--name="+name)...); err != nil {
			return err
		}
	}
	return nil
}

func (s *slurm) Close() error { return nil }

// slurmRun runs a command of Slurm and returns what it prints.
func slurmRun(ctx context.Context, name string, args ...string) (string, error) {
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &problem
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return "", errs.Infraf("there is no %s here: submit on a host that has Slurm's commands", name)
	}
	why := strings.Join(strings.Fields(problem.String()), " ")
	if why == "" {
		why = err.Error()
	}
	return "", errs.Infraf("%s: %s", name, why)
}
