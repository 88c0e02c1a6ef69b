package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/workloads/scenarios"
)

func TestEveryCatalogueScenarioIsGood(t *testing.T) {
	require.NotEmpty(t, scenarios.Names())
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		assert.Equal(t, name, s.Name, "the file is named after the scenario")
		assert.NotEmpty(t, s.Mechanism, name)
	}
}

const minimal = `name: small
title: The least that is allowed
workloads:
  - evict: {processes: 0, every: 1s}
run: 5s
`

func TestSilenceMeansDefaults(t *testing.T) {
	s, err := scenario.Parse("small.yaml", []byte(minimal))
	require.NoError(t, err)
	assert.Equal(t, "xfs", s.Export.FS)
	assert.Equal(t, "4.2", s.Mount.Vers)
	assert.Equal(t, 2, s.Guest.CPUs)
	assert.Equal(t, 5*time.Second, s.Run.D())
}

// Each case spoils the minimal scenario in one way and says the exact line of
// the message.
func TestProblemsNameFileLineAndField(t *testing.T) {
	for _, c := range []struct{ add, want string }{
		{"gest: {cpus: 1}\n", `small.yaml:6: unknown field "gest", did you mean "guest"?`},
		{"guest:\n  cpus: 0\n", `small.yaml:7: guest.cpus: is 0, want 1 to 64`},
		{"guest:\n  memory: much\n", `small.yaml:7: `},
		{"mount:\n  vers: \"4.0\"\n  session_slots: 2\n", `small.yaml:8: mount.session_slots: is 2, but NFS 4.0 has no sessions: want vers 4.1 or 4.2`},
		{"mount:\n  vers: \"4.0\"\n  directory_delegations: true\n", `small.yaml:8: mount.directory_delegations: is true, and NFS 4.0 has none: want vers 4.1 or 4.2`},
		{"mount:\n  vers: \"4.2\"\n  session_slots: 4096\n", `small.yaml:8: mount.session_slots: is 4096, want 0 to 1024`},
		{"mount:\n  vers: \"4.0\"\n  layout: flexfiles\n", `small.yaml:8: mount.layout: is flexfiles, but NFS 4.0 has no layouts: want vers 4.1 or 4.2`},
		{"mount:\n  layout: files\n", `small.yaml:7: mount.layout: is "files", want one of none, flexfiles, scsi, block`},
		{"export:\n  fs: ext4\nmount:\n  layout: scsi\n", `small.yaml:9: mount.layout: is scsi, but knfsd grants those for xfs alone: want export.fs xfs`},
		{"faults:\n  - failslab:\n      function: f\n      probabilty: 3\n", `small.yaml:9: unknown field "probabilty", did you mean "probability"?`},
		{"faults:\n  - failslab:\n      function: f\n      probability: 101\n      times: 1\n", `small.yaml:9: faults[0].failslab.probability: is 101, want 1 to 100`},
		{"target: 1f\n", `small.yaml:6: target: is "1f", want the name of a kernel function`},
		{"target:\n  below: [g]\n", `small.yaml:7: target.function: want the name of a kernel function`},
		{"target:\n  function: f\n  below: [g, 2h]\n", `small.yaml:8: target.below[1]: is "2h", want the name of a kernel function, or several with | between them`},
		{"target:\n  function: f\n  belo: [g]\n", `small.yaml:8: unknown field "belo", did you mean "below"?`},
		{"target:\n  function: f\n  paths:\n    - {path: a, below: [g]}\n    - {path: a, below: [h]}\n", `small.yaml:10: target.paths[1]: path a is there already`},
		{"faults:\n  - {}\n", `small.yaml:7: faults[0]: want exactly one fault, of failslab, callsite, order, explore, fail_page_alloc, fail_nth, fail_sunrpc, memcg, vm, freeze, restart, failover, silence, freezer, upcall, session_evict, store_stop`},
		{"pressure:\n  - memcg: {max: 1000}\n", `small.yaml:7: pressure[0].memcg.max: is 1000B, want at least 4MiB, in whole pages`},
		{"faults:\n  - fail_page_alloc: {function: f, probability: 0, times: 1}\n", `small.yaml:7: faults[0].fail_page_alloc.probability: is 0, want 1 to 100`},
		{"faults:\n  - fail_nth: {function: 1f}\n", `small.yaml:7: faults[0].fail_nth.function: is "1f", want the name of a kernel function`},
		{"faults:\n  - fail_nth: {function: f}\n  - fail_sunrpc: {probability: 1, times: 1}\n", `small.yaml:8: faults[1]: uses fail_sunrpc, as another fault does`},
		{"faults:\n  - fail_sunrpc: {ignore-client-disconnect: true, ignore-server-disconnect: true, ignore-cache-wait: true, probability: 1, times: 1}\n", `small.yaml:7: faults[0].fail_sunrpc: ignores everything: want one of client-disconnect, server-disconnect, cache-wait`},
		{"faults:\n  - freeze: {for: 1ms, every: 1s}\n", `small.yaml:7: faults[0].freeze.for: is 1ms, want 100ms to 1h`},
		{"faults:\n  - freeze: {for: 1s}\n", `small.yaml:7: faults[0].freeze.every: want the mean pause before each`},
		{"faults:\n  - freeze: {for: 3s, every: 2s}\n", `small.yaml:7: faults[0].freeze.every: is 2s: the first may be over only after 6s, want that within run (5s)`},
		{"faults:\n  - freeze: {for: 1s, at_umount: true}\n  - freeze: {for: 1s, every: 1s}\n", `small.yaml:8: faults[1].freeze: is there already: want one outage of a kind`},
		{"faults:\n  - freeze: {fro: 1s}\n", `small.yaml:7: unknown field "fro", did you mean "for"?`},
		{"faults:\n  - restart: {for: 1s, every: 1s}\n", `small.yaml:7: faults[0].restart: makes clients recover: want export.lease and export.grace set, since recovery takes as long`},
		{"faults:\n  - callsite: {function: f, probability: 1, times: 1}\n", `small.yaml:7: faults[0].callsite.call: is 0, want 1 to 1000`},
		{"faults:\n  - callsite: {function: f, call: 1, probability: 1, times: 1, cgroup: load}\n", `small.yaml:7: faults[0].callsite.cgroup: is "load", want the path of its directory in the guest`},
		{"faults:\n  - callsite: {function: f, call: 1, probability: 1, times: 1, comm: sixteen-letters-}\n", `small.yaml:7: faults[0].callsite.comm: is "sixteen-letters-", want at most 15 letters, as the kernel keeps them`},
		{"pressure:\n  - callsite: {function: f, call: 1, probability: 1, times: 1}\n", `small.yaml:7: pressure[0]: stops processors, and what does cannot be frozen: want it among faults`},
		{"faults:\n  - order: {hold: {function: f, callee: g}, for: 1s, probability: 1, times: 1}\n", `small.yaml:7: faults[0].order.hold.call: is 0, want which of the calls of g`},
		{"faults:\n  - order: {hold: {function: f}, same: 1, for: 1s, probability: 1, times: 1}\n", `small.yaml:7: faults[0].order.until: want it with same or linger, which are about it`},
		{"faults:\n  - order: {hold: {function: f}, for: 1m, probability: 1, times: 1}\n", `small.yaml:7: faults[0].order.for: is 1m0s, want 1ms to 10s`},
		{"faults:\n  - explore: {points: [], changes: 1, among: 9, longest: 3, for: 1s}\n", `small.yaml:7: faults[0].explore.points: want at least one`},
		{"faults:\n  - explore: {points: [{function: f}], changes: 10, among: 9, longest: 3, for: 1s}\n", `small.yaml:7: faults[0].explore.changes: is 10, want 1 to 9`},
		{"pressure:\n  - vm: {}\n", `small.yaml:7: pressure[0].vm: want at least one of dirty_bytes, dirty_background_bytes, min_free_kbytes, swappiness`},
		{"pressure:\n  - vm: {dirty_bytes: 1MiB, dirty_background_bytes: 1MiB}\n", `small.yaml:7: pressure[0].vm.dirty_background_bytes: is 1MiB, want less than dirty_bytes`},
		{"guest: {swap: 1KiB}\n", `small.yaml:6: guest.swap: is 1KiB, want 1MiB to 64GiB, or 0 for none`},
		{"export: {lease: 9s}\n", `small.yaml:6: export.lease: is 9s, want whole seconds, 10s to 1h0m0s`},
		{"export: {tracking: nfsdcd}\n", `small.yaml:6: export.tracking: is "nfsdcd", want one of nfsdcld, kernel`},
		{"pressure:\n  - freeze: {for: 1s, every: 1s}\n", `small.yaml:7: pressure[0].freeze: begins and ends under load: want it among faults`},
		{"groups: [contrl]\n", `small.yaml:6: groups[0]: is "contrl", want one of quick, auto, soak, dangerous, control`},
		{"target: \"a b\"\n", `small.yaml:6: target: is "a b", want the name of a kernel function`},
		{"run: 1s\n", `small.yaml:6: `},
		{"title: [\n", `small.yaml:`},
	} {
		_, err := scenario.Parse("small.yaml", []byte(minimal+c.add))
		require.Error(t, err, c.add)
		assert.True(t, strings.HasPrefix(err.Error(), c.want), "%q\n got %s\nwant %s", c.add, err, c.want)
	}
	_, err := scenario.Parse("small.yaml", nil)
	assert.Error(t, err, "an empty file")
}

