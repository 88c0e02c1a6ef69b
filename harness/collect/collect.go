package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/results/evidence"
	"loopfault/workloads/beats"
	"loopfault/workloads/gather"
	"loopfault/workloads/wire"
)

// Options say how to look.
type Options struct {
	Apart   time.Duration                          // between the two looks at tasks and RPCs
	Each    time.Duration                          // what one read may take
	For     time.Duration                          // all of it together
	Paths   bool                                   // leave names of files in
	Version string                                 // of loopfault
	Tell    func(text evidence.Text, problems int) // called after each text, may be nil
}

// Bounds of the texts, in bytes.
const (
	mostOfText  = 8 << 20
	mostOfTasks = 16 << 20
	mostOfLog   = 4 << 20
)

// Taken is what was collected.
type Taken struct {
	About evidence.Collection
	texts []named
}

type named struct {
	name string
	text []byte
}

// collector is one collection under way.
type collector struct {
	Options
	from   *readers
	began  time.Time
	redact *redactor
	out    Taken
}

// Take looks at this machine. It ends early only with ctx, whose cause it returns; whatever cannot be read is said in what it
// returns.
func Take(ctx context.Context, o Options) (*Taken, error) {
	c := &collector{Options: o, began: time.Now(), redact: newRedactor()}
	c.from = newReaders(self(), o.Each, c.began.Add(o.For), ctx.Done())
	defer c.from.close()
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return nil, err
	}
	c.out.About = evidence.Collection{
		Format: evidence.CollectionFormat, Version: o.Version, Began: c.began.UTC().Truncate(time.Second), Paths: o.Paths,
		Kernel: unix.ByteSliceToString(uts.Release[:]), Uptime: beats.SinceBoot().Seconds(), Texts: []evidence.Text{}, Own: []string{},
	}
	for _, step := range c.steps() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if step.wait {
			if err := c.waitApart(ctx); err != nil {
				return nil, err
			}
		}
		c.take(step)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.out.About.Problems, c.out.About.Left = c.from.problems(), append([]evidence.Left{}, c.from.left...)
	return &c.out, nil
}

// step is one text: its name, which is that in a trial's evidence, and how it is read.
type step struct {
	name string
	most int
	wait bool // first until the looks are far enough apart
	read func(most int) ([]byte, error)
}

// steps are in the order in which a trial's evidence is taken: tasks first, since what they wait for may change meanwhile.
func (c *collector) steps() []step {
	files := func(name string, patterns []string) step {
		return step{name: name, most: mostOfText, read: func(most int) ([]byte, error) { return gather.Files(c.from, patterns, most) }}
	}
	tasks := func(name string, q wire.TaskQuery) step {
		return step{name: name, most: mostOfTasks, read: func(most int) ([]byte, error) { return gather.Tasks(c.from, q, most) }}
	}
	all := tasks("tasks.txt", wire.TaskQuery{})
	all.wait = true
	return []step{
		tasks("stacks.txt", wire.TaskQuery{Blocked: true, Switches: true}),
		files("rpc-tasks.txt", gather.RPCTasks), files("rpc-xprt.txt", gather.RPCXprts),
		files("nfsd.txt", gather.NFSD), files("memory.txt", gather.Memory),
		{name: "mountstats.txt", most: mostOfText, read: func(most int) ([]byte, error) { return c.from.Read(gather.Mountstats[0], int64(most)) }},
		tasks("ps.txt", wire.TaskQuery{Table: true}),
		{name: "config.txt", most: mostOfText, read: c.config},
		{name: evidence.KernelLog, most: mostOfLog, read: c.log},
		all,
		files("rpc-tasks-later.txt", gather.RPCTasks),
	}
}

func (c *collector) take(s step) {
	before := len(c.from.order)
	at := time.Since(c.began)
	text, err := s.read(s.most)
	if err != nil && len(text) == 0 {
		text = fmt.Appendf(nil, "loopfault: %v\n", err)
	}
	if !c.Paths {
		text = c.redact.text(text)
	}
	about := evidence.Text{Name: s.name, Seconds: at.Seconds(), Bytes: len(text), Cut: bytes.Contains(text, []byte(" is left out, after "))}
	switch s.name {
	case "stacks.txt":
		c.out.About.Apart = -at.Seconds()
	case "tasks.txt":
		c.out.About.Apart += at.Seconds()
	case "rpc-xprt.txt":
		c.out.About.Own = ownIn(text, c.from.own())
	}
	c.out.About.Texts = append(c.out.About.Texts, about)
	c.out.texts = append(c.out.texts, named{s.name, text})
	if c.Tell != nil {
		c.Tell(about, len(c.from.order)-before)
	}
}

// ownIn are the addresses of connections in a text that are among a machine's own.
func ownIn(connections []byte, own []string) []string {
	in := []string{}
	for line := range strings.Lines(string(connections)) {
		addr, ok := strings.CutPrefix(line, "addr:")
		if addr = strings.TrimSpace(addr); ok && slices.Contains(own, addr) && !slices.Contains(in, addr) {
			in = append(in, addr)
		}
	}
	return in
}

// waitApart waits until the second look is due.
func (c *collector) waitApart(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(time.Until(c.began.Add(c.Apart))):
		return nil
	}
}

// Tells reports whether anything was read from which a hang can be explained.
func (t *Taken) Tells() bool {
	return slices.ContainsFunc(t.texts, func(n named) bool {
		return (n.name == "stacks.txt" || n.name == "tasks.txt") && bytes.Contains(n.text, []byte("\n[<")) ||
			n.name == "rpc-tasks.txt" && bytes.Contains(n.text, []byte(" q:"))
	})
}

var errNoConfig = errors.New("no configuration of this kernel was found")
