package guest

import (
	"fmt"
	"strconv"
	"strings"
)

// forwardedPort finds the host port that leads to a guest port in what the
// human monitor prints for "info usernet":
//
//	Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
//	TCP[HOST_FORWARD]  15       127.0.0.1 35717       10.0.2.15    22     0     0
func forwardedPort(table string, guestPort int) (int, error) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 6 || f[0] != "TCP[HOST_FORWARD]" || f[2] != "127.0.0.1" || f[5] != strconv.Itoa(guestPort) {
			continue
		}
		port, err := strconv.Atoi(f[3])
		if err == nil && port > 0 && port <= 65535 {
			return port, nil
		}
	}
	return 0, fmt.Errorf("qemu forwards no port to the guest's port %d: %q", guestPort, table)
}
