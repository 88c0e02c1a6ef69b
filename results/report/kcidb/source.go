package kcidb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/store"
)

type checkout struct {
	ID           string         `json:"id"`
	Origin       string         `json:"origin"`
	Commit       string         `json:"git_commit_hash,omitempty"`
	PatchsetHash string         `json:"patchset_hash"`
	Comment      string         `json:"comment"`
	Valid        bool           `json:"valid"`
	Misc         map[string]any `json:"misc"`
}

type build struct {
	CheckoutID   string         `json:"checkout_id"`
	ID           string         `json:"id"`
	Origin       string         `json:"origin"`
	Comment      string         `json:"comment"`
	Architecture string         `json:"architecture"`
	Compiler     string         `json:"compiler,omitempty"`
	Status       Status         `json:"status"`
	Misc         map[string]any `json:"misc"`
}

type issue struct {
	ID            string          `json:"id"`
	Version       int             `json:"version"`
	Origin        string          `json:"origin"`
	ReportSubject string          `json:"report_subject"`
	Culprit       map[string]bool `json:"culprit"`
	Comment       string          `json:"comment"`
	Misc          map[string]any  `json:"misc"`
}

type incident struct {
	ID           string `json:"id"`
	Origin       string `json:"origin"`
	IssueID      string `json:"issue_id"`
	IssueVersion int    `json:"issue_version"`
	TestID       string `json:"test_id"`
	Present      bool   `json:"present"`
}

// patchset is the schema's hash over the patches that went in, "" if there are none. Those that were taken out are not
// among them: misc names them.
func patchset(arm store.Arm) string {
	sum, any := sha256.New(), false
	for _, p := range arm.Patches {
		if !p.Reverse {
			any = true
			fmt.Fprintf(sum, "%s\n", p.SHA256)
		}
	}
	if !any {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// commitForm is the only way in which the schema takes the name of a commit.
var commitForm = regexp.MustCompile(`^[0-9a-f]{40}$`)

func checkoutOf(arm store.Arm) checkout {
	patches := []string{}
	for _, p := range arm.Patches {
		how := "with "
		if p.Reverse {
			how = "without "
		}
		patches = append(patches, plain.Line(how+p.Name+" "+p.SHA256))
	}
	commit := ""
	if commitForm.MatchString(arm.Commit) {
		commit = arm.Commit
	}
	return checkout{ID: origin + ":" + short(fmt.Sprint(arm.SourceHash, arm.Version, patches)), Origin: origin, Commit: commit, PatchsetHash: patchset(arm),
		Comment: "kernel " + plain.Line(arm.Version), Valid: true, Misc: map[string]any{"source_hash": plain.Line(arm.SourceHash), "patches": patches}}
}

func buildOf(arm store.Arm, checkout string) build {
	return build{CheckoutID: checkout, ID: buildID(arm), Origin: origin, Comment: plain.Line(arm.Kernel + " " + arm.Version), Architecture: "x86_64", Compiler: plain.Line(arm.Compiler), Status: Pass,
		Misc: map[string]any{"kernel_hash": plain.Line(arm.KernelHash), "config_hash": plain.Line(arm.ConfigHash), "planted_bug": arm.Control}}
}

// buildID is of the kernel's own bytes, so that runs of one kernel are of one build.
func buildID(arm store.Arm) string { return origin + ":" + short(arm.KernelHash+arm.Version) }

// add tells of a finding: an issue, and an incident for each trial that ended with it.
func (d *document) add(r model.Run, f model.Finding) {
	id := origin + ":" + short(f.Signature)
	d.Issues = append(d.Issues, issue{ID: id, Version: 1, Origin: origin, ReportSubject: plain.Line(f.Title), Culprit: map[string]bool{"code": true},
		Comment: plain.Line(f.Title), Misc: map[string]any{"signature": plain.Line(f.Signature), "faults_were_injected": plain.Line(f.Injected)}})
	for _, n := range f.Trials {
		if !r.Arm(armOf(r, n)).Control {
			d.Incidents = append(d.Incidents, incident{ID: testID(r, n) + "/" + short(f.Signature), Origin: origin, IssueID: id, IssueVersion: 1, TestID: testID(r, n), Present: true})
		}
	}
}

// armOf is the name of the arm that a trial ran on.
func armOf(r model.Run, n int) string {
	for _, t := range r.Trials {
		if t.N == n {
			return t.Arm
		}
	}
	return ""
}

// short is a name for something long.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:10])
}
