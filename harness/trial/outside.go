package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// collectOutside collects evidence from a silent guest: QEMU's state of its
// vCPUs, and what the kernel prints on request over the serial line and by an
// NMI, which needs no running process.
func (t *trial) collectOutside(ctx context.Context) {
	t.phase(PhaseEvidence)
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Evidence)
	defer cancel()
	t.saveConfig()
	var text strings.Builder
	for _, command := range []string{"info status", "info cpus", "info registers -a"} {
		out, err := t.guest.Monitor().Human(ctx, command)
		fmt.Fprintf(&text, "(qemu) %s\n%s\n", command, out)
		if err != nil {
			fmt.Fprintf(&text, "loopfault: %v\n", err)
		}
	}
	where := t.resolve(text.String())
	for cpu, symbol := range where {
		fmt.Fprintf(&text, "loopfault: CPU#%d is in %s\n", cpu, symbol)
	}
	t.save("qemu.txt", text.String())
	t.detectors.silence = []kernelreport.Report{silenceReport(where)}
	t.detectors.mark(t.detectors.last, t.detectors.last)

	from := t.consoleSize()
	err := t.guest.Monitor().Execute(ctx, "inject-nmi", nil, nil)
	for _, key := range []byte("lwtm") {
		err = errors.Join(err, t.guest.SysRq(ctx, key))
	}
	if err != nil {
		t.history.add(entry{Type: "evidence", What: "nmi and sysrq", Detail: err.Error()})
	}
	t.awaitDumps(ctx, from)
}

// silenceReport names the silence by the vCPUs' locations.
func silenceReport(where []string) kernelreport.Report {
	var stack strings.Builder
	for _, symbol := range where {
		fmt.Fprintf(&stack, "[<0>] %s\n", symbol)
	}
	r := kernelreport.FromStack("cpu", 0, "R", 0, stack.String())
	r.Title = "INFO: guest became unresponsive"
	if len(where) > 0 {
		name, _, _ := strings.Cut(where[0], "+")
		r.Title += " in " + name
	}
	r.Kind, r.Detector = kernelreport.KindGuestSilent, verdict.Silence
	return r
}

var instructionPointer = regexp.MustCompile(`RIP=([0-9a-f]{16})`)

// resolve gives the kernel symbols, as in "function+0x1/0x2", that the processors
// of a register dump are in, in their order; those in user space or without a name
// are left out.
func (t *trial) resolve(registers string) []string {
	symbols, err := readSystemMap(t.spec.Kernel.SystemMap)
	if err != nil || t.text == 0 {
		return nil
	}
	var names []string
	for _, m := range instructionPointer.FindAllStringSubmatch(registers, -1) {
		rip, err := strconv.ParseUint(m[1], 16, 64)
		if err == nil && rip >= t.text {
			if name, ok := symbols.name(rip - t.text); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// systemMap is the symbols of a kernel, by their distance from _text: where that
// is differs from boot to boot.
type systemMap []mapSymbol

type mapSymbol struct {
	at   uint64
	name string
}

func readSystemMap(path string) (systemMap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all systemMap
	var text uint64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue
		}
		at, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil {
			continue
		}
		if fields[2] == "_text" {
			text = at
		}
		all = append(all, mapSymbol{at, fields[2]})
	}
	for i := range all {
		all[i].at -= text // wraps for the few before it, which sort last
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	return all, nil
}

func (m systemMap) name(at uint64) (string, bool) {
	i := sort.Search(len(m), func(i int) bool { return m[i].at > at })
	if i == 0 || i == len(m) {
		return "", false
	}
	s := m[i-1]
	return fmt.Sprintf("%s+%#x/%#x", s.name, at-s.at, m[i].at-s.at), true
}
