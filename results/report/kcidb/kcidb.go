// Package kcidb writes a run as a report for KernelCI's database, by version 5 of its schema. It is a pure function of
// the model, and submits nothing.
package kcidb

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"time"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/store"
)

// origin names us in all ids.
const origin = "loopfault"

// The objects are as the schema has them; what is not known is left out.
type document struct {
	Version   version    `json:"version"`
	Checkouts []checkout `json:"checkouts"`
	Builds    []build    `json:"builds"`
	Tests     []test     `json:"tests"`
	Issues    []issue    `json:"issues"`
	Incidents []incident `json:"incidents"`
}

type version struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

type test struct {
	BuildID     string         `json:"build_id"`
	ID          string         `json:"id"`
	Origin      string         `json:"origin"`
	Environment environment    `json:"environment"`
	Path        string         `json:"path"`
	Comment     string         `json:"comment"`
	LogExcerpt  string         `json:"log_excerpt,omitempty"`
	Status      Status         `json:"status"`
	StartTime   string         `json:"start_time,omitempty"`
	Duration    float64        `json:"duration"`
	Misc        map[string]any `json:"misc"`
}

type environment struct {
	Comment string `json:"comment"`
}

// Write writes the run.
func Write(w io.Writer, r model.Run) error {
	d := document{Version: version{5, 0}, Checkouts: []checkout{}, Builds: []build{}, Tests: []test{}, Issues: []issue{}, Incidents: []incident{}}
	seen := map[string]bool{}
	for _, a := range r.Manifest.Arms {
		c := checkoutOf(a)
		if !seen[c.ID] {
			seen[c.ID] = true
			d.Checkouts = append(d.Checkouts, c)
		}
		if b := buildOf(a, c.ID); !seen[b.ID] {
			seen[b.ID] = true
			d.Builds = append(d.Builds, b)
		}
	}
	for _, t := range r.Trials {
		d.Tests = append(d.Tests, testOf(r, t))
	}
	for _, f := range r.Findings {
		if !f.Wanted {
			d.add(r, f)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

func testOf(r model.Run, t store.Trial) test {
	status, why := statusOf(r, t)
	arm := r.Arm(t.Arm)
	c := test{
		BuildID: buildID(arm), ID: testID(r, t.N), Origin: origin, Path: "loopfault." + pathForm.ReplaceAllString(r.Summary.Scenario, "_"),
		Environment: environment{fmt.Sprintf("QEMU guest (%s), NFS server and client in one kernel", plain.Line(r.Manifest.QEMU.Accel))},
		Comment:     plain.Line(comment(t, why)), LogExcerpt: excerpt(r, t), Status: status, Duration: t.Seconds,
		Misc: map[string]any{"arm": plain.Line(t.Arm), "control": arm.Control, "seed": t.Seed, "exercised": t.Exercised, "faults_landed": t.Landed,
			"verdict": t.Verdict.Kind, "run": r.Name, "trial": t.N, "faults_injected": t.Faults > 0},
	}
	if !t.Started.IsZero() {
		c.StartTime = t.Started.UTC().Format(time.RFC3339)
	}
	return c
}

func comment(t store.Trial, why string) string {
	s := string(t.Verdict.Kind)
	if why != "" {
		s += ": " + why
	}
	return s
}

func testID(r model.Run, n int) string { return fmt.Sprintf("%s:%s/%d", origin, plain.Line(r.Name), n) }

// pathForm is what a test's path may not have.
var pathForm = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// mostExcerpt is the most characters of an excerpt that the schema allows.
const mostExcerpt = 16384

// excerpt is what the kernel said of a trial, under the line that says what was done to it: the stack with the first
// trial of a signature, the explanation with all of them.
func excerpt(r model.Run, t store.Trial) string {
	f, first := r.Finding(t)
	if f == nil {
		return ""
	}
	text := model.Injected(r.Arm(t.Arm), t) + "\n" + t.Title + "\n"
	if t.Explanation != "" {
		text += t.Explanation + "\n"
	}
	if first && f.Stack != nil {
		text += "\n" + f.Stack.Text()
	}
	if first && f.Console != "" {
		text += "\n" + f.Console
	}
	letters := []rune(plain.Text(text, 0))
	return string(letters[:min(len(letters), mostExcerpt)])
}
