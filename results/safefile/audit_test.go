package safefile_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unsafe are functions that follow symbolic links, wait for named pipes, or read without a bound.
var unsafe = map[string][]string{
	"os":                            {"Open", "OpenFile", "ReadFile", "Create", "WriteFile", "ReadDir", "Stat", "Lstat", "Readlink", "DirFS", "CopyFS", "Truncate", "Rename", "Remove", "RemoveAll", "Symlink", "Link"},
	"path/filepath":                 {"Glob", "Walk", "WalkDir", "EvalSymlinks"},
	"github.com/google/renameio/v2": {"WriteFile", "TempFile", "NewPendingFile", "Symlink"},
	"io/ioutil":                     {"ReadFile", "WriteFile", "ReadDir"},
}

// allowed are the places where that is right, and why.
var allowed = map[string]string{
	"results/safefile/safefile.go":      "it is what the others go through",
	"results/store/store.go Open":       "removes the file that it made to see whether it can",
	"results/store/store.go Find":       "asks only whether there is a directory",
	"results/store/store.go Create":     "the link named latest is replaced, not followed",
	"results/store/open.go find":        "follows the link named latest to say where it leads, and refuses what lies elsewhere",
	"results/store/open.go syncPath":    "opens to sync, and reads nothing",
	"results/store/open.go syncTree":    "passes over all but directories and regular files, and follows nothing",
	"results/store/stage.go Publish":    "the link named latest is replaced, not followed",
	"results/store/record.go NewRecord": "makes a new file, or none: O_EXCL follows no link",
	"results/index/index.go Open":       "looks at the index before SQLite does, which follows links",
	"results/symbols/cache.go":          "below the cache, which is the user's own",

	"harness/fleet/files.go bring":            "into the directory of a fleet that it makes now",
	"harness/merge/fakeshards/":               "in directories that it has just made",
	"harness/cells/standin/":                  "in results directories that tests have just made, or in /proc",
	"harness/trial/":                          "in a directory that the store has just made and emptied, or in /proc",
	"harness/campaign/manifest.go firstField": "reads /proc",
	"harness/cmd/loopfault/explain.go":        "writes where the user says",
	"harness/session/explain.go Explain":      "asks whether what the user names is there",
	"harness/fleet/asked.go Make":             "removes the bundle that it has just made",
	"harness/bundle/file.go":                  "asks what it is that the user names, writes where the user says, and removes the bundle that it has just made",
	"harness/bundle/pack.go open":             "kernels and image of the cache, and the program itself",
	"harness/bundle/open.go openFile":         "removes below the cache, which is the user's own",
	"results/textinput/tree.go TreeOf":        "asks whether a log that the user names is a directory",
	"harness/cmd/loopfault/report.go":         "writes where the user says",
	"harness/try/asked.go Output":             "writes where the user says",
	"harness/cmd/loopfault-bench/":            "in directories that it has just made, and where the user says",
	"harness/session/machine.go AgentPath":    "asks whether there is a program where the user says",
	"harness/session/machine.go agentOf":      "asks whether there is a program of this installation",
	"harness/nightly/kernels.go imageKernels": "kernel images that the user's suite names",
	"results/textinput/open.go openInput":     "what the shell has opened for us",
}

// Whoever has to do with stored runs goes through this package: files below a results directory may have been laid out by
// somebody else.
func TestNobodyReadsResultsAnotherWay(t *testing.T) {
	const root = "../.."
	used := map[string]bool{}
	fset := token.NewFileSet()
	checked := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if name := e.Name(); name == "testdata" || name == "fakerun" || strings.HasPrefix(name, ".") && path != root {
			return fs.SkipDir
		}
		files, err := sources(fset, path)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(dir, "results") && !slices.ContainsFunc(files, importsStore) {
			return nil
		}
		for _, f := range files {
			checked++
			name := filepath.ToSlash(filepath.Join(dir, filepath.Base(fset.File(f.Pos()).Name())))
			for _, call := range calls(f) {
				if !permit(used, name, call.in) {
					t.Errorf("%s: %s calls %s: go through results/safefile, or say in the list of this test why not",
						fset.Position(call.at), call.in, call.what)
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, checked, 100, "files that were looked at")
	for place := range allowed {
		if !used[place] {
			t.Errorf("nothing at %s needs to be allowed any more", place)
		}
	}
}

// permit looks for the place in the list: a function, its file, or its directory.
func permit(used map[string]bool, file, function string) bool {
	for _, place := range []string{file + " " + function, file, file[:strings.LastIndexByte(file, '/')+1]} {
		if _, ok := allowed[place]; ok {
			used[place] = true
			return true
		}
	}
	return false
}

func sources(fset *token.FileSet, dir string) (files []*ast.File, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func importsStore(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"loopfault/results/store"` })
}

type call struct {
	in, what string
	at       token.Pos
}

// calls are uses of functions that are not safe, whatever their package is called in the file.
func calls(f *ast.File) (list []call) {
	names := map[string][]string{}
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if functions := unsafe[path]; functions != nil {
			name := strings.TrimSuffix(path, "/v2")
			name = name[strings.LastIndexByte(name, '/')+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			names[name] = functions
		}
	}
	for _, d := range f.Decls {
		in := "a variable"
		if fn, ok := d.(*ast.FuncDecl); ok {
			in = fn.Name.Name
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(names[x.Name], sel.Sel.Name) {
					list = append(list, call{in, x.Name + "." + sel.Sel.Name, sel.Pos()})
				}
			}
			return true
		})
	}
	return list
}
