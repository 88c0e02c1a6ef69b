package nightly_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/harness/nightly"
)

// FuzzSuite: a suite that is read asks for something, and no more than its own nights are ever removed by its name.
func FuzzSuite(f *testing.F) {
	for _, text := range []string{
		"name: test\nbudget: 1h\ntrials: 4\nkernels: [{name: a}, {git: /src, branches: [master]}, {images: /boot}, {debian: '6.12'}]\nscenarios: [server-restart]\n" +
			"keep: {nights: 3, free: 4G}\nknown: [{scenario: 'pnfs-*', kernel: a, from: '6.1', to: '7.0', reason: r, until: 2027-01-31}]\n",
		"name: ../x\nbudget: 1h\n", "name: a\nbudget: &a [*a]\n", "a: &a {b: *a}\n", "", "- 1\n", "name: x\nbudget: 9999999999h\nkernels: [{}]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := nightly.Parse("suite.yaml", text)
		if err != nil {
			return
		}
		require.Equal(t, s.Name, filepath.Base(s.Name))
		require.Positive(t, s.Trials)
		require.NotEmpty(t, s.Kernels)
		_, _ = s.Request(kernels, 1)
	})
}

// FuzzNight: a night that is read is told of in every form, and compared with those before it.
func FuzzNight(f *testing.F) {
	dir := f.TempDir()
	s, err := nightly.Parse("suite.yaml", []byte("name: test\nbudget: 1h\nkernels: [{name: a}]\nscenarios: [server-restart]\n"))
	require.NoError(f, err)
	n, err := nightly.Begin(dir, s, kernels, 1, time.Unix(1, 0))
	require.NoError(f, err)
	path := filepath.Join(dir, n.Name())
	good, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte(`"state": "waiting"`), []byte(`"state": "done", "row": {"run": "20260102-030405-x", "trials": 3, "verdicts": {"hang": 1}}`)))
	f.Add([]byte(`{"format":1,"cells":[{"state":"done"}],"findings":[{}],"kernels":[{}]}`))
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text []byte) {
		require.NoError(t, os.WriteFile(path, text, 0o644))
		nights, err := nightly.Nights(dir, s.Name)
		if err != nil || len(nights) == 0 {
			return
		}
		n := nights[0]
		nightly.Compare(n, past, s.Known, time.Unix(2, 0))
		nightly.Judge(n)
		n.Fprint(io.Discard)
		require.NoError(t, n.KTAP(io.Discard))
		var out bytes.Buffer
		require.NoError(t, n.JUnit(&out))
		for d := xml.NewDecoder(&out); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		_, err = json.Marshal(n)
		require.NoError(t, err)
	})
}
