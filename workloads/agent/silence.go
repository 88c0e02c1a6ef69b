package agent

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"
)

// silencing takes the loop-back interface down and brings it up again: what clients and
// server send each other is lost, and neither is told. The host's channels are not on it.
func silencing() procedure {
	return procedure{
		begin: func(context.Context) error { return setLoopback(false) },
		end:   func(context.Context) error { return setLoopback(true) },
	}
}

func setLoopback(up bool) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loop-back interface: %w", err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("loop-back interface: %w", err)
	}
	flags := request.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("loop-back interface: %w", err)
	}
	return nil
}
