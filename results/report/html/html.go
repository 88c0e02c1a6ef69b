// Package html writes a run as one self-contained page: no script, no network, light and dark, for a phone as
// for print. It is a pure function of the model; all that comes from a kernel passes html/template's escaping,
// and package plain before it.
package html

import (
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/summary"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
)

//go:embed style.css *.tmpl
var files embed.FS

// Options say where the page will stand.
type Options struct {
	// Files is what links to the run's files begin with, "" when the page lies in the run's directory.
	Files string
	// Home is where the list of all runs is, "" when there is none.
	Home string
}

// WayTo is Options.Files for a page, "" for standard output, of the run in a directory: the path from the page's directory.
func WayTo(page, dir string) string {
	from, err := filepath.Abs(filepath.Dir(page)) // of standard output: from here
	if err != nil {
		return ""
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return ""
	}
	way, err := filepath.Rel(from, dir)
	if err != nil || way == "." {
		return ""
	}
	return filepath.ToSlash(way) + "/"
}

// lines is the most lines of one kernel text that are shown.
const lines = 300

var funcs = template.FuncMap{
	"line":     plain.Line,
	"prose":    prose,
	"text":     func(s string) string { return plain.Text(s, lines) },
	"percent":  model.Percent,
	"short":    func(s string) string { return s[:min(len(s), 12)] },
	"join":     func(s []string) string { return strings.Join(s, ", ") },
	"when":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"kinds":    verdict.Kinds,
	"class":    class,
	"rates":    rates,
	"strip":    strip,
	"timeline": drawTimeline,
	"picture":  picture,
	"path":     path.Join,
	"hours":    func(h float64) string { return (time.Duration(h * float64(time.Hour))).Round(time.Second).String() },
	"g3":       func(f float64) string { return fmt.Sprintf("%.3g", f) },
	"seconds":  func(s float64) string { return fmt.Sprintf("%.0f s", s) },
}

// prose is a line of our own text, in which numbers are not separated from their per-cent signs; it is not
// meant to be copied into a shell.
func prose(s string) string { return strings.ReplaceAll(plain.Line(s), " %", "\u00a0%") }

// Base is the templates that all pages share: "head", which wants Title, Style and Home, and "foot".
func Base() *template.Template {
	return template.Must(template.New("base").Funcs(funcs).ParseFS(files, "*.tmpl"))
}

// Style is the style sheet of all pages.
func Style() template.CSS {
	css, err := files.ReadFile("style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return template.CSS(css)
}

// page is what the template sees.
type page struct {
	model.Run
	Options
	Style template.CSS
	Title string
}

var run = Base()

// Write writes the page.
func Write(w io.Writer, r model.Run, o Options) error {
	return run.ExecuteTemplate(w, "run", page{r, o, Style(), "loopfault: " + r.Summary.Scenario})
}

// Trial is the directory of a trial, for links.
func (p page) Trial(n int) string { return fmt.Sprintf("%strials/%04d", p.Files, n) }

// Started has nothing to show for a run without a time.
func (p page) Started() string { return p.Manifest.Started.UTC().Format("2006-01-02 15:04 UTC") }

// class is the style of an outcome.
func class(v any) string {
	switch v {
	case verdict.Clean, summary.Clean:
		return "clean"
	case verdict.Hang, summary.Found:
		return "hang"
	case verdict.Stall:
		return "stall"
	case verdict.Crash:
		return "crash"
	case verdict.Inconclusive, summary.Inconclusive:
		return "doubt"
	}
	return "error"
}

// picture shows a wait-for graph as an image of its own, whose style touches nothing else of the page.
func picture(g waitfor.Graph) template.URL {
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(g.SVG()))
}
