package session

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestArms(t *testing.T) {
	arms, err := Arms([]string{"a=stock", "b=mine"}, []string{"c=control-lost-wakeup"}, []string{"n=stock"})
	require.NoError(t, err)
	assert.Equal(t, []Arm{
		{Name: "a", Kernel: "stock"}, {Name: "b", Kernel: "mine"},
		{Name: "c", Kernel: "control-lost-wakeup", Control: true}, {Name: "n", Kernel: "stock", NoFault: true},
	}, arms)
	arms, err = Arms(nil, nil, nil)
	require.NoError(t, err)
	assert.Empty(t, arms)
	for want, given := range map[string][][]string{
		`arm "a" is given twice`:           {{"a=stock"}, {"a=stock"}},
		`arm "stock": want NAME=KERNEL`:    {{"stock"}, nil},
		"want at least one --arm NAME=KER": {nil, {"c=stock"}},
	} {
		_, err := Arms(given[0], given[1], nil)
		assert.ErrorContains(t, err, want)
	}
}
