package agent

import (
	"errors"
	"fmt"
	"path/filepath"

	"loopfault/workloads/wire"
)

// storage is a server in the guest together with its clients there: what a trial is about
// and its load works on.
type storage interface {
	// bringUp starts the server, mounts it and makes the directory of the load.
	bringUp() error
	// mounted says what was negotiated, and what the client has sent so far.
	mounted() (wire.Mounted, error)
	// roots are where it is mounted: where the load works, and what else is to be
	// unmounted at the end.
	roots() []string
	// behind is where files of the load can be changed without the load's client knowing.
	behind() string
}

var errNoStorage = errors.New("nothing is mounted yet")

// bringUp makes the guest a server and its own client. Whether what was negotiated is what
// the scenario wanted is for the host to judge.
func (s *server) bringUp(p wire.BringUp) (wire.Mounted, error) {
	if p.Ceph != nil {
		s.ceph = &cephCluster{spec: *p.Ceph, linked: p.Link}
		s.storage = s.ceph
	} else {
		s.nfs = &nfsServer{export: p.Export, mount: p.Mount, users: p.Users}
		s.storage = s.nfs
	}
	if err := s.storage.bringUp(); err != nil {
		return wire.Mounted{}, err
	}
	return s.mounted()
}

func (s *server) mounted() (wire.Mounted, error) {
	if s.storage == nil {
		return wire.Mounted{}, errNoStorage
	}
	m, err := s.storage.mounted()
	m.Uptime = Uptime()
	return m, err
}

// load is the directory in which workers work, and the same one behind their client's back.
func (s *server) load() (load, behind string, err error) {
	if s.storage == nil {
		return "", "", errNoStorage
	}
	return filepath.Join(s.storage.roots()[0], wire.LoadDir), filepath.Join(s.storage.behind(), wire.LoadDir), nil
}

// lower is the load's directory below the overlay, if there is one.
func (s *server) lower() string {
	if s.nfs == nil || !s.nfs.mount.Overlay {
		return ""
	}
	return filepath.Join(wire.NFSRoot, wire.LoadDir)
}

// setUpStep is one step on the way to a mount.
type setUpStep struct {
	what string
	do   func() error
}

func takeSteps(steps []setUpStep) error {
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}
