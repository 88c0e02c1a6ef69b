package trial

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"loopfault/results/evidence"
)

type entry = evidence.Entry

// history appends to history.jsonl as things happen, so that a killed harness
// leaves a complete record.
type history struct {
	mu  sync.Mutex
	f   *os.File
	now func() float64 // guest uptime, once it is known
	err error          // the first failure to write; the trial is void then
	// room is how many bytes more what the guest sends may take.
	room int
}

// historyRoom bounds what a guest may have written, in bytes: its watch looks once a second, but a guest may send as fast
// as it likes.
const historyRoom = 64 << 20

// sent reports whether entries of a type are the guest's own messages, one entry each.
func sent(kind string) bool { return kind == evidence.Workload || kind == evidence.Blocked }

func newHistory(path string) (*history, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &history{f: f, now: func() float64 { return 0 }, room: historyRoom}, nil
}

func (h *history) add(e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.T == 0 {
		e.T = h.now()
	}
	line, err := json.Marshal(e)
	if sent(e.Type) {
		if h.room < 0 {
			return
		}
		if h.room -= len(line) + 1; h.room < 0 { // once
			line, err = json.Marshal(entry{T: e.T, Type: "guest", What: "history full", Detail: fmt.Sprintf(
				"the guest sent more than %d MiB; what it sent after that was left out here", historyRoom>>20)})
		}
	}
	if err == nil {
		_, err = h.f.Write(append(line, '\n'))
	}
	if h.err == nil {
		h.err = err
	}
}

// clock is the guest's uptime now.
func (h *history) clock() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now()
}

// setClock says from when on the guest's uptime is known.
func (h *history) setClock(now func() float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

func (h *history) close() error {
	if err := h.f.Close(); h.err == nil {
		h.err = err
	}
	return h.err
}
