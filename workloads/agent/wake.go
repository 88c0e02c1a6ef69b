package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// minEntropy is the size of the key of the kernel's generator, in bytes.
const minEntropy = 32

// wake sets what all guests of a snapshot would otherwise share: the date and
// the state of the kernel's random numbers. The clocks of leases and time-outs
// are not touched.
func wake(p wire.Wake) (wire.Woken, error) {
	w := wire.Woken{Uptime: Uptime()}
	if err := setDate(p.Now); err != nil {
		return w, fmt.Errorf("set the date: %w", err)
	}
	if err := reseed(p.Entropy); err != nil {
		return w, fmt.Errorf("reseed the kernel's random numbers: %w", err)
	}
	return w, nil
}

func setDate(now time.Time) error {
	ts, err := unix.TimeToTimespec(now)
	if err != nil {
		return err
	}
	return unix.ClockSettime(unix.CLOCK_REALTIME, &ts)
}

// reseed works on kernels without vmgenid too: the entropy is credited, so that
// the new key is drawn from it at once (RNDRESEEDCRNG, since 4.17).
func reseed(entropy []byte) error {
	if len(entropy) < minEntropy {
		return fmt.Errorf("%d bytes of entropy, want at least %d", len(entropy), minEntropy)
	}
	random, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer random.Close()
	// struct rand_pool_info: bits, bytes, and the bytes.
	pool := binary.NativeEndian.AppendUint32(nil, uint32(8*len(entropy)))
	pool = binary.NativeEndian.AppendUint32(pool, uint32(len(entropy)))
	pool = append(pool, entropy...)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, random.Fd(), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&pool[0])))
	if errno != 0 {
		return errno
	}
	err = unix.IoctlSetInt(int(random.Fd()), unix.RNDRESEEDCRNG, 0)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
