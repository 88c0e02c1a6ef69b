// Package text writes for people at a terminal: the summary of a run, and tables, which become lists where the terminal
// is too narrow for them. Whatever a guest said goes through a plain.Writer, which its callers give.
package text

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/term"

	"loopfault/results/report/plain"
)

// Table is printed as a table, or as one entry a line where the terminal is too narrow for that.
type Table struct {
	Head  []string
	Right bool // columns are numbers
	rows  [][]any
}

// Add appends a row.
func (t *Table) Add(cells ...any) { t.rows = append(t.rows, cells) }

// Rows is a table of structs: a column for each field, with its JSON name in capitals as heading.
func Rows[R any](rows []R) Table {
	var t Table
	for _, f := range reflect.VisibleFields(reflect.TypeFor[R]()) {
		t.Head = append(t.Head, strings.ToUpper(f.Tag.Get("json")))
	}
	for _, row := range rows {
		var cells []any
		for i, v := 0, reflect.ValueOf(row); i < v.NumField(); i++ {
			cells = append(cells, v.Field(i).Interface())
		}
		t.Add(cells...)
	}
	return t
}

// WidthOf is how wide a terminal is: $COLUMNS if that is set, 0 for whatever is no terminal.
func WidthOf(w io.Writer) int {
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

// Print writes the table; in a width of 0 everything fits.
func (t Table) Print(w io.Writer, width int) error {
	var b strings.Builder
	align := uint(0)
	if t.Right {
		align = tabwriter.AlignRight
	}
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', align)
	end := map[bool]string{true: "\t\n", false: "\n"}[t.Right]
	fmt.Fprint(tw, strings.Join(t.Head, "\t"), end)
	for _, row := range t.rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, plain.Line(fmt.Sprint(c)))
		}
		fmt.Fprint(tw, strings.Join(cells, "\t"), end)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	text := b.String()
	if !fits(text, width) {
		text = t.entries(width)
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
func (t Table) entries(width int) string {
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(plain.Wrap(plain.Line(fmt.Sprint(row[0])), width, "", "  "))
		var rest []string
		for i, c := range row[1:] {
			if text := plain.Line(fmt.Sprint(c)); text != "" && text != "0" && text != "–" {
				rest = append(rest, strings.ToLower(t.Head[i+1])+" "+text)
			}
		}
		if len(rest) > 0 {
			b.WriteString(plain.Wrap(strings.Join(rest, ", "), width, "    ", "    "))
		}
	}
	return b.String()
}
