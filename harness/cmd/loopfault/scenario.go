package main

import (
	"fmt"

	"loopfault/results/report/text"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
)

type scenarioCmd struct {
	List  scenarioListCmd  `cmd:"" help:"List the scenarios of the catalogue."`
	Show  scenarioShowCmd  `cmd:"" help:"Print a scenario's YAML."`
	Check scenarioCheckCmd `cmd:"" help:"Check scenario files; each problem is printed in one line with its file and line."`
}

type scenarioListCmd struct{}

// scenariosOutput is what scenario list --json prints.
type scenariosOutput struct {
	Scenarios []scenario.Row `json:"scenarios"`
}

func (scenarioListCmd) Run(e *env) error {
	rows, err := scenario.Rows()
	if err != nil {
		return err
	}
	return e.table(text.Rows(rows), scenariosOutput{rows})
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
		if doubt := s.Doubt(); doubt != "" {
			fmt.Fprintf(e.stdout, "%s: %s\n", name, doubt)
		}
	}
	if bad {
		return &outcome{exitUsage}
	}
	return nil
}