func TestWorkloadsAreChecked(t *testing.T) {
	for workload, want := range map[string]string{
		"writer: {processes: 0, uids: [1], size: 1KiB, block: 1KiB}":                                 "workloads[0].writer.processes: is 0, want 1 to 128",
		"writer: {processes: 1, uids: [], size: 1KiB, block: 1KiB}":                                  "workloads[0].writer.uids: want at least one",
		"writer: {processes: 1, uids: [1], size: 1KiB, block: 1KiB, sync: 2KiB}":                     "workloads[0].writer.sync: is 2KiB, want at most size, or 0 for none",
		"writer: {processes: 1, uids: [1], size: 8KiB, block: 4KiB, mode: aio}":                      "workloads[0].writer.mode: is \"aio\", want one of buffered, direct, mmap",
		"writer: {processes: 1, uids: [1], size: 9KiB, block: 4KiB, mode: direct}":                   "workloads[0].writer.mode: is direct, want size and block in whole pages of 4KiB",
		"umount: {mounts: 1, writers: 1, how: hard}":                                                 "workloads[0].umount.how: is \"hard\", want one of plain, lazy, forced, namespace, exit",
		"umount: {mounts: 1, writers: 1, how: exit}":                                                 "workloads[0].umount.how: is exit, which is about writers killed with files open: want busy and writers",
		"state: {processes: 2, uids: [1], files: 1, blocks: 0}":                                      "workloads[0].state.blocks: is 0, want 1 to 4096",
		"state: {processes: 2, uids: [1], files: 1, blocks: 1, rival: \"4.2\"}":                      "workloads[0].state.rival: is 4.2, and mount.vers 4.2: want two versions from 4.0 on, or it would be the same client",
		"reader: {processes: 1, uids: [1], files: 0}":                                                "workloads[0].reader.files: is 0, want 1 to 1000",
		"dserror: {files: 1, for: 1s, every: 1s}":                                                    "workloads[0].dserror: is about flexfiles data servers: want mount.layout flexfiles",
		"sharedfile: {processes: 1, files: 1, sharers: 1, uids: [1], max_write: 1KiB, rival: \"3\"}": "workloads[0].sharedfile.rival: is \"3\", want one of 4.0, 4.1, 4.2",
		"faultnth: {processes: 1, uids: [1, 1], repeats: 1}":                                         "workloads[0].faultnth.uids: want two that differ",
		"faultnth: {processes: 1, uids: [1, 2], repeats: 1}":                                         "workloads[0].faultnth: lets allocations fail that fault fail_nth names: want it among faults",
		"hog: {processes: 1, uids: [1], files: 1, size: 64MiB}":                                      "workloads[0].hog.size: is 64MiB, want a memcg among pressure that has less, or no process is killed",
		"umount: {mounts: 1, vers: \"4.2\"}":                                                         "workloads[0].umount.vers: is 4.2, and mount.vers 4.2: want two versions from 4.0 on, or it would be the same client",
		"umount: {mounts: 1, vers: \"3\"}":                                                           "workloads[0].umount.vers: is \"3\", want one of 4.0, 4.1, 4.2",
		"expire: {every: 1ms}":                                                                       "workloads[0].expire.every: is 1ms, want at least 100ms",
	} {
		_, err := scenario.Parse("small.yaml", []byte("name: small\ntitle: t\nrun: 5s\nworkloads:\n  - "+workload+"\n"))
		assert.ErrorContains(t, err, want)
	}
	_, err := scenario.Parse("small.yaml", []byte("name: small\ntitle: t\nrun: 5s\nmount: {vers: \"3\"}\nworkloads:\n  - expire: {every: 1s}\n"))
	assert.ErrorContains(t, err, "small.yaml:6: workloads[0].expire: an NFS 3 server keeps no list of clients")
	_, err = scenario.Parse("small.yaml", []byte("name: small\ntitle: t\nrun: 5s\nreference: disk\nworkloads:\n  - expire: {every: 1s}\n"))
	assert.ErrorContains(t, err, `small.yaml:4: reference: is "disk", want export or none`)
	_, err = scenario.Parse("small.yaml", []byte("name: small\ntitle: t\nrun: 5s\nreference: export\nworkloads:\n  - expire: {every: 1s}\n"))
	assert.ErrorContains(t, err, "small.yaml:4: reference: compares buffered writers, and there is none among the workloads")
}

