package textinput

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folded is base64 as mails hold it.
func folded(s string, newline string) string {
	var b strings.Builder
	for coded := base64.StdEncoding.EncodeToString([]byte(s)); len(coded) > 0; {
		n := min(76, len(coded))
		b.WriteString(coded[:n] + newline)
		coded = coded[n:]
	}
	return b.String()
}

const mailHeader = "Received: from a.example by b.example; Tue, 14 May 2024 11:12:13 +0200\nSubject: umount hangs\nMessage-ID: <1@example.org>\n"

var aMail = mailHeader + "Content-Transfer-Encoding: base64\n\n" + folded(text, "\n")

func TestMail(t *testing.T) {
	long := strings.Repeat(text, 50)
	multi := mailHeader + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee the log\n--b\nContent-Disposition: attachment\n"
	for name, mail := range map[string]struct{ in, want string }{
		"one part":         {mailHeader + "Content-Transfer-Encoding: base64\n\n" + folded(long, "\n"), long},
		"CR-LF":            {strings.ReplaceAll(mailHeader+"Content-Transfer-Encoding: BASE64\n\n", "\n", "\r\n") + folded(long, "\r\n"), long},
		"an mbox":          {"From a@b Tue May 14 11:12:13 2024\n" + aMail + "\nFrom a@b Tue May 14 11:12:14 2024\n" + aMail, text},
		"with more":        {multi + "Content-Transfer-Encoding: base64\n\n" + folded(long, "\n") + "\n--b--\n", long + "\n\n--b--\n"},
		"a picture":        {multi + "Content-Transfer-Encoding: base64\n\n" + folded("\x89PNG\r\n\x1a\n"+strings.Repeat("\x00\x01\x02\x03", 500), "\n") + "--b\n\n" + text, "--b\n\n" + text},
		"a compressed log": {multi + "Content-Transfer-Encoding: base64\n\n" + folded(string(zipped(t, []byte(long))), "\n") + "--b--\n", long},
		"plain":            {mailHeader + "Content-Transfer-Encoding: 7bit\n\n" + text, mailHeader + "Content-Transfer-Encoding: 7bit\n\n" + text},
		"damaged":          {mailHeader + "Content-Transfer-Encoding: base64\n\n" + folded(long, "\n")[:400] + "\n=!\n" + text, text},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Decode(strings.NewReader(mail.in))
			require.NoError(t, err)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Contains(t, string(got), mail.want)
			assert.NotContains(t, string(got), "PNG")
		})
	}
	assert.Equal(t, 2, strings.Count(readAll(t, "From a@b Tue\n"+aMail+"\nFrom a@b Tue\n"+aMail), text))
}

// TestNoMail: what only looks like base64, or like a header, stays as it is.
func TestNoMail(t *testing.T) {
	for _, in := range []string{
		"kernel: Content-Transfer-Encoding\nAAAA\n", "Subject: without a body", "Note: it hangs\nContent-Transfer-Encoding: base64 is how the mail came\n\nAAAA\n",
		"[1.0] Content-Transfer-Encoding: base64\n\nAAAA\n",
	} {
		assert.Equal(t, in, readAll(t, in))
	}
}

func readAll(t *testing.T, in string) string {
	t.Helper()
	r, err := Decode(strings.NewReader(in))
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(got)
}
