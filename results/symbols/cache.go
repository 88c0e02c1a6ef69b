package symbols

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// answer is the result of one query for places.
type answer struct {
	Places []Place `json:"places,omitempty"`
	Error  string  `json:"error,omitempty"`
	Other  bool    `json:"other,omitempty"` // the error is ErrOtherBuild
}

// cacheFormat changes with the meaning of what is kept.
const cacheFormat = 1

// kept is a file of answers, named by the kernel's build id.
type kept struct {
	Format  int               `json:"format"`
	Answers map[string]answer `json:"answers"` // by "f+0x1/0x2", or "f+0x1/0x2 pc" for a program counter
}

// memory holds the answers of one kernel.
type memory struct {
	path  string // empty: nothing is kept
	kept  kept
	fresh bool // there are answers that the file lacks
}

// recall reads the answers for a build id out of dir. An unusable file counts as missing.
func recall(dir, buildID string) *memory {
	m := &memory{kept: kept{Format: cacheFormat, Answers: map[string]answer{}}}
	if dir == "" || buildID == "" {
		return m
	}
	m.path = filepath.Join(dir, buildID+".json")
	var k kept
	if text, err := os.ReadFile(m.path); err == nil && json.Unmarshal(text, &k) == nil && k.Format == cacheFormat && k.Answers != nil {
		m.kept = k
	}
	return m
}

// save writes the file, if there is something new to keep.
func (m *memory) save() error {
	if m.path == "" || !m.fresh {
		return nil
	}
	text, err := json.Marshal(m.kept)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o755); err != nil {
		return err
	}
	m.fresh = false
	return renameio.WriteFile(m.path, text, 0o644)
}
