// Package coverage makes counts of source lines out of what a kernel counted in a trial. The compiler's own gcov does that, from
// the notes that the compiler left when it built the kernel. What the counts say is package results/coverage.
package coverage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"loopfault/errs"
	"loopfault/results/coverage"
	"loopfault/results/report/plain"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages"
)

// Bounds on what an archive may unpack to, and gcov may print, in bytes. Of the stock kernel both are a few MB.
const (
	maxArchive = 256 << 20
	maxOutput  = 512 << 20
)

// Of reads the archive of a trial whose kernel was built with these notes.
func Of(ctx context.Context, notes string, archive io.Reader) (coverage.Counts, error) {
	tool, err := packages.Find("gcov")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "loopfault-coverage-")
	if err != nil {
		return nil, errs.Infraf("cannot unpack counts: %w", err)
	}
	defer os.RemoveAll(dir)
	names, err := unpack(archive, notes, dir)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errs.Usagef("no file of it is a count of this kernel")
	}
	cmd := exec.CommandContext(ctx, tool, append([]string{"--json-format", "--stdout", "--branch-probabilities", "--branch-counts"}, names...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GCOV_PREFIX=", "TMPDIR="+dir)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errs.Infraf("gcov does not start: %w", err)
	}
	counts := coverage.Counts{}
	err = counts.Read(io.LimitReader(out, maxOutput), func(file string) (string, bool) { return kernel.CoveredName("/" + file) })
	if err != nil {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
	}
	if ended := cmd.Wait(); ended != nil && err == nil {
		err = ended
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if says := firstLine(complaints.String()); says != "" { // of counts that are no use it goes on without them
		return nil, errs.Usagef("gcov: %s", says)
	}
	if err != nil {
		return nil, errs.Usagef("gcov: %w", err)
	}
	return counts, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return plain.Line(line)
}

// unpack lays counts and notes beside each other, as gcov wants them, and returns the names of the counts. What has no
// notes is no count of this kernel, and passed over.
func unpack(archive io.Reader, notes, dir string) (names []string, err error) {
	zipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil, errs.Usagef("no gzip: %w", err)
	}
	files := tar.NewReader(io.LimitReader(zipped, maxArchive))
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, errs.Usagef("not a whole archive: %w", err)
		}
		base, ok := strings.CutSuffix(h.Name, coverage.Suffix)
		if !ok || h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || path.Clean(h.Name) != h.Name || !kernel.InCovered(h.Name) {
			continue
		}
		note, err := os.ReadFile(filepath.Join(notes, base+kernel.NotesSuffix))
		if err != nil {
			continue
		}
		count, err := io.ReadAll(files)
		if err != nil {
			return nil, errs.Usagef("not a whole archive: %w", err)
		}
		to := filepath.Join(dir, base)
		err = os.MkdirAll(filepath.Dir(to), 0o700)
		err = errors.Join(err, os.WriteFile(to+kernel.NotesSuffix, note, 0o600), os.WriteFile(to+coverage.Suffix, count, 0o600))
		if err != nil {
			return nil, errs.Infraf("cannot unpack counts: %w", err)
		}
		names = append(names, h.Name)
	}
}
