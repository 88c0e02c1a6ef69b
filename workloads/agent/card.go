package agent

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// setCard takes a network card of this name space down, or brings it up. No program is started for it: an outage begins
// and ends in a guest that may have no memory for one.
func setCard(name string, up bool) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	flags := request.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	return nil
}
