package image

import (
	"errors"
	"io/fs"
	"os"

	"loopfault/errs"
)

// ErrNotMade says that an image would have to be made first.
var ErrNotMade = errors.New("the root image is not made yet")

// Find returns the image of a spec if it is in the cache. It makes nothing and takes no lock.
func (b *Builder) Find(s Spec, agentPath string) (Image, error) {
	baseKey, err := s.key()
	if err != nil {
		return Image{}, err
	}
	agent, err := hashFile(agentPath)
	if err != nil {
		return Image{}, errs.Usagef("cannot read the agent: %w", err)
	}
	if _, err := os.Stat(b.Cache.Path(roomImages)); errors.Is(err, fs.ErrNotExist) {
		return Image{}, ErrNotMade // and no keys either, which loading would make
	}
	host, err := loadKey(b.Cache, "host")
	if err != nil {
		return Image{}, err
	}
	client, err := loadKey(b.Cache, "client")
	if err != nil {
		return Image{}, err
	}
	files, err := layer(agentPath, host, client)
	if err != nil {
		return Image{}, err
	}
	img, err := load(b.Cache.Path(roomImages, layerKey(baseKey, agent, files)))
	if err != nil {
		return Image{}, ErrNotMade
	}
	return img, nil
}
