package guest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// QEMU writes a kdump "flattened", so that it fits through a pipe: a page of
// preamble, then pieces of the file, each behind its place and length in big
// endian, the end being a piece at -1.
const (
	flatMagic    = "makedumpfile"
	flatPreamble = 4 << 10
)

// unflatten reassembles the file: drgn's library and others need it whole. Nothing
// is written at or beyond limit.
func unflatten(from io.Reader, to io.WriterAt, limit int64) error {
	in := bufio.NewReaderSize(from, 1<<20)
	preamble := make([]byte, flatPreamble)
	if _, err := io.ReadFull(in, preamble); err != nil {
		return fmt.Errorf("read the dump: %w", err)
	}
	if !bytes.HasPrefix(preamble, []byte(flatMagic)) {
		return errors.New("read the dump: it is not in flattened format")
	}
	for {
		var piece struct{ At, Size int64 }
		if err := binary.Read(in, binary.BigEndian, &piece); err != nil {
			return fmt.Errorf("read the dump: %w", err)
		}
		switch {
		case piece.At == -1:
			return nil
		case piece.At < 0 || piece.Size < 0 || piece.At > limit || piece.Size > limit-piece.At:
			return fmt.Errorf("the dump is larger than %d MiB, which is more than the guest's memory", limit>>20)
		}
		if _, err := io.CopyN(io.NewOffsetWriter(to, piece.At), in, piece.Size); err != nil {
			return fmt.Errorf("copy the dump: %w", err)
		}
	}
}

// kdumpMagic begins a kdump; the offsets of the header fields used here follow.
// The header fills the first block, and a second header starts in the next.
const (
	kdumpMagic      = "KDUMP   "
	kdumpNames      = 12 // as in uname(2): six strings of a fixed length
	kdumpNameLength = 65
	kdumpBlockSize  = 428
	kdumpVmcoreinfo = 32 // in the second header: place and length
	kdumpTextMost   = 64 << 10
)

// Vmcoreinfo is the guest kernel's note in a dump for debuggers: its release,
// addresses of symbols, layouts of structures. It is empty for a kernel without
// CONFIG_FW_CFG_SYSFS or VMCORE_INFO. The error says why the file is no dump.
func Vmcoreinfo(dump io.ReaderAt) (string, error) {
	head := make([]byte, kdumpBlockSize+4)
	if _, err := dump.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte(kdumpMagic)) {
		return "", errors.New("not a kdump: no header")
	}
	var place struct{ At, Size int64 }
	block := int64(binary.LittleEndian.Uint32(head[kdumpBlockSize:]))
	if err := binary.Read(io.NewSectionReader(dump, block+kdumpVmcoreinfo, 16), binary.LittleEndian, &place); err != nil {
		return "", fmt.Errorf("not a kdump: no second header: %w", err)
	}
	if place.Size < 0 || place.Size > kdumpTextMost {
		return "", fmt.Errorf("not a kdump: vmcoreinfo of %d bytes", place.Size)
	}
	text := make([]byte, place.Size)
	if _, err := dump.ReadAt(text, place.At); err != nil && place.Size > 0 {
		return "", fmt.Errorf("not a kdump: vmcoreinfo: %w", err)
	}
	return string(text), nil
}

// nameKernel fills in the fields of uname(2), of which QEMU 7.2 sets only the machine,
// and 11 nothing at all ("Unknown"): with empty names drgn's library rejects the
// header. Without vmcoreinfo they stay empty.
func nameKernel(dump *os.File) error {
	info, err := Vmcoreinfo(dump)
	if err != nil {
		return err
	}
	release := ""
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, "OSRELEASE="); ok {
			release = strings.TrimSpace(value)
		}
	}
	if release == "" || len(release) >= kdumpNameLength {
		return nil
	}
	for i, name := range []string{"Linux", "", release, "(not told)", "x86_64"} { // system, node, release, version, machine
		field := make([]byte, kdumpNameLength)
		copy(field, name)
		if _, err := dump.WriteAt(field, int64(kdumpNames+i*kdumpNameLength)); err != nil {
			return err
		}
	}
	return nil
}
