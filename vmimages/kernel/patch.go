package kernel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"loopfault/errs"
)

// ReadPatch reads a patch file. A file that cannot be read or holds no diff is
// a usage error.
func ReadPatch(path string, reverse bool) (Patch, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Patch{}, errs.Usagef("cannot read patch: %w", err)
	}
	p := Patch{Name: filepath.Base(path), Text: text, Reverse: reverse}
	_, _, err = p.parse()
	return p, err
}

// change is what a patch does to one file.
type change struct {
	*gitdiff.File
	patch Patch // that it is from, one mail of a mailbox
}

// parse returns the changes of each file in the order in which they are made, and
// the first line of the header; of a mailbox, that of its first patch.
func (p Patch) parse() (changes []change, summary string, err error) {
	mails, err := p.mails()
	if err != nil {
		return nil, "", err
	}
	for i, m := range mails {
		files, title, err := m.files()
		if err != nil {
			return nil, "", err
		}
		if i == 0 {
			summary = title
		}
		for _, f := range files {
			changes = append(changes, change{f, m})
		}
	}
	if n := len(mails) - 1; n > 0 {
		summary = fmt.Sprintf("%s (and %d more)", summary, n)
	}
	if p.Reverse {
		slices.Reverse(changes) // what was changed last is taken back first
	}
	return changes, summary, nil
}

// files reads one diff and the headline before it.
func (p Patch) files() (files []*gitdiff.File, summary string, err error) {
	files, preamble, err := gitdiff.Parse(bytes.NewReader(p.Text))
	if err != nil {
		return nil, "", errs.Usagef("patch %s is damaged%s: %s", p.Name, p.where(err), strings.TrimPrefix(err.Error(), "gitdiff: "))
	}
	if len(files) == 0 {
		return nil, "", errs.Usagef("patch %s holds no diff", p.Name)
	}
	for _, f := range files {
		if f.IsBinary {
			return nil, "", errs.Usagef("patch %s changes a binary file, %s", p.Name, name(f))
		}
		if len(f.TextFragments) == 0 && !f.IsRename && f.NewMode == 0 && !f.IsDelete {
			return nil, "", errs.Usagef("patch %s has no hunks for %s", p.Name, name(f))
		}
	}
	return files, headline(preamble), nil
}

var errorLine = regexp.MustCompile(`^gitdiff: line ([0-9]+): `)

// where names the file and the hunk in which a diff cannot be read, as far as known.
func (p Patch) where(err error) string {
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	last, _ := strconv.Atoi(m[1])
	file, hunk, n := "", 0, 0
	for line := range strings.Lines(string(p.Text)) {
		if n++; n > last {
			break
		}
		if to, ok := strings.CutPrefix(line, "+++ "); ok {
			to, _, _ = strings.Cut(strings.TrimSpace(to), "\t")
			file, hunk = strings.TrimPrefix(to, "b/"), 0
		} else if strings.HasPrefix(line, "@@ ") {
			hunk++
		}
	}
	if file == "" || hunk == 0 {
		return ""
	}
	return fmt.Sprintf(" in hunk %d of %s", hunk, file)
}

func name(f *gitdiff.File) string {
	if f.OldName != "" {
		return f.OldName
	}
	return f.NewName
}

// headline is the subject of a mail, else the first line with text.
func headline(preamble string) string {
	if h, err := gitdiff.ParsePatchHeader(preamble); err == nil && h.Title != "" {
		return h.Title
	}
	for line := range strings.Lines(preamble) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

func (p Patch) applied() AppliedPatch {
	sum := sha256.Sum256(p.Text)
	a := AppliedPatch{Name: p.Name, SHA256: hex.EncodeToString(sum[:]), Reverse: p.Reverse}
	_, a.Summary, _ = p.parse()
	return a
}
