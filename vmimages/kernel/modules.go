package kernel

import (
	"bytes"
	"context"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/packages"
)

// guestModules are those that a guest needs of a kernel that has its drivers in
// modules, where they are modules: its devices, file systems, NFS on both sides, the SCSI
// disk of a SCSI layout, Kerberos, whose ciphers nothing loads by itself in a guest. The checksum comes first since libcrc32c
// only looks for it by name.
var guestModules = []string{
	"crc32c_generic", "crc32c_intel",
	"virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "virtio_rng", "pvpanic_mmio", "qemu_fw_cfg",
	"ext4", "xfs",
	"nfsd", "nfsv3", "nfsv4", "nfs_layout_flexfiles", "blocklayoutdriver",
	"sd_mod", "target_core_iblock", "tcm_loop",
	"rpcsec_gss_krb5", "cbc", "cts",
}

// modulesIn gives the files of those modules below a tree, each after what it depends
// on; those that come compressed are unpacked to scratch. An absent module may be built
// in, or missing, which its users report.
func modulesIn(ctx context.Context, tree, scratch string) ([]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, rest, ok := strings.Cut(d.Name(), ".ko")
		switch {
		case ok && rest != "" && unpackers[rest] == "":
			return errs.Usagef("module %s is compressed in a way that is not known, want plain ones, .xz, .zst or .gz", path)
		case ok:
			files[moduleName(name)] = path
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var order []string
	var visit func(name string) error
	visit = func(name string) error {
		path, ok := files[name]
		if !ok || slices.Contains(order, path) {
			return nil
		}
		path, err := inflated(ctx, path, scratch)
		if err != nil {
			return err
		}
		files[name] = path
		needs, err := moduleNeeds(path)
		if err != nil {
			return err
		}
		for _, need := range needs {
			if err := visit(need); err != nil {
				return err
			}
		}
		order = append(order, path)
		return nil
	}
	for _, name := range guestModules {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// unpackers are the programs for compressed modules, by extension; Debian compresses
// since 6.12. These are all formats of the kernel's own build. The agent loads plain
// ones.
var unpackers = map[string]string{".xz": "xz", ".zst": "zstd", ".gz": "gzip"}

// inflated is a file with a module's uncompressed contents.
func inflated(ctx context.Context, path, scratch string) (string, error) {
	end := filepath.Ext(path)
	tool := unpackers[end]
	if tool == "" {
		return path, nil
	}
	if err := packages.Require(tool); err != nil {
		return "", errs.Infraf("module %s: %w", path, err)
	}
	text, err := exec.CommandContext(ctx, tool, "-dc", path).Output()
	if err != nil {
		return "", errs.Infraf("module %s: %s: %w", path, tool, err)
	}
	plain := filepath.Join(scratch, strings.TrimSuffix(filepath.Base(path), end))
	if err := os.WriteFile(plain, text, 0o644); err != nil {
		return "", errs.Infraf("cannot unpack module %s: %w", path, err)
	}
	return plain, nil
}

// moduleName is a module's canonical name: its file may have dashes.
func moduleName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// moduleNeeds reads what a module itself says it depends on. A package brings no
// modules.dep: depmod makes it where the package is installed.
func moduleNeeds(path string) ([]string, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, errs.Usagef("module %s: %w", path, err)
	}
	defer file.Close()
	section := file.Section(".modinfo")
	if section == nil {
		return nil, errs.Usagef("module %s has no .modinfo", path)
	}
	text, err := section.Data()
	if err != nil {
		return nil, errs.Usagef("module %s: %w", path, err)
	}
	var needs []string
	for field := range bytes.SplitSeq(text, []byte{0}) {
		if list, ok := bytes.CutPrefix(field, []byte("depends=")); ok {
			for name := range strings.SplitSeq(string(list), ",") {
				if name != "" {
					needs = append(needs, moduleName(name))
				}
			}
		}
	}
	return needs, nil
}
