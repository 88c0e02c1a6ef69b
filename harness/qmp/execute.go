package qmp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

// Execute runs one command by name, for what go-qemu's raw does not know or
// where a context matters. args is marshalled into "arguments" (nil for none),
// "return" is unmarshalled into result (nil to ignore it).
func (m *Monitor) Execute(ctx context.Context, command string, args, result any) error {
	line, err := json.Marshal(goqmp.Command{Execute: command, Args: args})
	if err != nil {
		return fmt.Errorf("qmp %s: arguments: %w", command, err)
	}
	raw, err := m.RunContext(ctx, line)
	if err != nil || result == nil {
		return err
	}
	answer := struct {
		Return any `json:"return"`
	}{Return: result}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("qmp %s: unexpected reply: %w", command, err)
	}
	return nil
}

// Human runs one line of the human monitor and returns what it printed. The
// human monitor reports failures as ordinary text in a successful reply; those
// that QEMU marks ("Error: …", "unknown command: …") come back as *CommandError.
func (m *Monitor) Human(ctx context.Context, line string) (string, error) {
	var out string
	args := struct {
		CommandLine string `json:"command-line"`
	}{line}
	if err := m.Execute(ctx, "human-monitor-command", args, &out); err != nil {
		return "", fmt.Errorf("%q: %w", line, err)
	}
	text := strings.TrimSpace(out)
	for _, mark := range []string{"Error: ", "unknown command: ", "invalid "} {
		if strings.HasPrefix(text, mark) {
			return "", &CommandError{Command: line, Class: "HumanMonitor", Desc: text}
		}
	}
	return out, nil
}

// HumanSilent runs one line of the human monitor that prints nothing when it
// works, such as savevm: any output at all is its failure.
func (m *Monitor) HumanSilent(ctx context.Context, line string) error {
	out, err := m.Human(ctx, line)
	if err != nil {
		return err
	}
	if text := strings.TrimSpace(out); text != "" {
		return &CommandError{Command: line, Class: "HumanMonitor", Desc: text}
	}
	return nil
}
