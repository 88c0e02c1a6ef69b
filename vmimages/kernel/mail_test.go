package kernel

import (
	"bytes"
	"context"
	"encoding/base64"
	"mime/quotedprintable"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// series makes three commits on the fake tree, in which later ones change what
// earlier ones made, and returns git's own mails of them.
func series(t *testing.T, b *bench, options ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "git")
	require.NoError(t, os.CopyFS(dir, os.DirFS(b.source)))
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Jörg", "-c", "user.email=j@example.org"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.Output()
		require.NoError(t, err, "%s", args)
		return string(out)
	}
	commit := func(text string) { git("add", "--all"); git("commit", "--quiet", "--message", text) }
	git("init", "--quiet")
	commit("base")
	write(t, dir, map[string]string{"fs/a.c": "one\nzwei = naïve\nthree\n"})
	commit("fs: count in German\n\nA diff that is only talked about:\n\n  --- a/fs/b.c\n  +++ b/fs/b.c\n\nFrom here on all is well.\n--- no diff\n---- neither\n")
	write(t, dir, map[string]string{"fs/d.c": "eight\nnine\nten\neleven\n", "fs/a.c": "one\nzwei\nthree\n"})
	commit("fs: more numbers")
	git("mv", "fs/d.c", "fs/e.c")
	write(t, dir, map[string]string{"fs/e.c": "eight\nnine\nten\nelf\n", "fs/a.c": "one\n2\nthree\n"})
	commit("fs: a better name")
	return git(append([]string{"format-patch", "--stdout", "HEAD~3"}, options...)...)
}

const afterSeries = "one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\nelf\n"

func TestSeriesAsGitWritesIt(t *testing.T) {
	b := newBench(t)
	for name, options := range map[string][]string{
		"plain": nil, "cover letter": {"--cover-letter"}, "attached": {"--attach"}, "inline": {"--inline"}, "no renames": {"--no-renames"},
	} {
		built, _ := b.build(b.spec("series", patchOf("series.mbox", series(t, b, options...))))
		assert.Equal(t, afterSeries, image(t, built), name)
		assert.Equal(t, "fs: count in German (and 2 more)", built.Patches[0].Summary, name)
	}
}

// Several files of one mail each are what format-patch leaves without --stdout.
func TestSeriesInFiles(t *testing.T) {
	b := newBench(t)
	var patches []Patch
	for _, mail := range strings.SplitAfter(series(t, b), "\n-- \n2.")[:3] {
		_, mail, _ = strings.Cut(mail, "From ")
		patches = append(patches, patchOf("mail.patch", "From "+mail))
	}
	built, _ := b.build(b.spec("files", patches...))
	assert.Equal(t, afterSeries, image(t, built))
}

// The last change of a series is taken out first.
func TestSeriesTakenOut(t *testing.T) {
	b := newBench(t)
	mbox := patchOf("series.mbox", series(t, b))
	write(t, b.source, map[string]string{"fs/a.c": "one\n2\nthree\n", "fs/e.c": "eight\nnine\nten\nelf\n"})
	mbox.Reverse = true
	built, _ := b.build(b.spec("out", mbox))
	assert.Equal(t, plain, image(t, built))
}

// inMail wraps a body as list archives hand it out.
func inMail(subject, encoding, body string) string {
	return "From mboxrd@z Thu Jan  1 00:00:00 1970\nReturn-Path: <j@example.org>\nFrom: =?UTF-8?q?J=C3=B6rg?= <j@example.org>\nSubject: " + subject +
		"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: " + encoding + "\n\n" + body + "\n"
}

func TestMailsFromAnArchive(t *testing.T) {
	body := "Because, naïvely.\n>From what I know.\n---\n fs/a.c | 2 +-\n\n" + strings.SplitAfterN(diffA, "+-\n\n", 2)[1]
	var quoted bytes.Buffer
	w := quotedprintable.NewWriter(&quoted)
	_, err := w.Write([]byte(body))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Contains(t, quoted.String(), "na=C3=AFvely")
	encoded := base64.StdEncoding.EncodeToString([]byte(body))

	cover := inMail("[PATCH v2 0/2] Digits", "7bit", "Two patches.\n")
	reply := inMail("Re: [PATCH v2 1/2] fs: digits", "7bit", "> --- a/fs/a.c\n> +++ b/fs/a.c\n> @@ -1,3 +1,3 @@\n>  one\n> -two\n> +2\n\nNice.\n")
	second := inMail("[PATCH v2 2/2] fs: and more", "7bit", "\n---\n"+diffB)
	b := newBench(t)
	for name, mbox := range map[string]string{
		"quoted-printable": cover + inMail("[PATCH v2 1/2] fs:\n digits", "quoted-printable", quoted.String()) + reply + second,
		"base64":           inMail("[PATCH v2 1/2] fs: digits", "base64", encoded[:70]+"\n"+encoded[70:]) + second,
		"carriage returns": strings.ReplaceAll(inMail("[PATCH v2 1/2] fs: digits", "8bit", body)+second, "\n", "\r\n"),
	} {
		built, _ := b.build(b.spec("archive", patchOf("t.mbox", mbox)))
		assert.Equal(t, "one\n2\nthree\nfour\n5\nsix\nseven\n", image(t, built), name)
		assert.Equal(t, "fs: digits (and 1 more)", built.Patches[0].Summary, name)
	}
	// Saved by itself, without the line that separates mails.
	_, alone, _ := strings.Cut(inMail("[PATCH] fs: digits", "quoted-printable", quoted.String()), "\n")
	built, _ := b.build(b.spec("alone", patchOf("saved.eml", alone)))
	assert.Equal(t, patchedA, image(t, built))
	assert.Equal(t, "fs: digits", built.Patches[0].Summary)
}

func TestBadMailboxes(t *testing.T) {
	first := inMail("[PATCH 1/2] a", "7bit", diffA[strings.Index(diffA, "--- a/"):])
	second := inMail("[PATCH 2/2] b", "7bit", diffB)
	b := newBench(t)
	for name, c := range map[string]struct{ text, want string }{
		"disorder":      {second + first, "patch x.mbox: mail 2 is patch 1/2, after patch 2: keep the mails of one series, in their order"},
		"two versions":  {first + second + first, "mail 3 is patch 1/2, after patch 2"},
		"only talk":     {inMail("[PATCH 0/2] digits", "7bit", "Two patches.\n"), "patch x.mbox holds no diff"},
		"no base64":     {inMail("[PATCH] a", "base64", "???\n"), "patch x.mbox: mail 1 cannot be read"},
		"does not fit":  {first + inMail("[PATCH 2/2] b", "7bit", strings.Replace(diffB, " four", " vier", 1)), "patch x.mbox (mail 2) does not apply: hunk 1 of fs/b.c (line 1)"},
		"wrapped lines": {first + inMail("[PATCH 2/2] b", "7bit", strings.Replace(diffB, "+5\n", "+5\nwrapped\n", 1)), "patch x.mbox (mail 2) is damaged in hunk 1 of fs/b.c: line "},
		"miscounted":    {strings.Replace(diffB, "-1,3 +1,3", "-1,9 +1,9", 1), "patch x.mbox is damaged in hunk 1 of fs/b.c: line "},
	} {
		_, err := b.Ensure(context.Background(), b.spec("x", patchOf("x.mbox", c.text)))
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}
