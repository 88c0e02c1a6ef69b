package guest_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
)

func TestCommandIsAFunctionOfTheSpec(t *testing.T) {
	spec := guest.Spec{
		Name: "g1", Kernel: "/k/bzImage", Image: "/i/root,1.raw", MemoryMiB: 1024, CPUs: 4,
		Disks:  []guest.Disk{{Serial: "export", SizeMiB: 4096}},
		Append: []string{"init=/sbin/loopfault-agent", "nfs.nfs4_disable_idmapping=1"},
	}
	opts := guest.Options{QEMU: "qemu", Accel: guest.TCG()}
	want := `qemu -name g1,debug-threads=on -sandbox on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn=deny -accel tcg,thread=multi -cpu max,la57=off -machine q35,hpet=off -m 1024 -smp 4 -nodefaults -no-user-config -display none -no-reboot -action panic=pause -action watchdog=pause -S
-chardev socket,id=qmp,fd=3 -qmp chardev:qmp
-add-fd fd=4,set=4 -add-fd fd=5,set=5 -chardev file,id=console,path=/dev/fdset/4,append=on -serial chardev:console
-device pvpanic -device virtio-rng-pci -device vmgenid,guid=auto -device vmcoreinfo
-device virtio-serial-pci,id=ports -chardev socket,id=agent,fd=7 -device virtserialport,bus=ports.0,chardev=agent,name=loopfault.agent -chardev socket,id=watch,fd=8 -device virtserialport,bus=ports.0,chardev=watch,name=loopfault.watch
-blockdev driver=raw,node-name=root,read-only=on,file.driver=file,file.filename=/i/root,,1.raw -device virtio-blk-pci,drive=root,serial=root
-add-fd fd=9,set=9 -blockdev driver=raw,node-name=scratch0,discard=unmap,cache.no-flush=on,file.driver=file,file.discard=unmap,file.cache.no-flush=on,file.filename=/dev/fdset/9 -device virtio-blk-pci,drive=scratch0,serial=export
-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22 -device virtio-net-pci,netdev=net,romfile=
-kernel /k/bzImage -append panic=0 tsc=reliable no_timer_check log_buf_len=4M earlyprintk=ttyS0,115200 console=ttyS0,115200 root=/dev/vda ro init=/sbin/loopfault-agent nfs.nfs4_disable_idmapping=1`
	assert.Equal(t, strings.Fields(want), strings.Fields(strings.Join(guest.Command(spec, opts), " ")))
	assert.Equal(t, guest.Command(spec, opts), guest.Command(spec, opts))

	t.Setenv("LOOPFAULT_SANDBOX", "off")
	assert.NotContains(t, strings.Join(guest.Command(spec, opts), " "), "-sandbox")
	opts.Accel = guest.KVM("host")
	assert.Contains(t, strings.Join(guest.Command(spec, opts), " "), "-accel kvm -cpu host,la57=off")
}

// The script must really boot the machine, not just look like it.
func TestReproduceScriptBoots(t *testing.T) {
	spec := fixture(t).Spec("by-hand")
	spec.Disks = []guest.Disk{{Serial: "export", SizeMiB: 16}}
	tmp := t.TempDir()
	script := filepath.Join(tmp, "reproduce.sh")
	require.NoError(t, os.WriteFile(script, []byte(guest.Reproduce(spec, guest.Options{Accel: guest.TCG()})), 0o755))
	cmd := exec.CommandContext(t.Context(), script)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), "testinit: ready")
	}
	assert.True(t, found)
	require.NoError(t, unix.Kill(-cmd.Process.Pid, unix.SIGTERM))
	_ = cmd.Wait()
}
