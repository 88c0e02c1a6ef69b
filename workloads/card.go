package workloads

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// SetCard takes a network card of this name space down, or brings it up. No program is started for it: an outage begins
// and ends in a guest that may have no memory for one.
func SetCard(name string, up bool) error {
	return onCard(name, func(socket int, request *unix.Ifreq) error {
		if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
			return err
		}
		flags := request.Uint16() &^ unix.IFF_UP
		if up {
			flags |= unix.IFF_UP
		}
		request.SetUint16(flags)
		return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
	})
}

// dropAddress takes a card's address away, and with it the routes, as when the card is removed:
// whoever connects is told so, while a card that is down swallows what is sent.
func dropAddress(name string) error {
	return onCard(name, func(socket int, request *unix.Ifreq) error {
		if err := request.SetInet4Addr([]byte{0, 0, 0, 0}); err != nil {
			return err
		}
		return unix.IoctlIfreq(socket, unix.SIOCSIFADDR, request)
	})
}

func onCard(name string, do func(socket int, request *unix.Ifreq) error) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err == nil {
		err = do(socket, request)
	}
	if err != nil {
		return fmt.Errorf("network card %s: %w", name, err)
	}
	return nil
}
