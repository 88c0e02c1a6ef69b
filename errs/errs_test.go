package errs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/errs"
)

func TestFirstClassInTheChainCounts(t *testing.T) {
	usage := errs.Usagef("no file %s: %w", "x", fs.ErrNotExist)
	for _, c := range []struct {
		err  error
		want errs.Class
	}{
		{nil, errs.Infrastructure},
		{errors.New("plain"), errs.Infrastructure},
		{usage, errs.Usage},
		{fmt.Errorf("while reading: %w", usage), errs.Usage},
		{errors.Join(errors.New("plain"), usage), errs.Usage},
		{errs.Infraf("the disk is full: %w", usage), errs.Infrastructure},
		{errs.ByUser(errors.New("plain")), errs.Usage},
		{&errs.Error{Class: errs.Guest, Message: "it panicked"}, errs.Guest},
	} {
		assert.Equal(t, c.want, errs.ClassOf(c.err), "%v", c.err)
	}
	assert.ErrorIs(t, usage, fs.ErrNotExist)
	assert.EqualError(t, usage, "no file x: file does not exist")
	assert.NoError(t, errs.ByUser(nil))
}

func TestMessageCauseAndEvidence(t *testing.T) {
	err := &errs.Error{Message: "qemu ended", Evidence: "last lines", Err: errors.New("exit status 1")}
	assert.EqualError(t, err, "qemu ended: exit status 1")
	assert.Equal(t, "last lines", errs.EvidenceOf(fmt.Errorf("trial 1: %w", err)))
	assert.Empty(t, errs.EvidenceOf(errors.New("plain")))

	e := errs.Usagef("no %s: %w", "file", fs.ErrNotExist)
	e.Evidence = "long"
	wrapped := fmt.Errorf("building: %w", errors.Join(e, errors.New("other")))
	assert.ErrorIs(t, wrapped, fs.ErrNotExist)
	assert.Equal(t, errs.Usage, errs.ClassOf(wrapped))
	assert.Equal(t, "long", errs.EvidenceOf(wrapped))
	assert.Equal(t, "usage infrastructure guest", fmt.Sprint(errs.Usage, " ", errs.Infrastructure, " ", errs.Guest))
}

func TestLinesAreIndented(t *testing.T) {
	assert.Equal(t, "one\n  two", errs.Lines(errors.Join(errors.New("one"), errors.New("two"))))
}
