package kernel

import (
	"fmt"
	"strings"
	"time"

	"loopfault/vmimages/cache"
)

// Row is a kernel for people, and as kernel list --json prints it.
type Row struct {
	Name    string `json:"name"`
	Version string `json:"version"` // uname -r; empty when it is not built
	Key     string `json:"key"`     // the first 12 characters of it
	Patches string `json:"patches"` // with blanks between them
	Built   string `json:"built"`   // local time, with ", outdated" behind it where that is so, or "not built"
	Series  string `json:"series"`  // that the catalogue has it in, with blanks between them
}

// Line says for people what was built, in a line.
func (b Build) Line() string { return fmt.Sprintf("%s: kernel %s, %s", b.Name, b.Version, b.BzImage) }

// Rows are the kernels that are built, and then those that the catalogue can build.
func Rows(c *cache.Cache) ([]Row, error) {
	list, err := List(c)
	if err != nil {
		return nil, err
	}
	rows, built := []Row{}, map[string]bool{}
	for _, b := range list {
		built[b.Name] = true
		var patches []string
		for _, p := range b.Patches {
			patches = append(patches, p.Name)
		}
		when := b.Built.Local().Format(time.DateTime)
		if Outdated(b) {
			when += ", outdated"
		}
		rows = append(rows, Row{b.Name, b.Version, fmt.Sprintf("%.12s", b.Key), strings.Join(patches, " "), when, seriesText(b.Name)})
	}
	for _, name := range CatalogueNames() {
		if !built[name] {
			rows = append(rows, Row{Name: name, Built: "not built", Series: seriesText(name)})
		}
	}
	return rows, nil
}

// seriesText are the series that a kernel of the catalogue can be had in by NAME@SERIES.
func seriesText(name string) string { return strings.Join(SeriesOf(name), " ") }
