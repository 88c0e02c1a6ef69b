package agent

import (
	"context"

	"loopfault/workloads/wire"
)

// restarting stops the server and starts it again, as it was set up. With Forget
// it comes back without a memory of its clients.
func (s *server) restarting(p wire.Outage) procedure {
	return procedure{
		begin: func(context.Context) error {
			if err := s.nfs.stop(); err != nil || !p.Forget {
				return err
			}
			return s.nfs.forget()
		},
		end: func(context.Context) error { return s.nfs.start() },
	}
}
