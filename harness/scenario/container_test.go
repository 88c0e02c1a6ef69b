package scenario

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestContainersReachTheirServer(t *testing.T) {
	find := func() Scenario {
		s, _, err := Find("container-exit")
		require.NoError(t, err)
		require.Empty(t, check(s))
		return s
	}
	for path, change := range map[string]func(*Scenario){
		"workloads[0].container":        func(s *Scenario) { s.Mount.Vers, s.Applies.Vers = "3", []string{"3"} },
		"workloads[0].container.silent": func(s *Scenario) { s.Workloads[0].Container.Silent = wire.Duration(time.Second) },
		"workloads[1].container.silent": func(s *Scenario) { s.Workloads[1].Container.Silent = wire.Duration(time.Minute) },
		"workloads[0].container.boxes":  func(s *Scenario) { s.Workloads[0].Container.Boxes = 0 },
	} {
		s := find()
		change(&s)
		assert.Contains(t, refused(s), path)
	}
}
