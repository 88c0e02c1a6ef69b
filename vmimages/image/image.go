// Package image builds the root file system of the guests: a Debian userland
// made by mmdebstrap without root, with the agent and the ssh keys laid on top.
// The result is one raw ext2 file that any number of guests use read-only at
// once. The package does not start guests; what the agent mounts over the image
// is the agent's business.
package image

import (
	"time"

	"loopfault/workloads/wire"
)

// Paths inside the image that the harness and the agent rely on.
const (
	AgentPath = wire.AgentPath  // boot with root=/dev/vda ro init=AgentPath
	Manifest  = "manifest.json" // beside the image: the Image as JSON
)

// Spec says what the userland holds. It is pure data.
type Spec struct {
	Release  string   // Debian code name, such as "bookworm"
	Packages []string // on top of the essential ones; order does not matter
	Cluster  bool     // a Ceph cluster is made in it; see CephSpec
}

// Image is one finished root image.
type Image struct {
	Key     string `json:"key"`      // 64 hex digits over base, agent and keys
	BaseKey string `json:"base_key"` // 64 hex digits over release, package list and configuration
	Path    string `json:"path"`     // absolute, raw ext2, never written after publication
	SHA256  string `json:"sha256"`   // of the file at Path

	AgentHash string `json:"agent_hash"` // sha256 of the agent binary
	HostKey   string `json:"host_key"`   // public host key, authorized_keys form; the one to pin
	ClientKey string `json:"client_key"` // absolute path of the private key that logs in as root

	Release  string    `json:"release"`
	Packages []Package `json:"packages"` // every installed package, sorted by name
	Built    time.Time `json:"built"`
}

// Package is one installed Debian package.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
}
