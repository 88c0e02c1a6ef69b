package vmimages

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrors(t *testing.T) {
	e := Usagef("no %s: %w", "file", fs.ErrNotExist)
	e.Evidence = "long"
	wrapped := fmt.Errorf("building: %w", errors.Join(e, errors.New("other")))
	assert.EqualError(t, e, "no file: file does not exist")
	assert.ErrorIs(t, wrapped, fs.ErrNotExist)
	assert.Equal(t, Usage, ClassOf(wrapped))
	assert.Equal(t, "long", EvidenceOf(wrapped))
	assert.Equal(t, Infrastructure, ClassOf(errors.New("unknown")))
	assert.Empty(t, EvidenceOf(errors.New("unknown")))
	assert.Equal(t, "usage infrastructure", fmt.Sprint(Usage, " ", Infrastructure))
}
