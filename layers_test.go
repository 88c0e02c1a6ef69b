// Package loopfault_test holds the layers of ARCHITECTURE.md against the imports of all packages.
package loopfault_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trees are what packages of a tree may import of this project beside their own tree. A tree that lies in another one has a
// line of its own, and the longest that fits counts.
var trees = map[string][]string{
	"errs":           {},
	".":              {}, // the licence texts
	"workloads/wire": {},
	"results":        {"errs"},
	"vmimages":       {"errs", "workloads/wire"},
	"faults":         {"errs", "workloads/wire"},
	"workloads":      {"errs", "workloads/wire"},
	"harness":        {"errs", "workloads", "results", "vmimages", "faults"},
}

// harness are its packages from the bottom up: each may import those of lines above its own, and none of its own line.
var harness = [][]string{
	{"timeouts", "qmp", "gdb", "ssh", "control", "plan", "ui", "kills", "vmcore", "coverage", "grammar"},
	{"guest", "scenario", "collect", "merge", "bundle"},
	{"accel", "trial"},
	{"campaign"},
	{"session"},
	{"matrix", "bisect", "try", "explore", "reproduce", "controls", "fleet", "doctor"},
	{"cells"},
	{"nightly", "hunt"},
	{"cmd"},
}

const module = "loopfault/"

func TestDependenciesRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range projectImports(t) {
		from := filepath.ToSlash(filepath.Dir(file))
		tree := treeOf(from)
		require.NotEmpty(t, tree, "%s: a new tree needs a line in this test and in ARCHITECTURE.md", from)
		seen[tree] = true
		for _, to := range imports {
			assert.True(t, mayImport(tree, to), "%s imports %s: %s may import only its own and %v", file, to, tree, trees[tree])
			if tree == "harness" && treeOf(to) == "harness" && roomOf(from) != roomOf(to) {
				assert.Greater(t, rank(t, from), rank(t, to), "%s imports %s, which is not below it", file, to)
			}
		}
	}
	for tree := range trees {
		assert.True(t, seen[tree], "there is no %s any more", tree)
	}
}

func TestLayersAreHeld(t *testing.T) {
	for _, c := range []struct {
		tree, to string
		want     bool
	}{
		{"results", "results/verdict", true}, {"results", "harness/guest", false}, {"results", "workloads/wire", false},
		{"workloads", "results/kernelreport", false}, {"workloads", "results/store", false}, {"workloads", "harness/qmp", false},
		{"errs", "results", false}, {"faults", "vmimages/kernel", false}, {"harness", "vmimages/kernel", true},
	} {
		assert.Equal(t, c.want, mayImport(c.tree, c.to), "%s imports %s", c.tree, c.to)
	}
	assert.Greater(t, rank(t, "harness/trial"), rank(t, "harness/guest"))
	assert.Equal(t, "workloads/wire", treeOf("workloads/wire"))
	assert.Equal(t, "workloads", treeOf("workloads/agent"))
}

// projectImports are the imports of this project in each file that is no test. What only tests use, as guesttest, is not
// looked at.
func projectImports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || e.Name() == "guesttest" || e.Name() == "faulttest" || path != "." && e.Name()[0] == '.'):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if to, ours := strings.CutPrefix(name, module); ours {
				all[path] = append(all[path], to)
			} else if all[path] == nil {
				all[path] = []string{}
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(all), 300, "files that were looked at")
	return all
}

func mayImport(tree, to string) bool {
	for _, allowed := range append([]string{tree}, trees[tree]...) {
		if to == allowed || strings.HasPrefix(to, allowed+"/") {
			return true
		}
	}
	return false
}

// treeOf is the longest line of trees that a package lies in.
func treeOf(pkg string) (tree string) {
	for t := range trees {
		if (pkg == t || strings.HasPrefix(pkg, t+"/")) && len(t) > len(tree) {
			tree = t
		}
	}
	return tree
}

func roomOf(pkg string) string { return strings.Split(pkg, "/")[1] }

func rank(t *testing.T, pkg string) int {
	t.Helper()
	for i, line := range harness {
		for _, name := range line {
			if name == roomOf(pkg) {
				return i
			}
		}
	}
	require.Fail(t, "no layer", "%s has no line in this test", pkg)
	return 0
}
