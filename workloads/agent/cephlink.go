package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"loopfault/workloads"
)

// The network of the first client, if it has one of its own: a pair of virtual cards, of which
// one is in this name space, where the daemons are, and the other in the client's.
const (
	farNet   = "far"
	nearCard = "near0"
	farCard  = "far0"
	// The addresses are beside that of the daemons, in one network.
	nearAddress = "10.9.9.3"
	farAddress  = "10.9.9.2"
)

// makeLink makes that network.
func (c *cephCluster) makeLink() error {
	if !c.linked {
		return nil
	}
	for _, args := range []string{
		"netns add " + farNet,
		"link add " + nearCard + " type veth peer name " + farCard + " netns " + farNet,
		"addr add " + nearAddress + " peer " + farAddress + "/32 dev " + nearCard,
		"link set " + nearCard + " up",
		"-n " + farNet + " addr add " + farAddress + "/24 dev " + farCard,
		"-n " + farNet + " link set " + farCard + " up",
	} {
		if err := workloads.Run(append([]string{"ip"}, strings.Fields(args)...)...); err != nil {
			return fmt.Errorf("%w (CONFIG_NET_NS, CONFIG_VETH)", err)
		}
	}
	return nil
}

// cutting takes the daemons' card of that network down, and brings it up again. Packets of
// either side are lost meanwhile.
func (c *cephCluster) cutting() procedure {
	return procedure{
		begin: func(context.Context) error {
			if !c.linked {
				return errors.New("the client has no link of its own that could be cut")
			}
			if err := workloads.SetCard(nearCard, false); err != nil {
				return err
			}
			card, err := net.InterfaceByName(nearCard)
			if err == nil && card.Flags&net.FlagUp != 0 {
				err = errors.New("the link is still up")
			}
			return err
		},
		end: func(context.Context) error { return workloads.SetCard(nearCard, true) },
	}
}

// withinLink is a command in the first client's network, if it has one of its own.
func (c *cephCluster) withinLink(argv ...string) error {
	if c.linked {
		argv = append([]string{"nsenter", "--net=" + netsDir + farNet}, argv...)
	}
	return workloads.Run(argv...)
}

// netsDir is where ip(8) keeps name spaces.
const netsDir = "/run/netns/"
