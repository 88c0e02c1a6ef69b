package ssh

import (
	"fmt"
	"os"

	"golang.org/x/crypto/ssh"
)

// ReadIdentity reads the private key file that logs in as user. hostKey is the
// guest's public host key in authorized_keys form.
func ReadIdentity(user, keyFile, hostKey string) (Identity, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return Identity{}, fmt.Errorf("ssh key %s: %w", keyFile, err)
	}
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(hostKey))
	if err != nil {
		return Identity{}, fmt.Errorf("ssh host key %q: %w", hostKey, err)
	}
	return Identity{User: user, Key: key, HostKey: pinned}, nil
}
