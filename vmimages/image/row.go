package image

import (
	"fmt"
	"time"

	"loopfault/vmimages/cache"
)

// Row is a root image for people, and as image list --json prints it.
type Row struct {
	Key      string `json:"key"`      // the first 12 characters of it
	Release  string `json:"release"`  // of Debian
	Packages int    `json:"packages"` // how many are in it
	Built    string `json:"built"`    // local time
	Path     string `json:"path"`
}

// Line says for people what was built, in a line.
func (i Image) Line() string {
	return fmt.Sprintf("root image %.12s: %s, %d packages, %s", i.Key, i.Release, len(i.Packages), i.Path)
}

// Rows are the root images of a cache.
func Rows(c *cache.Cache) ([]Row, error) {
	list, err := List(c)
	if err != nil {
		return nil, err
	}
	rows := []Row{}
	for _, i := range list {
		rows = append(rows, Row{fmt.Sprintf("%.12s", i.Key), i.Release, len(i.Packages), i.Built.Local().Format(time.DateTime), i.Path})
	}
	return rows, nil
}
