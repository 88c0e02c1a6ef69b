package scenario_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/workloads/wire"
)

const onCeph = `name: small
title: a small one
mechanism: none
ceph: {blocklist: false}
faults:
  - session_evict: {every: 2s}
workloads:
  - staletruncate: {files: 3, size: 4KiB, settle: 1s, flush: 1s}
run: 10s
`

func TestAScenarioWithACephCluster(t *testing.T) {
	s, err := scenario.Parse("small.yaml", []byte(onCeph))
	require.NoError(t, err)
	assert.False(t, s.Ceph.Blocklists())
	assert.True(t, wire.Ceph{}.Blocklists(), "as is Ceph's way")
	assert.Equal(t, []string{"ceph"}, s.Flavours())
	assert.Equal(t, wire.BringUp{Ceph: s.Ceph}, s.BringUp(), "nothing of NFS")
	assert.Contains(t, s.KernelOptions(), "CONFIG_CEPH_FS")
	assert.NotContains(t, s.KernelOptions(), "CONFIG_NFSD")
	assert.Equal(t, []string{"ceph-mon", "ceph-osd", "ceph-mds"}, s.Programs())
	assert.NotContains(t, scenario.NeededOptions(), "CONFIG_CEPH_FS", "else a kernel tree without Ceph could not be built for NFS")
}

// A client gets a link of its own where that is cut, and nowhere else.
func TestALinkThatIsCut(t *testing.T) {
	s, _, err := scenario.Find("ceph-mixed:link")
	require.NoError(t, err)
	assert.True(t, s.BringUp().Link)
	assert.Contains(t, s.KernelOptions(), "CONFIG_VETH")
	longest, outage := s.Allowance()
	assert.Equal(t, longest, outage)
	assert.Greater(t, outage, 20*time.Second, "the cut, and what TCP takes to send again")
	s, _, err = scenario.Find("ceph-mixed")
	require.NoError(t, err)
	assert.False(t, s.BringUp().Link)
	assert.NotContains(t, s.KernelOptions(), "CONFIG_VETH")
}

func TestCephAndNFSDoNotMix(t *testing.T) {
	for want, text := range map[string]string{
		"mount: is of NFS":                      strings.Replace(onCeph, "ceph:", "mount: {vers: \"4.1\"}\nceph:", 1),
		"export: is of NFS":                     strings.Replace(onCeph, "ceph:", "export: {fs: ext4}\nceph:", 1),
		"applies: is of NFS":                    strings.Replace(onCeph, "ceph:", "applies: {vers: [\"4.1\"]}\nceph:", 1),
		"limits: is of NFS":                     strings.Replace(onCeph, "run:", "limits: {OPEN: 3}\nrun:", 1),
		"faults[0]: is of NFS":                  strings.Replace(onCeph, "session_evict: {every: 2s}", "restart: {for: 1s, every: 2s}", 1),
		"workloads[0]: is of NFS":               strings.Replace(onCeph, "staletruncate: {files: 3, size: 4KiB, settle: 1s, flush: 1s}", "expire: {every: 1s}", 1),
		"faults[0]: is about a Ceph cluster":    strings.Replace(onCeph, "ceph: {blocklist: false}", "", 1),
		"workloads[0]: is about a Ceph cluster": strings.Replace(onCeph, "ceph: {blocklist: false}", "", 1),
		"want session_evict among faults":       strings.Replace(onCeph, "faults:\n  - session_evict: {every: 2s}\n", "", 1),
		"staletruncate.files: is 0":             strings.Replace(onCeph, "files: 3", "files: 0", 1),
		"staletruncate.flush: is 1ms":           strings.Replace(onCeph, "flush: 1s", "flush: 1ms", 1),
		"ceph.session_timeout: is 10s":          strings.Replace(onCeph, "blocklist: false", "session_timeout: 10s", 1),
		"ceph.session_timeout: is 1m0.5s":       strings.Replace(onCeph, "blocklist: false", "session_timeout: 60500ms", 1),
		`ceph.store: is "tape"`:                 strings.Replace(onCeph, "blocklist: false", "store: tape", 1),
		"faults[0].mds_restart.for: is 1ms":     strings.Replace(onCeph, "session_evict: {every: 2s}", "mds_restart: {for: 1ms, every: 2s}", 1),
		"mixed.snapshots: is 11":                strings.Replace(onCeph, "staletruncate: {files: 3, size: 4KiB, settle: 1s, flush: 1s}", "mixed: {processes: 2, files: 3, max_write: 4KiB, snapshots: 11}", 1),
		`unknown field "storage"`:               strings.Replace(onCeph, "blocklist: false", "storage: tape", 1),
	} {
		_, err := scenario.Parse("small.yaml", []byte(text))
		require.ErrorContains(t, err, want)
	}
	for _, fault := range []string{"link_cut: {for: 1s, every: 2s}", "mds_restart: {for: 1s, every: 2s}", "mon_restart: {for: 1s, every: 2s}", "client_blocklist: {every: 2s}"} {
		text := strings.Replace(onCeph, "session_evict: {every: 2s}", fault, 1)
		text = strings.Replace(text, "settle: 1s, flush: 1s", "settle: 1s, flush: 1s, self: true", 1)
		_, err := scenario.Parse("small.yaml", []byte(text))
		require.NoError(t, err, fault)
		_, err = scenario.Parse("small.yaml", []byte(strings.Replace(text, "ceph: {blocklist: false}", "", 1)))
		require.ErrorContains(t, err, "faults[0]: is about a Ceph cluster", fault)
	}
	_, _, err := scenario.Find("ceph-stale-truncate:vers=4.1")
	assert.ErrorContains(t, err, "vers 4.1: it is about Ceph")
}

// What was stored of scenarios of NFS reads as it did.
func TestNFSScenariosSayNothingOfCeph(t *testing.T) {
	s, _, err := scenario.Find("dirty-limit")
	require.NoError(t, err)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "eph")
	assert.Empty(t, s.Flavours())
}
