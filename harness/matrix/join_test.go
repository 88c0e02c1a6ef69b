package matrix_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// shardRan makes the results directory of a shard that has run, with a run for each cell. Runs of all shards began in
// the same second.
func shardRan(t *testing.T, number, of int) (dir string, rec *matrix.Record) {
	t.Helper()
	dir = t.TempDir()
	r := request()
	r.Kernels = []string{"stock"}
	r.Shard = store.Shard{Number: number, Of: of}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rec, err := matrix.NewRecord(dir, r, at.Add(time.Duration(number)*time.Minute))
	require.NoError(t, err)
	st, err := store.Open(dir)
	require.NoError(t, err)
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if c.State != matrix.Waiting {
			continue
		}
		run, err := st.Create(store.Manifest{Started: at, Name: c.Name, Terms: store.Terms{Seed: uint64(i)}, Host: store.Host{Name: fmt.Sprint("host", number)}}, store.File{Name: "scenario.yaml", Text: []byte(c.Ref.String())})
		require.NoError(t, err)
		row := matrix.RowOf(run.Name, summary.Summary{Trusted: true, Arms: []summary.Arm{{Name: "stock", Trials: 2, Verdicts: map[verdict.Kind]int{"clean": 2}}}})
		c.State, c.Row = matrix.Done, &row
	}
	require.NoError(t, rec.Save())
	return dir, rec
}

// Shards of a matrix become one, whose rows name runs beside it, though runs of different shards had one name.
func TestJoinedMatrixHasAllCells(t *testing.T) {
	a, _ := shardRan(t, 1, 2)
	b, _ := shardRan(t, 2, 2)
	above := t.TempDir()
	require.NoError(t, os.Rename(b, filepath.Join(above, "deep")))
	results := filepath.Join(t.TempDir(), "joined")
	rec, err := matrix.Join(t.Context(), []string{above, a}, results)
	require.NoError(t, err)
	assert.Zero(t, rec.Waiting())
	assert.Zero(t, rec.Request.Shard)
	seen := map[store.RunName]bool{}
	for i, c := range rec.Cells {
		if c.State == matrix.NotApplicable {
			continue
		}
		require.Equal(t, matrix.Done, c.State)
		assert.False(t, seen[c.Row.Run], "a name for each run: %s", c.Row.Run)
		seen[c.Row.Run] = true
		st, err := store.Find(results)
		require.NoError(t, err)
		run, err := st.Load(string(c.Row.Run))
		require.NoError(t, err)
		assert.Equal(t, uint64(i), run.Manifest.Seed, "the run is the cell's")
		assert.Equal(t, string(c.Row.Run), run.Manifest.Run)
		text, err := os.ReadFile(filepath.Join(run.Dir, "scenario.yaml"))
		require.NoError(t, err)
		assert.Equal(t, c.Ref.String(), string(text))
	}
	assert.Contains(t, fmt.Sprint(seen), "open-evict.2:", "two shards had runs of one name")
	var text strings.Builder
	rec.Fprint(&text)
	assert.NotContains(t, text.String(), "not yet")
	assert.NotContains(t, text.String(), "shard")

	again, err := matrix.Join(t.Context(), []string{a, above}, results)
	require.NoError(t, err)
	assert.Equal(t, rec.Cells, again.Cells, "no run is copied twice")
	read, err := matrix.OpenRecord(results, again.Name())
	require.NoError(t, err)
	assert.Equal(t, again.Cells, read.Cells)
}

// Of a shard that is missing the cells are waiting, and can be run later.
func TestJoinedMatrixSaysWhatIsMissing(t *testing.T) {
	a, rec := shardRan(t, 1, 3)
	results := t.TempDir()
	joined, err := matrix.Join(t.Context(), []string{a}, results)
	require.NoError(t, err)
	elsewhere := 0
	for i, c := range rec.Cells {
		if c.State == matrix.OtherShard {
			elsewhere++
			assert.Equal(t, matrix.Waiting, joined.Cells[i].State)
		}
	}
	assert.NotZero(t, elsewhere)
	assert.Equal(t, elsewhere, joined.Waiting())
}

func TestWhatIsNoShardOfAMatrix(t *testing.T) {
	none, err := matrix.Join(t.Context(), []string{t.TempDir(), "/dev/null"}, "/nonexistent")
	require.NoError(t, err)
	assert.Nil(t, none)

	a, _ := shardRan(t, 1, 2)
	b, rec := shardRan(t, 2, 2)
	change := func(do func(map[string]any)) {
		text, err := os.ReadFile(filepath.Join(b, rec.Name()))
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		do(m)
		text, err = json.Marshal(m)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(b, rec.Name()), text, 0o644))
	}
	cells := func(m map[string]any) []any { return m["cells"].([]any) }
	own := -1
	for i, c := range rec.Cells {
		if c.State == matrix.Done {
			own = i
		}
	}
	require.GreaterOrEqual(t, own, 0)
	good, err := os.ReadFile(filepath.Join(b, rec.Name()))
	require.NoError(t, err)
	for want, do := range map[string]func(map[string]any){
		"is no shard of the matrix that": func(m map[string]any) { m["request"].(map[string]any)["seed"] = 9 },
		"its cell 1 is lease-loss":       func(m map[string]any) { cells(m)[0].(map[string]any)["kernel"] = "evil" },
		"is not the name of a run": func(m map[string]any) {
			cells(m)[own].(map[string]any)["row"].(map[string]any)["run"] = "../../etc"
		},
		"a cell that is done has a result": func(m map[string]any) { delete(cells(m)[own].(map[string]any), "row") },
		"no such file or directory": func(m map[string]any) {
			cells(m)[own].(map[string]any)["row"].(map[string]any)["run"] = "20260102-030405-gone"
		},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(b, rec.Name()), good, 0o644))
		change(do)
		_, err := matrix.Join(t.Context(), []string{a, b}, t.TempDir())
		require.ErrorContains(t, err, want)
	}
	// A link in a run that is copied is not followed.
	require.NoError(t, os.WriteFile(filepath.Join(b, rec.Name()), good, 0o644))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(b, string(rec.Cells[own].Row.Run), "passwd")))
	results := t.TempDir()
	_, err = matrix.Join(t.Context(), []string{a, b}, results)
	require.ErrorContains(t, err, "neither a regular file nor a directory: not followed")
	left, err := filepath.Glob(filepath.Join(results, ".bringing-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
