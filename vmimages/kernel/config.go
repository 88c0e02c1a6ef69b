package kernel

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// ReadFragment reads a configuration fragment; a file that cannot be read or has
// a line that is no configuration is a usage error.
func ReadFragment(path string) (Fragment, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Fragment{}, errs.Usagef("cannot read fragment: %w", err)
	}
	f := Fragment{Name: filepath.Base(path), Text: text}
	_, err = f.settings()
	return f, err
}

// setting is one line of a fragment.
type setting struct {
	symbol string // without CONFIG_
	value  string // as in .config; "n" for "is not set"
	from   place
}

// place is where a setting stands.
type place struct {
	fragment string
	line     int
}

func (p place) String() string { return fmt.Sprintf("%s line %d", p.fragment, p.line) }

func (s setting) String() string {
	if s.value == "n" {
		return "# CONFIG_" + s.symbol + " is not set"
	}
	return "CONFIG_" + s.symbol + "=" + s.value
}

var (
	setLine   = regexp.MustCompile(`^CONFIG_([A-Za-z0-9_]+)=(y|n|m|"(?:[^"\\]|\\.)*"|-?[0-9]+|0[xX][0-9a-fA-F]+)$`)
	unsetLine = regexp.MustCompile(`^# CONFIG_([A-Za-z0-9_]+) is not set$`)
)

func (f Fragment) settings() ([]setting, error) {
	var list []setting
	in := bufio.NewScanner(bytes.NewReader(f.Text))
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		s := setting{from: place{f.Name, n}}
		if m := unsetLine.FindStringSubmatch(line); m != nil {
			s.symbol, s.value = m[1], "n"
		} else if m := setLine.FindStringSubmatch(line); m != nil {
			s.symbol, s.value = m[1], m[2]
		} else if line == "" || strings.HasPrefix(line, "#") {
			continue
		} else {
			return nil, errs.Usagef("fragment %s: %q is not CONFIG_NAME=value or # CONFIG_NAME is not set", s.from, line)
		}
		list = append(list, s)
	}
	if err := in.Err(); err != nil {
		return nil, errs.Usagef("fragment %s: %w", f.Name, err)
	}
	return list, nil
}

// merge keeps the last setting of each symbol, in the order of those.
func merge(fragments []Fragment) ([]setting, error) {
	last := map[string]int{}
	var all []setting
	for _, f := range fragments {
		list, err := f.settings()
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if i, ok := last[s.symbol]; ok {
				all[i].symbol = ""
			}
			last[s.symbol] = len(all)
			all = append(all, s)
		}
	}
	return slices.DeleteFunc(all, func(s setting) bool { return s.symbol == "" }), nil
}

// config is a finished .config: symbol to value, symbols that are not set left out.
type config map[string]string

func parseConfig(text []byte) config {
	c := config{}
	for line := range strings.Lines(string(text)) {
		if m := setLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[2] != "n" {
			c[m[1]] = m[2]
		}
	}
	return c
}

func (c config) value(symbol string) string {
	if v, ok := c[symbol]; ok {
		return v
	}
	return "n"
}

// check returns the settings that did not survive.
func (c config) check(want []setting) (dropped []setting) {
	for _, s := range want {
		if c.value(s.symbol) != s.value {
			dropped = append(dropped, s)
		}
	}
	return dropped
}

// explainDropped makes one error of the settings that olddefconfig did not keep.
func explainDropped(src string, got config, dropped []setting) error {
	symbols := declared(src)
	var lines []string
	for _, s := range dropped {
		reason := fmt.Sprintf("its dependencies are not met, or another option forces %q", got.value(s.symbol))
		if !symbols[s.symbol] {
			reason = "this source has no such option"
			if n := nearest(s.symbol, keys(symbols)); n != "" {
				reason += ", did you mean CONFIG_" + n + "?"
			}
		}
		lines = append(lines, fmt.Sprintf("%s (%s) was dropped from the configuration: %s", s, s.from, reason))
	}
	more := ""
	if n := len(lines) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	e := errs.Usagef("%s%s", lines[0], more)
	e.Evidence = strings.Join(lines, "\n")
	return e
}

var declaration = regexp.MustCompile(`(?m)^\s*(?:menu)?config\s+([A-Za-z0-9_]+)\s*$`)

// declared collects the options of a source tree from all its Kconfig files.
func declared(src string) map[string]bool {
	symbols := map[string]bool{}
	filepath.WalkDir(src, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "Kconfig") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		for _, m := range declaration.FindAllSubmatch(text, -1) {
			symbols[string(m[1])] = true
		}
		return nil
	})
	return symbols
}

func keys(m map[string]bool) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// instruments are the options that watch a kernel or break it on purpose: what
// has to be equal for two kernels to be comparable, besides the change under test.
var instruments = []string{
	"DEBUG_ATOMIC_SLEEP", "DEBUG_INFO", "DEBUG_KMEMLEAK", "DEBUG_LIST", "DEBUG_LOCK_ALLOC", "DEBUG_MUTEXES",
	"DEBUG_OBJECTS", "DEBUG_PAGEALLOC", "DEBUG_PREEMPT", "DEBUG_RWSEMS", "DEBUG_SPINLOCK", "DETECT_HUNG_TASK",
	"FAIL_FUNCTION", "FAIL_MAKE_REQUEST", "FAIL_PAGE_ALLOC", "FAIL_SUNRPC", "FAILSLAB",
	"FAULT_INJECTION_STACKTRACE_FILTER", "FUNCTION_PROFILER", "FUNCTION_TRACER", "GCOV_KERNEL", "KASAN", "KCSAN", "KFENCE",
	"KPROBE_EVENTS", "LOCK_STAT", "PAGE_POISONING", "PREEMPT", "PROVE_LOCKING", "PROVE_RCU", "SLUB_DEBUG_ON",
	"SOFTLOCKUP_DETECTOR", "UBSAN", "WQ_WATCHDOG",
}

func (c config) instrumentation() []string {
	var on []string
	for _, s := range instruments {
		if c.value(s) == "y" {
			on = append(on, s)
		}
	}
	slices.Sort(on)
	return on
}

// ConfigOf is the configuration of a kernel that Resolve finds. That there is none beside it is the user's error.
func ConfigOf(c *cache.Cache, name string) ([]byte, error) {
	k, err := Resolve(c, name)
	if err != nil {
		return nil, err
	}
	if k.Config == "" {
		return nil, errs.Usagef("kernel %s has no configuration beside it", name)
	}
	return os.ReadFile(k.Config)
}
