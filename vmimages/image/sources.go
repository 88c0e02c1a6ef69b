package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/packages"
)

// archiveKeys signs Debian's archives; mmdebstrap cannot see what keys the host's
// apt trusts besides.
const archiveKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

// hostSources returns deb lines for a release from the host's own apt
// configuration, whatever form its files have. Empty means that the host has
// none, and mmdebstrap's default applies.
func hostSources(ctx context.Context, release string) (string, error) {
	apt, err := packages.Find("apt-get")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, apt, "indextargets", "--format",
		"$(TARGET_OF)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)", "Created-By: Packages").Output()
	if err != nil {
		return "", errs.Infraf("cannot read the host's apt sources: %w", err)
	}
	return debLines(out, release), nil
}

// debLines keeps what makes up a plain Debian release, in a fixed order. For a
// release that the host has no sources for, they use the mirror of the host's own
// release: mirrors carry all releases.
func debLines(targets []byte, release string) string {
	var own, others []string
	for row := range bytes.Lines(targets) {
		f := strings.Split(strings.TrimSpace(string(row)), "|")
		if len(f) != 5 || f[0] != "deb" || f[3] != "main" || f[4] != "" && f[4] != "Debian" {
			continue
		}
		of, part, _ := strings.Cut(f[2], "-")
		if part != "" && part != "updates" && part != "security" {
			continue // backports and the like
		}
		if of == release {
			own = append(own, debLine(f[1], f[2]))
		} else if f[4] == "Debian" && (part == "" || release != sid) {
			others = append(others, debLine(f[1], strings.Replace(f[2], of, release, 1)))
		}
	}
	if len(own) == 0 {
		own = others
	}
	slices.Sort(own)
	return strings.Join(slices.Compact(own), "")
}

func debLine(uri, suite string) string {
	options := ""
	if _, err := os.Stat(archiveKeys); err == nil {
		options = "[signed-by=" + archiveKeys + "] "
	}
	return fmt.Sprintf("deb %s%s %s main\n", options, uri, suite)
}

// hostAptOptions returns the host's apt settings that decide whether its sources
// can be reached at all (proxies, retries, outdated snapshots), in apt.conf form.
func hostAptOptions(ctx context.Context) (string, error) {
	tool, err := packages.Find("apt-config")
	if err != nil {
		return "", nil // not a Debian host: nothing to take over
	}
	out, err := exec.CommandContext(ctx, tool, "dump", "--no-empty", "--format", `%f "%v";%n`).Output()
	if err != nil {
		return "", errs.Infraf("cannot read the host's apt configuration: %w", err)
	}
	return keepReachability(string(out)), nil
}

func keepReachability(dump string) string {
	wanted := []string{
		"Acquire::http::", "Acquire::https::", "Acquire::Retries", "Acquire::Check-Valid-Until",
		"Acquire::ForceIPv4", "Acquire::ForceIPv6", "Acquire::GzipIndexes",
	}
	var out strings.Builder
	for line := range strings.Lines(dump) {
		for _, w := range wanted {
			if strings.HasPrefix(strings.ToLower(line), strings.ToLower(w)) {
				out.WriteString(line)
				break
			}
		}
	}
	return out.String()
}
