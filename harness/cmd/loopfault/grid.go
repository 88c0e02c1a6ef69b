package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/term"

	"loopfault/results/report/plain"
)

// grid is a table: one on paper, one entry a line where the terminal is too narrow for it, or JSON.
type grid struct {
	head  []string
	rows  [][]any
	right bool // columns are numbers
}

func (g *grid) add(cells ...any) { g.rows = append(g.rows, cells) }

// grid prints a table as it was asked for; name is that of its rows in JSON.
func (e *env) grid(name string, g grid) error {
	if e.json {
		return e.printJSON(map[string]any{name: g.objects()})
	}
	return g.print(e.stdout, widthOf(e.stdout))
}

// text is where what people read goes: nowhere when JSON was asked for, which is printed in one piece at the end.
func (e *env) text() io.Writer {
	if e.json {
		return io.Discard
	}
	return e.stdout
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// objects are the rows with the headings as keys.
func (g grid) objects() []map[string]any {
	list := []map[string]any{}
	for _, row := range g.rows {
		o := map[string]any{}
		for i, cell := range row {
			o[strings.ToLower(strings.ReplaceAll(g.head[i], " ", "_"))] = cell
		}
		list = append(list, o)
	}
	return list
}

// widthOf is how wide a terminal is: $COLUMNS if that is set, 0 for whatever is no terminal.
func widthOf(w io.Writer) int {
	if p, is := w.(*plain.Writer); is {
		w = p.Raw()
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}

// print writes the table; in a width of 0 everything fits.
func (g grid) print(w io.Writer, width int) error {
	var b strings.Builder
	align := uint(0)
	if g.right {
		align = tabwriter.AlignRight
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', align)
	end := map[bool]string{true: "\t\n", false: "\n"}[g.right]
	fmt.Fprint(t, strings.Join(g.head, "\t"), end)
	for _, row := range g.rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, plain.Line(fmt.Sprint(c)))
		}
		fmt.Fprint(t, strings.Join(cells, "\t"), end)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text := b.String()
	if !fits(text, width) {
		text = g.entries(width)
	}
	_, err := io.WriteString(w, text)
	return err
}

func fits(text string, width int) bool {
	for line := range strings.Lines(text) {
		if width > 0 && utf8.RuneCountInString(strings.TrimRight(line, " \n")) > width {
			return false
		}
	}
	return true
}

// entries writes a row as its first cell, and below it the others that have something to say, each with its heading.
func (g grid) entries(width int) string {
	var b strings.Builder
	for _, row := range g.rows {
		b.WriteString(plain.Wrap(plain.Line(fmt.Sprint(row[0])), width, "", "  "))
		var rest []string
		for i, c := range row[1:] {
			if text := plain.Line(fmt.Sprint(c)); text != "" && text != "0" && text != "–" {
				rest = append(rest, strings.ToLower(g.head[i+1])+" "+text)
			}
		}
		if len(rest) > 0 {
			b.WriteString(plain.Wrap(strings.Join(rest, ", "), width, "    ", "    "))
		}
	}
	return b.String()
}
