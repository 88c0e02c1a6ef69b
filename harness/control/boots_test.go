package control_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/control"
)

// A guest with a processor that does not work says nothing about its kernel.
func TestGuestWithoutTimerInterruptsIsBootedAgain(t *testing.T) {
	broken := fmt.Errorf("processor 1: %w", control.ErrNoTimer)
	other := errors.New("no hello")
	for _, c := range []struct {
		boots []error
		want  error
		over  int
	}{
		{[]error{nil}, nil, 0},
		{[]error{broken, nil}, nil, 1},
		{[]error{broken, other}, other, 1},
		{[]error{other}, other, 0},
		{[]error{broken, broken, broken}, broken, 2},
	} {
		over := 0
		next := c.boots
		err := control.UntilItWorks(func() error { e := next[0]; next = next[1:]; return e }, func(error) { over++ })
		assert.Equal(t, c.want, err)
		assert.Equal(t, c.over, over)
		assert.Empty(t, next, "boots left")
	}
}
