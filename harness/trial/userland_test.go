package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
)

func TestWhatTheRootImageLacksIsNamed(t *testing.T) {
	s, variant, err := scenario.Find("pnfs-block-enomem:layout=block")
	require.NoError(t, err, variant)
	assert.Equal(t, []string{"mkfs.xfs", "nfsdcld", "blkmapd"}, s.Programs())

	tr := withConfig(t, "blkmapd\n") // the guest's answer to any command
	tr.spec.Scenario = s
	tr.spec.Image.Release = "sid"
	err = tr.checkUserland(t.Context())
	var unfit *Unfit
	require.ErrorAs(t, err, &unfit)
	assert.Equal(t, "root image of Debian sid: lacks what scenario pnfs-block-enomem needs: blkmapd "+
		"(without LOOPFAULT_RELEASE guests have the userland of bookworm, which has it)", err.Error())

	tr = withConfig(t, "")
	tr.spec.Scenario = s
	assert.NoError(t, tr.checkUserland(t.Context()))
}
