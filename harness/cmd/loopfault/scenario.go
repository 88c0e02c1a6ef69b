package main

import (
	"fmt"
	"strings"

	"loopfault/results/report/text"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/workloads/scenarios"
)

type scenarioCmd struct {
	List  scenarioListCmd  `cmd:"" help:"List the scenarios of the catalogue."`
	Show  scenarioShowCmd  `cmd:"" help:"Print a scenario's YAML."`
	Check scenarioCheckCmd `cmd:"" help:"Check scenario files; each problem is printed in one line with its file and line."`
}

type scenarioListCmd struct{}

// scenariosOutput is what scenario list --json prints.
type scenariosOutput struct {
	Scenarios []scenarioRow `json:"scenarios"`
}

type scenarioRow struct {
	Scenario string `json:"scenario"` // its name
	Groups   string `json:"groups"`   // with commas between them
	Title    string `json:"title"`
}

func (scenarioListCmd) Run(e *env) error {
	out := scenariosOutput{Scenarios: []scenarioRow{}}
	for _, name := range scenarios.Names() {
		s, _, err := scenario.Find(name)
		if err != nil {
			return err
		}
		out.Scenarios = append(out.Scenarios, scenarioRow{name, strings.Join(s.Groups, ","), s.Title})
	}
	return e.table(text.Rows(out.Scenarios), out)
}

type scenarioShowCmd struct {
	Scenario scenario.Ref `arg:"" help:"Name from the catalogue, or a YAML file."`
}

func (c scenarioShowCmd) Run(e *env) error {
	_, text, err := session.FindScenario(c.Scenario)
	if err != nil {
		return err
	}
	_, err = e.stdout.Write(text)
	return err
}

// noTarget is said of a scenario that names no kernel function.
const noTarget = "it names no target, so nothing shows that the code in question ran: a clean trial says only that nothing hung"

type scenarioCheckCmd struct {
	Scenarios []string `arg:"" name:"scenario" help:"Names from the catalogue, or YAML files."`
}

func (c scenarioCheckCmd) Run(e *env) error {
	bad := false
	for _, name := range c.Scenarios {
		s, _, err := scenario.Find(name)
		if err != nil {
			fmt.Fprintln(e.stderr, err)
			bad = true
			continue
		}
		fmt.Fprintf(e.stdout, "%s: good\n", name)
		if s.Target.Function == "" {
			fmt.Fprintf(e.stdout, "%s: %s\n", name, noTarget)
		}
	}
	if bad {
		return &outcome{exitUsage}
	}
	return nil
}
