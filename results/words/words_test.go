package words_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/words"
)

func TestCount(t *testing.T) {
	assert.Equal(t, "0 trials", words.Count(0, "trial"))
	assert.Equal(t, "1 trial", words.Count(1, "trial"))
	assert.Equal(t, "2 trials", words.Count(int64(2), "trial"))
}