func TestUnknownScenarioIsNamed(t *testing.T) {
	_, _, err := scenario.Find("pnfs-layoutreturn-enomen")
	assert.ErrorContains(t, err, `did you mean "pnfs-layoutreturn-enomem"?`)
	_, _, err = scenario.Find("./nowhere.yaml")
	assert.ErrorContains(t, err, "nowhere.yaml")
}

func TestNeededOptionsAreThoseOfTheCatalogue(t *testing.T) {
	needed := scenario.NeededOptions()
	assert.Subset(t, needed, []string{"CONFIG_NFSD", "CONFIG_FAILSLAB", "CONFIG_NFSD_SCSILAYOUT"})
	assert.NotContains(t, needed, "CONFIG_NFS_V4_1", "it is no option in some kernels that can do it")
	assert.NotContains(t, needed, "CONFIG_SUNRPC_DEBUG")
}

func TestKernelOptionsFollowTheScenario(t *testing.T) {
	s, _, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	opts := s.KernelOptions()
	for _, want := range []string{"CONFIG_FAILSLAB", "CONFIG_PNFS_FLEXFILE_LAYOUT", "CONFIG_MEMCG", "CONFIG_XFS_FS", "CONFIG_NFS_V4_2"} {
		assert.Contains(t, opts, want)
	}
	s, err = scenario.Parse("small.yaml", []byte(minimal))
	require.NoError(t, err)
	assert.NotContains(t, s.KernelOptions(), "CONFIG_FAILSLAB")
}

