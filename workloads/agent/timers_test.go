package agent

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProcessorsOfThisHostHaveTimers(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	assert.Empty(t, withoutTimer())
	assert.Equal(t, before, runtime.GOMAXPROCS(0))
}
