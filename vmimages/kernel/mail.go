package kernel

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strconv"
	"strings"

	"loopfault/errs"
)

// mboxLine begins a mail in a mailbox: as git, patchwork, list archives and mail
// programs write it, an address or a hash and then a date.
var mboxLine = regexp.MustCompile(`(?m)^From \S.* [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?.* [0-9]{4}.*\r?\n`)

// savedMail is how a mail without such a line begins: with headers, one of them From.
var savedMail = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9-]*:.*\r?\n(?:[ \t].*\r?\n)*)*From:`)

// quotedFrom is a line of a body that would have looked like mboxLine.
var quotedFrom = regexp.MustCompile(`(?m)^>(>*From )`)

// numbered finds "2/7" in the subject of a patch.
var numbered = regexp.MustCompile(`^\s*\[[^\]]*?\b([0-9]+)/([0-9]+)[^\]]*\]`)

// mails takes a patch file apart: one Patch for each mail that holds a diff, with
// the body as it was before the mail system encoded it; cover letters and replies
// drop out. A file that is no mailbox is returned as it is.
func (p Patch) mails() ([]Patch, error) {
	starts := mboxLine.FindAllIndex(p.Text, -1)
	if len(starts) == 0 || len(bytes.TrimSpace(p.Text[:starts[0][0]])) > 0 {
		// A mail saved by itself, or no mail at all.
		if savedMail.Match(p.Text) {
			text, _, err := unmail(p.Text)
			if err != nil {
				return nil, errs.Usagef("patch %s: the mail cannot be read: %w", p.Name, err)
			}
			p.Text = text
		}
		return []Patch{p}, nil
	}
	var list []Patch
	last := 0
	for i, at := range starts {
		end := len(p.Text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		text, subject, err := unmail(p.Text[at[1]:end])
		if err != nil {
			return nil, errs.Usagef("patch %s: mail %d cannot be read: %w", p.Name, i+1, err)
		}
		text = quotedFrom.ReplaceAll(text, []byte("$1"))
		if !diffLine.Match(text) {
			continue
		}
		if m := numbered.FindStringSubmatch(subject); m != nil {
			n, _ := strconv.Atoi(m[1])
			if n <= last {
				return nil, errs.Usagef("patch %s: mail %d is patch %s/%s, after patch %d: keep the mails of one series, in their order", p.Name, i+1, m[1], m[2], last)
			}
			last = n
		}
		list = append(list, Patch{Name: fmt.Sprintf("%s (mail %d)", p.Name, i+1), Text: text, Reverse: p.Reverse})
	}
	if len(list) == 0 {
		return nil, errs.Usagef("patch %s holds no diff", p.Name)
	}
	if len(list) == 1 {
		list[0].Name = p.Name
	}
	return list, nil
}

// diffLine is where the changes of a file begin.
var diffLine = regexp.MustCompile(`(?m)^(?:diff --git |--- \S.*\n\+\+\+ \S)`)

// unmail returns a mail with its body decoded, and its subject. The headers that
// name a patch stay before the body, for whoever sums the patch up.
func unmail(text []byte) (plain []byte, subject string, err error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return nil, "", err
	}
	subject = m.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		subject = decoded
	}
	var out bytes.Buffer
	if subject != "" {
		fmt.Fprintf(&out, "From: %s\nSubject: %s\n\n", m.Header.Get("From"), strings.Join(strings.Fields(subject), " "))
	}
	err = decodePart(&out, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
	return out.Bytes(), subject, err
}

// depthLimit is how deep parts of mails may lie in each other.
const depthLimit = 8

// decodePart writes the text of one part of a mail, or of the parts inside it.
// Attached patches count as text, HTML does not.
func decodePart(out *bytes.Buffer, contentType, encoding string, body io.Reader, depth int) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain" // what mails without the header are
	}
	if strings.HasPrefix(kind, "multipart/") && depth < depthLimit {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			err = decodePart(out, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part, depth+1)
			if err != nil {
				return err
			}
		}
	}
	if !strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "patch") || kind == "text/html" {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	out.Write(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	if !bytes.HasSuffix(text, []byte("\n")) {
		out.WriteByte('\n')
	}
	return nil
}
