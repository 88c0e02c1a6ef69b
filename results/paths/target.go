package paths

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Target is the kernel function that a scenario is about, and the way to it. In YAML
// and JSON it is the function's name alone, or a mapping of these fields.
type Target struct {
	// Function is what is counted; of several names with | between them the first that a kernel has. A trial in
	// which it is never called is inconclusive.
	Function string `json:"function" yaml:"function"`
	// Below are functions that have to stand below it on the stack, those that called
	// first, others in between allowed. Only such calls count as exercised, and only
	// faults in them as landed. None: any call does.
	Below []string `json:"below,omitempty" yaml:"below"`
	// Paths tells its calls apart, for tables; without them each direct caller is one.
	Paths []Path `json:"paths,omitempty" yaml:"paths"`
}

// plainTarget is a Target without methods of its own.
type plainTarget Target

// UnmarshalYAML reads a name or a mapping.
func (t *Target) UnmarshalYAML(node *yaml.Node) error {
	*t = Target{}
	if node.Kind == yaml.ScalarNode {
		t.Function = node.Value
		return nil
	}
	return node.Load((*plainTarget)(t), yaml.WithKnownFields())
}

// MarshalJSON writes what has only a name as the name, as stored runs have it.
func (t Target) MarshalJSON() ([]byte, error) {
	if len(t.Below)+len(t.Paths) == 0 {
		return json.Marshal(t.Function)
	}
	return json.Marshal(plainTarget(t))
}

// UnmarshalJSON reads either.
func (t *Target) UnmarshalJSON(text []byte) error {
	*t = Target{}
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, &t.Function)
	}
	return json.Unmarshal(text, (*plainTarget)(t))
}

// String is the function and what stands below it: "f < g < h".
func (t Target) String() string {
	return strings.Join(append([]string{t.Function}, t.Below...), " < ")
}
