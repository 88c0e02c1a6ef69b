package scenario

import (
	"strings"

	"loopfault/workloads/scenarios"
)

// Row is a scenario of the catalogue for people, and as scenario list --json prints it.
type Row struct {
	Scenario string `json:"scenario"` // its name
	Groups   string `json:"groups"`   // with commas between them
	Title    string `json:"title"`
}

// Rows are the scenarios of the catalogue.
func Rows() ([]Row, error) {
	rows := []Row{}
	for _, name := range scenarios.Names() {
		s, _, err := Find(name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, Row{name, strings.Join(s.Groups, ","), s.Title})
	}
	return rows, nil
}

// Doubt says why a clean trial of the scenario tells little: it names no kernel function. It is "" of one that does.
func (s Scenario) Doubt() string {
	if s.Target.Function != "" {
		return ""
	}
	return "it names no target, so nothing shows that the code in question ran: a clean trial says only that nothing hung"
}
