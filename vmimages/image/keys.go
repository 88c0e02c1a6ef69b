package image

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/crypto/ssh"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// keyPair is an ed25519 key in the forms that files need.
type keyPair struct {
	path    string // of the private key
	private []byte // OpenSSH form
	public  string // authorized_keys form, with comment, without newline
}

// loadKey returns the key of a role, generated at the first call in a cache. The
// caller holds the cache's image lock.
func loadKey(c *cache.Cache, role string) (keyPair, error) {
	k := keyPair{path: c.Path("ssh", role+"_ed25519")}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = generateKey(c, k.path, role)
	}
	if err != nil {
		return k, errs.Infraf("ssh key %s: %w", k.path, err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return k, errs.Infraf("ssh key %s is damaged (remove it to have a new one made): %w", k.path, err)
	}
	k.private = text
	k.public = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " loopfault-" + role
	return k, nil
}

func generateKey(c *cache.Cache, path, role string) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "loopfault-"+role)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Path("ssh"), 0o700); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(block)
	return text, renameio.WriteFile(path, text, 0o600)
}
