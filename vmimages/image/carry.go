package image

import (
	"encoding/json"

	"loopfault/errs"
)

// FSName is the file of the root file system, beside Manifest in the directory of an image.
const FSName = fsName

// Record is the image's Manifest without what it has on this machine: the private key that logs in stays here.
func (i Image) Record() ([]byte, error) {
	i.Path, i.ClientKey = "", ""
	text, err := json.MarshalIndent(i, "", "  ")
	return append(text, '\n'), err
}

// Load reads an image from a directory that it was carried to.
func Load(dir string) (Image, error) {
	img, err := load(dir)
	if err != nil {
		return Image{}, errs.Usagef("root image in %s: %w", dir, err)
	}
	return img, nil
}