// A client takes layouts of blocks before flexfiles, and knfsd offers both for XFS.
func TestOnlyGuestsWithFlexfilesGoWithoutTheBlockDriver(t *testing.T) {
	for ref, want := range map[string][]string{
		"pnfs-layoutreturn-enomem":       {"initcall_blacklist=nfs4blocklayout_init"},
		"pnfs-block-enomem":              nil,
		"pnfs-block-enomem:layout=block": nil,
		"dirty-limit":                    nil,
	} {
		s, _, err := scenario.Find(ref)
		require.NoError(t, err)
		assert.Equal(t, want, s.KernelArgs(), ref)
	}
	s, _, err := scenario.Find("pnfs-block-enomem:layout=block")
	require.NoError(t, err)
	assert.Contains(t, s.KernelOptions(), "CONFIG_NFSD_BLOCKLAYOUT")
	assert.NotContains(t, s.KernelOptions(), "CONFIG_NFSD_SCSILAYOUT", "Debian's 6.1 has none")
}

func TestRankFindsTheScenarioThatAStackIsAbout(t *testing.T) {
	reported := []string{"nfs4_proc_layoutreturn", "pnfs_send_layoutreturn", "_pnfs_return_layout", "nfs4_evict_inode", "evict"}
	ranked, err := scenario.Rank(reported)
	require.NoError(t, err)
	assert.Contains(t, ranked[0].Scenario.Functions(), "pnfs_send_layoutreturn")
	assert.Contains(t, ranked[0].Shared, "pnfs_send_layoutreturn")
	assert.Positive(t, ranked[0].Score)
	for i := 1; i < len(ranked); i++ {
		assert.GreaterOrEqual(t, ranked[i-1].Score, ranked[i].Score)
	}
	ceph, err := scenario.Rank([]string{"inode_wait_for_writeback", "evict", "ceph_put_wrbuffer_cap_refs", "ceph_invalidate_folio", "ceph_writepages_start"})
	require.NoError(t, err)
	assert.Equal(t, "ceph-stale-truncate", ceph[0].Scenario.Name)
	none, err := scenario.Rank([]string{"cifs_put_tcon"})
	require.NoError(t, err)
	assert.Zero(t, none[0].Score)
	assert.Empty(t, none[0].Shared)
}

// A matrix asks for them by name, nightly runs for the one and long ones for the
// other.
func TestEveryCatalogueScenarioHasAQuickAndASoakVariant(t *testing.T) {
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		require.NoError(t, err)
		assert.LessOrEqual(t, s.Run.D(), 45*time.Second, "%s: a trial takes at most a minute", name)
		quick, _, err := scenario.Find(name + ":quick")
		require.NoError(t, err)
		assert.LessOrEqual(t, quick.Run.D(), 15*time.Second, name)
		soak, _, err := scenario.Find(name + ":soak")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, soak.Run.D(), 2*time.Minute, name)
	}
}
