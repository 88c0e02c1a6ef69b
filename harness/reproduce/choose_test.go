package reproduce

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
)

// hung is a hang with these functions on its stack, innermost first.
func hung(functions string) kernelreport.Report {
	var stack strings.Builder
	for _, f := range strings.Fields(functions) {
		stack.WriteString("[<0>] " + f + "+0x1/0x2\n")
	}
	return kernelreport.FromStack("task", 7, "D", 20, stack.String())
}

var (
	ofCeph   = hung("ceph_mdsc_do_request ceph_do_getattr")
	ofUmount = hung("rpc_wait_bit_killable nfs4_proc_layoutreturn pnfs_send_layoutreturn _pnfs_return_layout nfs4_evict_inode evict generic_shutdown_super")
	ofWrite  = hung("folio_wait_bit_common write_cache_pages nfs_writepages do_writepages wb_workfn")
)

func names(list []Candidate) (names []string) {
	for _, c := range list {
		names = append(names, c.Scenario.Name)
	}
	return names
}

func TestAllHangsOfATextCount(t *testing.T) {
	fitting, err := Choose(Tell([]kernelreport.Report{ofCeph, ofUmount, ofWrite}, ""))
	require.NoError(t, err)
	require.NotEmpty(t, fitting)
	hangs := map[string]bool{}
	for _, r := range fitting {
		assert.Positive(t, r.Score)
		assert.NotEmpty(t, r.Shared, r.Scenario.Name)
		hangs[r.Hang.Signature] = true
	}
	assert.Equal(t, map[string]bool{ofUmount.Signature: true, ofWrite.Signature: true}, hangs, "each has scenarios of its own")
	assert.Contains(t, names(fitting), "dirty-limit")
	assert.Contains(t, fitting[0].Shared, "pnfs_send_layoutreturn")
}

func TestWhatSharesNothingIsNotOffered(t *testing.T) {
	told := Tell([]kernelreport.Report{ofCeph}, "device s:/x mounted on /y with fstype nfs4 statvers=1.1\n\topts: rw,vers=4.2\n\tnfsv4: bm0=0x1,pnfs=LAYOUT_FLEX_FILES")
	fitting, err := Choose(told)
	require.NoError(t, err)
	assert.Empty(t, fitting, "version and layout alone are no reason")
	assert.Equal(t, "a scenario about ceph_mdsc_do_request, ceph_do_getattr", Missing(told))
	assert.Equal(t, "a stack that tells more than that a task waits", Missing(Told{}))
}

// Both stacks of the report about Ceph's last iput() find the scenario that is about them.
func TestStacksOfCephFindTheirScenarios(t *testing.T) {
	for want, stack := range map[string]string{
		"ceph-stale-truncate": "inode_wait_for_writeback evict ceph_put_wrbuffer_cap_refs ceph_invalidate_folio ceph_writepages_start do_writepages " +
			"__writeback_single_inode writeback_sb_inodes __writeback_inodes_wb wb_writeback wb_workfn",
		"ceph-readahead-close": "ceph_evict_inode evict finish_netfs_read handle_reply osd_dispatch ceph_con_process_message ceph_con_v1_try_read ceph_con_workfn",
	} {
		fitting, err := Choose(Tell([]kernelreport.Report{hung(stack)}, ""))
		require.NoError(t, err)
		require.NotEmpty(t, fitting, want)
		assert.Equal(t, want, fitting[0].Scenario.Name)
	}
}

func TestOneFunctionIsNotCertain(t *testing.T) {
	fitting, err := Choose(Tell([]kernelreport.Report{hung("pnfs_send_layoutreturn")}, ""))
	require.NoError(t, err)
	require.NotEmpty(t, fitting)
	assert.Less(t, fitting[0].Score, 0.75)
	more, err := Choose(Tell([]kernelreport.Report{ofUmount}, ""))
	require.NoError(t, err)
	assert.Greater(t, more[0].Score, fitting[0].Score, "several functions tell more than one")
}

func TestWhatATextTells(t *testing.T) {
	for _, c := range []struct {
		name, functions, mounts string
		vers, layouts           []string
	}{
		{"nothing", "vfs_unlink", "", nil, nil},
		{"NFSv4 without minor version", "nfs4_proc_getattr nfs_getattr", "", []string{"4"}, nil},
		{"NFSv3", "rpc_wait_bit_killable nfs3_proc_getattr", "", []string{"3"}, nil},
		{"mount", "nfs4_proc_getattr", "s:/x on /y type nfs4 (rw,vers=4.1,timeo=600)", []string{"4.1"}, nil},
		{"mountstats", "nfs4_proc_getattr", "opts: rw,vers=4.2,rsize=1\nnfsv4: pnfs=LAYOUT_SCSI", []string{"4.2"}, []string{"scsi"}},
		{"no layouts", "nfs4_proc_getattr", "nfsv4: pnfs=not configured", []string{"4"}, []string{"none"}},
		{"the stack counts before the mounts", "ff_layout_pg_get_read nfs4_x", "nfsv4: pnfs=LAYOUT_SCSI", []string{"4"}, []string{"flexfiles"}},
		{"blocks", "bl_alloc_lseg nfs4_x", "", []string{"4"}, []string{"scsi", "block"}},
		{"two versions", "nfs_getattr", "vers=3, vers=4.2,", []string{"3", "4.2"}, nil},
	} {
		told := Tell([]kernelreport.Report{hung(c.functions)}, c.mounts)
		assert.Equal(t, c.vers, told.Vers, c.name)
		assert.Equal(t, c.layouts, told.Layouts, c.name)
	}
}

func TestAspectsCount(t *testing.T) {
	find := func(name string, told Told) Candidate {
		fitting, err := Choose(told)
		require.NoError(t, err)
		for _, c := range fitting {
			if c.Scenario.Name == name {
				return c
			}
		}
		t.Fatalf("%s is not offered: %v", name, names(fitting))
		return Candidate{}
	}
	hangs := []kernelreport.Report{ofUmount}
	plain := find("pnfs-layoutreturn-evict", Tell(hangs, ""))
	assert.Contains(t, plain.Agrees, "operation umount")
	assert.Contains(t, plain.Agrees, "client side")
	same := find("pnfs-layoutreturn-evict", Tell(hangs, "opts: vers=4.1\nnfsv4: pnfs=LAYOUT_SCSI"))
	assert.Contains(t, same.Agrees, "NFS 4.1")
	assert.Contains(t, same.Agrees, "layout scsi")
	assert.Equal(t, "pnfs-layoutreturn-evict:vers=4.1,layout=scsi", same.Scenario.Ref().String(), "it runs with what the text tells")
	other := find("pnfs-layoutreturn-evict", Tell(hangs, "opts: vers=3\nnfsv4: pnfs=not configured"))
	assert.Contains(t, other.Differs, "NFS 3")
	assert.Contains(t, other.Differs, "no layouts")
	assert.Less(t, other.Score, plain.Score)
	assert.Less(t, plain.Score, same.Score)
}

func TestSides(t *testing.T) {
	assert.Equal(t, "server", sideOf([]string{"nfs_file_write", "nfsd_vfs_write", "nfsd"}), "a server that exports an NFS mount")
	assert.Equal(t, "client", sideOf([]string{"evict", "nfs4_evict_inode"}))
	assert.Empty(t, sideOf([]string{"xfs_ilock"}))
	s, _, err := scenario.Find("few-threads")
	require.NoError(t, err)
	assert.Contains(t, sidesOf(s), "server")
}
