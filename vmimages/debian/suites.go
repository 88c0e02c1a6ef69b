package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/command"
)

// archiveKeys signs all of Debian's suites. On a host without it, apt uses its own
// trusted keys.
const archiveKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

// The suites that are queried, by code name: names by role, such as stable-backports, move,
// and a cache before a mirror may be stale. Suites that a mirror lacks are skipped.
var (
	releases   = []string{"bullseye", "bookworm", "trixie", "forky"}
	mainSuites = append(with(releases, "", "-updates", "-backports"), "sid", "experimental")
	// Security updates have a mirror of their own.
	securitySuites = with(releases, "-security")
)

func with(releases []string, endings ...string) (suites []string) {
	for _, r := range releases {
		for _, e := range endings {
			suites = append(suites, r+e)
		}
	}
	return suites
}

// mirror is a source of some suites.
type mirror struct {
	uri      string
	security bool
}

// suite is one suite of a mirror.
type suite struct{ uri, name string }

// hostMirrors are those of the host's own apt configuration, whatever form its files
// have: the one with its release, and the one with the security updates.
func hostMirrors(ctx context.Context) (list []mirror, err error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format",
		"$(TARGET_OF)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)", "Created-By: Packages").Output()
	if err != nil {
		return nil, errs.Infraf("cannot read the host's apt sources: %w", err)
	}
	return mirrorsIn(string(out))
}

func mirrorsIn(targets string) (list []mirror, err error) {
	for row := range strings.Lines(targets) {
		f := strings.Split(strings.TrimSpace(row), "|")
		// A host that never read its lists does not know their origin.
		if len(f) != 5 || f[0] != "deb" || f[3] != "main" || f[4] != "" && f[4] != "Debian" {
			continue
		}
		m := mirror{uri: f[1], security: strings.HasSuffix(f[2], "-security")}
		if !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return nil, errs.Infraf("the host's apt configuration names no mirror of Debian, which packages could be had from")
	}
	return list, nil
}

// suites lists what is asked.
func (a *Archive) suites(ctx context.Context) (list []suite, err error) {
	mirrors := a.mirrors
	if mirrors == nil {
		if mirrors, err = hostMirrors(ctx); err != nil {
			return nil, err
		}
	}
	for _, m := range mirrors {
		names := mainSuites
		if m.security {
			names = securitySuites
		}
		for _, name := range names {
			list = append(list, suite{m.uri, name})
		}
	}
	return list, nil
}

func (s suite) line(keyring string) string {
	options := "lang=none target=Packages"
	if _, err := os.Stat(keyring); err == nil {
		options += " signed-by=" + keyring
	}
	return fmt.Sprintf("deb [%s] %s %s main\n", options, s.uri, s.name)
}

// update reads the lists of the suites, and returns by name why some could not be
// read. A suite that the mirror lacks is not reported.
func (a *Archive) update(ctx context.Context, lock *os.File, suites []suite) (missed map[string]string, err error) {
	step := a.Report.Begin("debian.lists", "reading the lists of Debian's suites", estimateLists)
	defer step.End()
	missed = map[string]string{}
	for i, s := range suites {
		stamp := a.Cache.Path(room, dirStamps, stampName(s))
		if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()) < fresh && time.Since(info.ModTime()) >= 0 {
			continue
		}
		config, err := a.configure(stampName(s), []suite{s})
		if err != nil {
			return nil, err
		}
		err = command.Command{
			Argv: []string{
				"apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "-o", "APT::Get::List-Cleanup=false",
				"update", "--allow-releaseinfo-change",
			},
			Env: environment(config), Lock: lock,
		}.Run(ctx)
		os.Remove(config)
		os.Remove(a.listPath(stampName(s)))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			if err := os.WriteFile(stamp, nil, 0o644); err != nil {
				return nil, errs.Infraf("cannot keep Debian's lists: %w", err)
			}
		case !noSuch.MatchString(errs.EvidenceOf(err)):
			missed[s.name] = complaint(errs.EvidenceOf(err))
			a.Report.Note("debian.lists", "cannot read Debian's "+s.name+": "+missed[s.name])
		}
		step.Advance(int64(i+1), int64(len(suites)))
	}
	return missed, nil
}

// estimateLists is the estimate when no list exists yet.
const estimateLists = 25 * time.Second

func stampName(s suite) string { return notInFiles.ReplaceAllString(s.uri+"_"+s.name, "_") }

var (
	notInFiles = regexp.MustCompile(`[^A-Za-z0-9.-]+`)
	noSuch     = regexp.MustCompile(`does not have a Release file|no longer has a Release file|404 +Not Found`)
	errorLine  = regexp.MustCompile(`(?m)^E: *(.*)$`)
	badKey     = regexp.MustCompile(`(?m)^.*(?:GPG error|is not signed|couldn't be verified|invalid signature|cannot be authenticated|BADSIG|NO_PUBKEY|EXPKEYSIG).*$`)
)

// complaint is what apt says went wrong, in one line: that a signature does not verify
// rather than what follows from that.
func complaint(output string) string {
	if line := badKey.FindString(output); line != "" {
		return "its signature does not verify: " + strings.TrimSpace(strings.TrimLeft(line, "EW: "))
	}
	if m := errorLine.FindStringSubmatch(output); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

func (a *Archive) configPath(name string) string { return a.Cache.Path(room, name+".conf") }
func (a *Archive) listPath(name string) string   { return a.Cache.Path(room, name+".list") }

// configure writes an apt configuration that reads some suites and knows of nothing that
// is installed. The host's own comes first, for the settings that its mirror needs;
// settings that would weaken the checks are reset.
func (a *Archive) configure(name string, suites []suite) (path string, err error) {
	keyring := a.keyring
	if keyring == "" {
		keyring = archiveKeys
	}
	var lines strings.Builder
	for _, s := range suites {
		lines.WriteString(s.line(keyring))
	}
	list := a.listPath(name)
	path = a.configPath(name)
	text := fmt.Sprintf(`Dir::Etc::SourceParts "-";
Dir::Etc::Preferences %q;
Dir::Etc::PreferencesParts %q;
Dir::Etc::SourceList %q;
Dir::State %q;
Dir::State::Lists %q;
Dir::State::Status "/dev/null";
Dir::Cache %q;
Dir::Log "/dev/null";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
`, a.Cache.Path(room, "preferences"), a.Cache.Path(room, dirNothing), list, a.Cache.Path(room), a.Cache.Path(room, dirLists), a.Cache.Path(room))
	// All suites get the same priority; by default backports and experimental have lower ones.
	preferences := "Package: *\nPin: version *\nPin-Priority: 500\n"
	for file, text := range map[string]string{list: lines.String(), path: text, a.Cache.Path(room, "preferences"): preferences} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", errs.Infraf("cannot configure apt: %w", err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return "", errs.Infraf("cannot configure apt: %w", err)
		}
	}
	return path, nil
}

// environment makes apt read a configuration on top of the host's.
func environment(config string) []string {
	return append(command.Environment(), "APT_CONFIG="+config)
}
