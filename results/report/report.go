// Package report lists the formats of reports. Each has a package of its own below, which writes a model.Run.
package report

import (
	"io"

	"loopfault/results/report/junit"
	"loopfault/results/report/kcidb"
	"loopfault/results/report/ktap"
	"loopfault/results/report/mail"
	"loopfault/results/report/markdown"
	"loopfault/results/report/model"
)

// Formats are the location-independent formats, by name. A page (package html) is not one: it links to files.
var Formats = map[string]func(io.Writer, model.Run) error{
	"junit": junit.Write, "ktap": ktap.Write, "kcidb": kcidb.Write, "mail": mail.Write, "markdown": markdown.Write,
}
