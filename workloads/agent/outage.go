package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"loopfault/workloads/wire"
)

// outage is one kind of outage. Its counters are read while a step blocks in
// the kernel, possibly for ever.
type outage struct {
	begun, ended atomic.Int64

	mu          sync.Mutex
	armed, down bool
}

// outages creates the state of each kind on first use.
type outages struct {
	mu  sync.Mutex
	all map[string]*outage
}

func (o *outages) of(kind string) *outage {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[string]*outage{}
	}
	if o.all[kind] == nil {
		o.all[kind] = &outage{}
	}
	return o.all[kind]
}

// procedure is how a kind of outage is begun and ended. An end has to cope with
// a beginning that failed half-way.
type procedure struct {
	begin, end func(context.Context) error
}

func (s *server) procedure(p wire.Outage) (procedure, error) {
	if s.ceph != nil {
		switch p.Kind {
		case wire.OutageSession:
			return s.ceph.evicting(), nil
		case wire.OutageBlocklist:
			return s.ceph.blocklisting(), nil
		case wire.OutageStore:
			return s.ceph.stopping(), nil
		case wire.OutageMDS:
			return s.ceph.mds.restarting(), nil
		case wire.OutageMon:
			return s.ceph.mon.restarting(), nil
		case wire.OutageLink:
			return s.ceph.cutting(), nil
		}
		return procedure{}, fmt.Errorf("a Ceph cluster has no outage %q", p.Kind)
	}
	if s.nfs == nil {
		return procedure{}, errors.New("there is no NFS server to have an outage")
	}
	switch p.Kind {
	case wire.OutageFreeze:
		return s.freezing(p), nil
	case wire.OutageRestart:
		return s.restarting(p), nil
	case wire.OutageFailover:
		return s.failingOver(), nil
	case wire.OutageSilence:
		return silencing(), nil
	case wire.OutageFreezer:
		return s.icing(), nil
	case wire.OutageUpcall:
		return s.nfs.unanswering(p)
	}
	return procedure{}, fmt.Errorf("no outage %q", p.Kind)
}

// outage does one step.
func (s *server) outage(ctx context.Context, p wire.Outage) (wire.OutageCounts, error) {
	do, err := s.procedure(p)
	if err != nil {
		return wire.OutageCounts{}, err
	}
	o, since := s.outages.of(p.Kind), Uptime()
	switch p.Step {
	case wire.OutageArm:
		err = o.arm()
	case wire.OutageBegin:
		err = o.begin(ctx, do)
	case wire.OutageEnd:
		err = o.end(ctx, do)
	case wire.OutageDisarm:
		err = o.disarm(ctx, do)
	case wire.OutageCount:
	default:
		err = fmt.Errorf("an outage has no step %q", p.Step)
	}
	return wire.OutageCounts{Begun: o.begun.Load(), Ended: o.ended.Load(), Since: since, Uptime: Uptime()}, err
}

func (o *outage) arm() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.armed = true
	o.begun.Store(0)
	o.ended.Store(0)
	return nil
}

func (o *outage) begin(ctx context.Context, do procedure) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !o.armed:
		return errors.New("the outage is not armed")
	case o.down:
		return errors.New("the outage is under way")
	}
	o.down = true // a partial beginning has to be ended too
	if err := do.begin(ctx); err != nil {
		return err
	}
	o.begun.Add(1)
	return nil
}

func (o *outage) end(ctx context.Context, do procedure) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.down {
		return nil
	}
	if err := do.end(ctx); err != nil {
		return err
	}
	o.down = false
	o.ended.Add(1)
	return nil
}

func (o *outage) disarm(ctx context.Context, do procedure) error {
	o.mu.Lock()
	o.armed = false
	o.mu.Unlock()
	return o.end(ctx, do)
}
