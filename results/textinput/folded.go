package textinput

import (
	"bufio"
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	minColumns = 60  // columns of the narrowest terminal that is believed
	maxColumns = 400 // columns of the widest
	minFolded  = 3   // lines that must have been broken: where two were, a mail program may have done it
	lostBlanks = 3   // blanks at the end of a broken line that the copy may lack
)

// logEntry is how a line of a log begins: with printk's time or priority, a date, a month or a weekday.
var logEntry = regexp.MustCompile(`^(\[ *\d+[.:]|\[[A-Z][a-z]{2} |<\d+>|\d{4}-\d\d-\d\d[ T]|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun) )`)

// foldedAt is the number of columns at which a terminal broke the lines of a log, in the middle of words, or 0. That is
// believed only if it explains the whole text: between the first and the last entry of the log each line that is none
// follows a line that fills the terminal, no line is longer, and at least one break parts a word.
func foldedAt(head []byte) int {
	lines := strings.Split(string(head), "\n")
	columns, first, last := 0, -1, -1
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, "\r")
		if columns = max(columns, utf8.RuneCountInString(lines[i])); logEntry.MatchString(l) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 || columns < minColumns || columns > maxColumns {
		return 0
	}
	broken, words := 0, 0
	for i := first + 1; i <= last; i++ {
		if lines[i] == "" || logEntry.MatchString(lines[i]) {
			continue
		}
		before := lines[i-1]
		if n := utf8.RuneCountInString(before); n < columns-lostBlanks {
			return 0
		} else if n == columns && inWord(before[len(before)-1]) && inWord(lines[i][0]) {
			words++
		}
		broken++
	}
	if broken < minFolded || words == 0 {
		return 0
	}
	return columns
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// unfolded puts the lines together again that a terminal broke.
type unfolded struct {
	in      *bufio.Reader
	columns int
	line    []byte // a line that may go on
	out     []byte // put together, not yet read
	err     error
}

func (u *unfolded) Read(p []byte) (int, error) {
	for len(u.out) == 0 && u.err == nil {
		u.next()
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// next takes one line, or the part of a long one that fits into the buffer, which is handed on unchanged.
func (u *unfolded) next() {
	part, err := u.in.ReadSlice('\n')
	text := bytes.TrimRight(part, "\r\n")
	columns := utf8.RuneCount(text)
	if len(u.line) > 0 && len(text) > 0 && !logEntry.Match(text) {
		u.line = append(u.line, part...)
	} else {
		u.out = append(u.out[:0], u.line...)
		if len(u.line) > 0 {
			u.out = append(bytes.TrimRight(u.out, " "), '\n')
		}
		u.line = append(u.line[:0], part...)
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		u.err = err
	}
	if u.err == nil && err == nil && columns >= u.columns-lostBlanks && columns <= u.columns {
		u.line = append(bytes.TrimRight(u.line, "\r\n"), bytes.Repeat([]byte(" "), u.columns-columns)...)
		return
	}
	u.out, u.line = append(u.out, u.line...), u.line[:0]
}
