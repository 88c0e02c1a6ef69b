package kernel

import (
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRemove(t *testing.T) {
	b := newBench(t)
	stock, _ := b.build(b.spec("stock"))
	b.build(b.spec("bisect-1")) // the same build
	second, _ := b.build(b.spec("bisect-2", patchOf("a.patch", diffA)))

	_, err := Remove(b.Cache, "bisect-*", "nightly-*")
	require.Error(t, err)
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	_, err = Remove(b.Cache, "[")
	require.ErrorContains(t, err, "no pattern")
	assert.FileExists(t, second.BzImage, "nothing is removed when a pattern is wrong")

	names, err := Remove(b.Cache, "bisect-*", "bisect-2")
	require.NoError(t, err)
	assert.Equal(t, []string{"bisect-1", "bisect-2"}, names)
	assert.FileExists(t, stock.BzImage, "stock stands for it, too")
	assert.NoDirExists(t, second.Dir)

	again, files := b.build(b.spec("bisect-2", patchOf("a.patch", diffA)))
	assert.Equal(t, second.Key, again.Key)
	assert.Empty(t, files, "its objects were kept")
}
