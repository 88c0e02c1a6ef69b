package trial

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/control"
	"loopfault/harness/scenario"
	"loopfault/harness/timeouts"
	"loopfault/workloads/wire"
)

// withConfig is a trial whose guest's /proc/config.gz says config.
func withConfig(t *testing.T, config string) *trial { return showing(t, config, config) }

// showing is a trial whose guest's /proc/config.gz says config, and where shell scripts
// print signs.
func showing(t *testing.T, config, signs string) *trial {
	t.Helper()
	host, guest := net.Pipe()
	answer := func(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
		var e wire.Exec
		if err := json.Unmarshal(*r.Params, &e); err != nil {
			return nil, err
		}
		if e.Argv[0] == "sh" {
			return wire.Executed{Output: signs}, nil
		}
		return wire.Executed{Output: config}, nil
	}
	conn := jsonrpc2.NewConn(t.Context(), jsonrpc2.NewPlainObjectStream(guest), jsonrpc2.HandlerWithError(answer))
	agent := control.New(host)
	t.Cleanup(func() { agent.Close(); conn.Close() })
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	tr := &trial{agent: agent, budgets: timeouts.For(1), spec: Spec{Scenario: s}}
	tr.spec.Kernel.Name = "given"
	return tr
}

func TestEverythingTheKernelLacksIsNamedAtOnce(t *testing.T) {
	var config strings.Builder
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	for _, opt := range s.KernelOptions() {
		switch opt {
		case "CONFIG_FAILSLAB":
			config.WriteString("# CONFIG_FAILSLAB is not set\n")
		case "CONFIG_NFSD_FLEXFILELAYOUT": // a kernel that has never heard of it
		case "CONFIG_XFS_FS":
			config.WriteString("CONFIG_XFS_FS=m\n")
		default:
			config.WriteString(opt + "=y\n")
		}
	}
	err = withConfig(t, config.String()).preflight(t.Context())
	var unfit *Unfit
	require.ErrorAs(t, err, &unfit)
	assert.Equal(t, "kernel given: lacks what scenario pnfs-layoutreturn-enomem needs: CONFIG_NFSD_FLEXFILELAYOUT, CONFIG_FAILSLAB (--fault-backend callsite needs no fault injection of it)", err.Error())
}

// What a distribution's kernel can do is said beside what it cannot.
func TestADistributionsKernelIsShownAWay(t *testing.T) {
	s, _, err := scenario.Find("pnfs-block-enomem")
	require.NoError(t, err)
	ships := strings.Join(s.KernelOptions(), "=m\n") + "=m\nCONFIG_NFS_V3=y\nCONFIG_PNFS_FLEXFILE_LAYOUT=m\n"
	err = withConfig(t, ships).preflight(t.Context())
	var unfit *Unfit
	require.ErrorAs(t, err, &unfit)
	assert.Equal(t, "lacks what scenario pnfs-layoutreturn-enomem needs: CONFIG_NFSD_FLEXFILELAYOUT, CONFIG_FAULT_INJECTION_DEBUG_FS, "+
		"CONFIG_FAULT_INJECTION_STACKTRACE_FILTER, CONFIG_FAILSLAB (--fault-backend callsite needs no fault injection of it; "+
		"its server grants scsi layouts, which scenario pnfs-block-enomem is about)", unfit.Why)

	// Debian's 6.1 has no SCSI layouts either.
	older := strings.ReplaceAll(ships, "CONFIG_NFSD_SCSILAYOUT=m\n", "CONFIG_NFSD_BLOCKLAYOUT=y\n")
	require.ErrorAs(t, withConfig(t, older).preflight(t.Context()), &unfit)
	assert.Contains(t, unfit.Why, "its server grants block layouts")
}

func TestTheFlavourThatAKernelLacksIsNamed(t *testing.T) {
	s, _, err := scenario.Find("localio-writers")
	require.NoError(t, err)
	config := strings.ReplaceAll(strings.Join(s.KernelOptions(), "=y\n")+"=y\n", "CONFIG_NFS_LOCALIO=y\n", "")
	tr := withConfig(t, config)
	tr.spec.Scenario = s
	var unfit *Unfit
	require.ErrorAs(t, tr.preflight(t.Context()), &unfit)
	assert.Equal(t, "lacks what scenario localio-writers needs: CONFIG_NFS_LOCALIO (kernel build --flavour localio brings CONFIG_NFS_LOCALIO)", unfit.Why)
}

func TestKernelWithEverythingPasses(t *testing.T) {
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	config := strings.Join(s.KernelOptions(), "=y\n") + "=y\n"
	assert.NoError(t, withConfig(t, config).preflight(t.Context()))
}

// What a kernel does counts, not what its options are called: of those that its
// configuration does not speak of it may show what they stand for.
func TestWhatAKernelShowsItNeedNotSay(t *testing.T) {
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	config := strings.Join(s.KernelOptions(), "=y\n") + "=y\n"
	config = strings.ReplaceAll(config, "CONFIG_XFS_FS=y\n", "")
	config = strings.ReplaceAll(config, "CONFIG_FAILSLAB=y\n", "CONFIG_FAILSLAB_OF_TOMORROW=y\n")
	signs := "/proc/filesystems/xfs\n/sys/kernel/debug/failslab\n"
	assert.NoError(t, showing(t, config, signs).preflight(t.Context()))

	var unfit *Unfit
	require.ErrorAs(t, showing(t, config, "/proc/filesystems/ext4\n").preflight(t.Context()), &unfit)
	assert.Contains(t, unfit.Why, "needs: CONFIG_XFS_FS, CONFIG_FAILSLAB")
	off := config + "# CONFIG_XFS_FS is not set\n"
	require.ErrorAs(t, showing(t, off, signs).preflight(t.Context()), &unfit)
	assert.Contains(t, unfit.Why, "needs: CONFIG_XFS_FS", "off on purpose, whatever the guest says")
}

// Minor versions of NFS are options of their own in some kernels and part of NFSv4 in
// others: only what a configuration leaves out on purpose is lacking.
func TestMinorVersionsThatAreNoOptionsAreThere(t *testing.T) {
	for _, c := range []struct{ vers, config, lacks string }{
		{"4.1", "CONFIG_NFS_V4=y\nCONFIG_NFS_V4_0=y\n", ""}, // 7.3
		{"4.0", "CONFIG_NFS_V4=y\n# CONFIG_NFS_V4_0 is not set\n", "CONFIG_NFS_V4_0"},
		{"4.0", "CONFIG_NFS_V4=m\nCONFIG_NFS_V4_1=y\n", ""}, // 6.12
		{"4.1", "CONFIG_NFS_V4=y\n# CONFIG_NFS_V4_1 is not set\n", "CONFIG_NFS_V4_1"},
		{"4.1", "# CONFIG_NFS_V4 is not set\n", "CONFIG_NFS_V4 CONFIG_NFS_V4_1"},
	} {
		on := options(c.config)
		s := scenario.Scenario{}
		s.Mount.Vers = c.vers
		var lacks []string
		for _, opt := range on.lackedBy(s) {
			if strings.HasPrefix(opt, "CONFIG_NFS_V4") {
				lacks = append(lacks, opt)
			}
		}
		assert.Equal(t, c.lacks, strings.Join(lacks, " "), "vers %s, %q", c.vers, c.config)
	}
}
