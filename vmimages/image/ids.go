package image

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"loopfault/vmimages/packages"
)

// wantedIDs is how many subordinate ids mmdebstrap needs for root in a user namespace.
const wantedIDs = 65536

// withoutIDs says, in one line with the cure, why this user cannot be root in a user
// namespace; "" if nothing is in the way.
func withoutIDs() string {
	me, err := user.Current()
	if err != nil || me.Uid == "0" {
		return ""
	}
	if _, err := packages.Find("newuidmap"); err != nil {
		return "newuidmap is missing: install the Debian package uidmap"
	}
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		text, _ := os.ReadFile(file)
		if !givesIDs(string(text), me.Username, me.Uid) {
			return fmt.Sprintf("%s gives %s no %d subordinate ids: as root run usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
				file, me.Username, wantedIDs, me.Username)
		}
	}
	return ""
}

// givesIDs reads subuid(5), which lists users by name or number.
func givesIDs(text, name, id string) bool {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 3 || f[0] != name && f[0] != id {
			continue
		}
		if n, err := strconv.Atoi(f[2]); err == nil && n >= wantedIDs {
			return true
		}
	}
	return false
}
