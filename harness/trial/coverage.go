package trial

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"loopfault/results/coverage"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// gcovDir is where a kernel shows what it counted, a file for each object, below the path at which that was built.
const gcovDir = wire.Debugfs + "/gcov"

// maxCounts bounds what is kept of one trial, in bytes; the stock kernel's counts are half a MiB.
const maxCounts = 64 << 20

// saveCoverage puts into the evidence what a kernel of the flavour gcov has counted since it booted. A kernel
// that counts nothing leaves nothing, and a failure does not fail the trial: it is in the history.
func (t *trial) saveCoverage(ctx context.Context) {
	if !options(t.config).has("CONFIG_GCOV_KERNEL") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Step)
	defer cancel()
	archive, err := countsOf(ctx, t.agent, t.budgets.Remote)
	if err != nil {
		t.history.add(entry{Type: "evidence", What: coverage.File, Detail: err.Error()})
		return
	}
	t.save(coverage.File, archive)
}

// countsReader is what counts are read by.
type countsReader interface {
	Exec(context.Context, wire.Exec) (wire.Executed, error)
	ReadFile(ctx context.Context, path string) (string, error)
}

// countsOf reads the counts of a guest into an archive, each named from the top of the object tree.
func countsOf(ctx context.Context, guest countsReader, within time.Duration) (string, error) {
	r, err := guest.Exec(ctx, wire.Exec{Argv: []string{"find", gcovDir, "-name", "*" + coverage.Suffix}, Timeout: wire.Duration(within)})
	if err == nil && r.ExitCode != 0 {
		err = errors.New(strings.TrimSpace(r.Output))
	}
	if err != nil {
		return "", fmt.Errorf("list what the kernel counted: %w", err)
	}
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	files := tar.NewWriter(zipped)
	room := maxCounts
	for file := range strings.Lines(r.Output) {
		file = strings.TrimSpace(file)
		name, ok := kernel.CoveredName(file)
		if !ok || path.Clean(file) != file {
			continue
		}
		counts, err := guest.ReadFile(ctx, file)
		if err != nil {
			return "", fmt.Errorf("read what the kernel counted: %w", err)
		}
		if room -= len(counts); room < 0 {
			return "", fmt.Errorf("the kernel shows more than %d MiB of counts", maxCounts>>20)
		}
		err = files.WriteHeader(&tar.Header{Name: name, Size: int64(len(counts)), Mode: 0o644})
		if err == nil {
			_, err = files.Write([]byte(counts))
		}
		if err != nil {
			return "", err
		}
	}
	err = errors.Join(files.Close(), zipped.Close())
	return archive.String(), err
}
