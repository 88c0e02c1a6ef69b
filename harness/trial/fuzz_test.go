package trial

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/harness/control"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// FuzzGuest: whatever a guest sends over its watch, prints and records, there is a verdict that can be stored.
func FuzzGuest(f *testing.F) {
	sample, err := json.Marshal(oneSleeper(190, 0.002))
	require.NoError(f, err)
	f.Add(append(append(sample, '\n'), sample...), []byte("[  112.000000] INFO: task umount:7 blocked for more than 10 seconds.\n"),
		`{"kind":"data_corruption","what":"a write is lost","worker":"state/1"}`)
	f.Add([]byte(`{"uptime":1,"ops":[1,2,3]}`+"\n"+`{"uptime":2,"ops":[1]}`+"\n"+`{"uptime":-1e300,"spin":1e300,"ops":null}`+"\n"), []byte{}, `{"n":-1,"errno":"x"}`)
	f.Add([]byte(`{"uptime":100,"ops":[5,5],"spin":0.001}`+"\n"+`{"uptime":200,"ops":[5,5],"spin":0}`+"\n"+`{"uptime":300,"ops":[5,5,9223372036854775807],"spin":-1}`+"\n"), []byte("\x00\n"), "")
	f.Fuzz(func(t *testing.T, watch, console []byte, records string) {
		if bytes.Count(watch, []byte("\n")) > 1000 {
			return // a history as long as a trial's says no more
		}
		e, h, b := open(t)
		defer h.close()
		tr := &trial{detectors: *e, console: printing(console)}
		for s := range control.Watch(bytes.NewReader(watch)) {
			tr.detectors.sample(s, h, b)
			tr.detectors.readConsole(tr.console)
			tr.detectors.settled(s.Uptime, b)
			tr.detectors.suspicious(b)
		}
		tr.detectors.readConsole(tr.console)
		tr.detectors.findings, _ = findings(records)
		table, _ := nthTable(records)
		o := verdict.Observations{Operations: 1, Reports: tr.detectors.reports()}
		for _, v := range []any{verdict.Decide(o), o, table} {
			_, err := json.Marshal(v)
			require.NoError(t, err)
		}
	})
}

// FuzzSample: a line of the watch that is read is written as one that reads the same.
func FuzzSample(f *testing.F) {
	f.Add([]byte(`{"uptime":1.5,"ops":[1,2,3],"blocked":[{"pid":1,"comm":"x","stack":"[<0>] f+0x1/0x2"}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var s, again wire.Sample
		if json.Unmarshal(line, &s) != nil {
			return
		}
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &again))
	})
}
