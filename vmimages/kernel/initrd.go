package kernel

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"loopfault/workloads/wire"
)

// ramdisk makes the initial RAM disk of a kernel with modules, in cpio's "newc" form:
// the agent as init, the modules, and their list.
func ramdisk(agent string, modules []string) ([]byte, error) {
	var b bytes.Buffer
	var list strings.Builder
	program, err := os.ReadFile(agent)
	if err != nil {
		return nil, err
	}
	cpio(&b, "dev", 0o040755, nil)
	cpio(&b, "modules", 0o040755, nil)
	cpio(&b, strings.TrimPrefix(wire.ModuleInit, "/"), 0o100755, program)
	for _, path := range modules {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := "modules/" + filepath.Base(path)
		cpio(&b, name, 0o100644, text)
		fmt.Fprintf(&list, "/%s\n", name)
	}
	cpio(&b, strings.TrimPrefix(wire.ModuleList, "/"), 0o100644, []byte(list.String()))
	cpio(&b, "TRAILER!!!", 0, nil)
	return b.Bytes(), nil
}

// cpio writes one entry; headers and contents begin at multiples of four bytes.
func cpio(b *bytes.Buffer, name string, mode int, text []byte) {
	pad := func() {
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	fmt.Fprintf(b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		0, mode, 0, 0, 1, 0, len(text), 0, 0, 0, 0, len(name)+1, 0, name)
	pad()
	b.Write(text)
	pad()
}
