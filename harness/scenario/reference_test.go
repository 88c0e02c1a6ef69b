package scenario

import (
	"encoding"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

var update = flag.Bool("update", false, "write docs/reference/scenario.md anew")

const referenceFile = "../../docs/reference/scenario.md"

// The page says what the Go types say: its fields, their types, defaults and comments.
func TestReferenceIsUpToDate(t *testing.T) {
	r := &reference{t: t, docs: map[string]map[string]*ast.TypeSpec{}, comments: map[*ast.TypeSpec]string{}, required: required()}
	r.line("# Scenario files\n")
	r.line("<!-- Generated from the Go types by: make docs -->\n")
	r.line("A scenario is one YAML file. A field that is not listed here, or a value out of range, is an error that names its line:")
	r.line("`loopfault scenario check FILE.yaml`. Sizes are written as `64MiB`, durations as `500ms` or `1m30s`.\n")
	r.line("The column *default* says what holds for a field that is left out: nothing there means zero, empty or false. *required* marks a field")
	r.line("that must be set wherever its section is used. Some fields must be set only together with others; `loopfault scenario check` says which.\n")
	r.structure(topLevel, reflect.ValueOf(defaults()))
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		r.structure(next.title, next.value)
	}
	got := r.b.String()
	if *update {
		require.NoError(t, os.WriteFile(referenceFile, []byte(got), 0o644))
	}
	stored, err := os.ReadFile(referenceFile)
	require.NoError(t, err)
	assert.Equal(t, string(stored), got, "make docs writes it anew")
}

// reference writes the page.
type reference struct {
	t        *testing.T
	b        strings.Builder
	docs     map[string]map[string]*ast.TypeSpec // package path, type
	comments map[*ast.TypeSpec]string
	required map[string]bool // by title and name
	queue    []section
	seen     []reflect.Type
}

type section struct {
	title string
	value reflect.Value
}

func (r *reference) line(format string, args ...any) { fmt.Fprintf(&r.b, format+"\n", args...) }

// structure writes the table of one struct and puts those below it into the queue.
func (r *reference) structure(title string, v reflect.Value) {
	spec := r.spec(v.Type())
	r.line("## %s\n", title)
	if doc := r.comments[spec]; doc != "" {
		r.line("%s\n", inYAML(v.Type(), sentence(doc, v.Type().Name(), "This")))
	}
	r.line("| field | type | default | meaning |\n|---|---|---|---|")
	r.fields(title, v, spec)
	r.line("")
}

func (r *reference) fields(title string, v reflect.Value, spec *ast.TypeSpec) {
	above := "" // the last meaning: one comment may be about several fields
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Anonymous:
			r.fields(title, v.Field(i), r.spec(f.Type))
			continue
		case !f.IsExported() || name == "-" || name == "":
			continue
		}
		meaning := inYAML(v.Type(), sentence(r.comment(spec, f.Name), f.Name, "`"+name+"`"))
		if meaning == "" && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct {
			meaning, _, _ = strings.Cut(sentence(r.comments[r.spec(f.Type.Elem())], f.Type.Elem().Name(), ""), ". ")
			meaning = strings.TrimSuffix(inYAML(f.Type.Elem(), meaning), ".")
		}
		if meaning == "" && i > 0 && strings.Contains(above, "`"+name+"`") {
			meaning = "see above"
		}
		if meaning == "" {
			r.t.Errorf("%s.%s has no comment that says what it means", v.Type(), f.Name)
		}
		if meaning != "see above" {
			above = meaning
		}
		r.line("| `%s` | %s | %s | %s |", name, r.kind(title, name, f.Type, v.Field(i)), r.value(title, name, v.Field(i)), strings.ReplaceAll(meaning, "|", `\|`))
	}
}

// inYAML has a comment name the other fields of its struct as they are in the file.
func inYAML(t reflect.Type, text string) string {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			text = regexp.MustCompile("(^|[^`A-Za-z/])"+f.Name+`\b`).ReplaceAllString(text, "$1`"+name+"`")
		}
	}
	return text
}

// kind is a type in the words of YAML; structs become sections of their own.
func (r *reference) kind(title, name string, t reflect.Type, v reflect.Value) string {
	switch t {
	case reflect.TypeFor[wire.Size]():
		return "size"
	case reflect.TypeFor[wire.Duration]():
		return "duration"
	}
	if t.Kind() == reflect.Slice && reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return r.kind(title, name, t.Elem(), reflect.New(t.Elem()).Elem())
	case reflect.Slice:
		return "list of " + r.kind(title, name, t.Elem(), reflect.New(t.Elem()).Elem())
	case reflect.Map:
		if name == "variants" {
			return "mapping of a name to any of control, guest, export, mount, target, pressure, faults, workloads, run, finish"
		}
		return "mapping of a name to " + r.kind(title, name, t.Elem(), reflect.New(t.Elem()).Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Struct:
		below := t.Name()
		if !slices.Contains(r.seen, t) {
			r.seen = append(r.seen, t)
			r.queue = append(r.queue, section{below, v})
		}
		return fmt.Sprintf("[%s](#%s)", below, strings.ToLower(below))
	}
	r.t.Fatalf("%s.%s: no word for %s", title, name, t)
	return ""
}

// value is a default, for people.
func (r *reference) value(title, name string, v reflect.Value) string {
	if r.required[title+"."+name] {
		return "*required*"
	}
	if v.IsZero() || v.Kind() == reflect.Struct {
		return ""
	}
	return fmt.Sprintf("`%v`", v.Interface())
}

var oneSpace = regexp.MustCompile(`\s+`)

// sentence is a Go comment that begins with the name in the file, not with Go's.
func sentence(comment, goName, name string) string {
	comment = oneSpace.ReplaceAllString(strings.TrimSpace(comment), " ")
	if rest, ok := strings.CutPrefix(comment, goName+" "); ok {
		return strings.TrimSpace(name + " " + rest)
	}
	return comment
}

// spec finds the declaration of a type in this module's sources.
func (r *reference) spec(t reflect.Type) *ast.TypeSpec {
	if r.docs[t.PkgPath()] == nil {
		r.docs[t.PkgPath()] = r.read(path.Join("../..", strings.TrimPrefix(t.PkgPath(), "loopfault/")))
	}
	spec := r.docs[t.PkgPath()][t.Name()]
	require.NotNil(r.t, spec, "%s", t)
	return spec
}

func (r *reference) read(dir string) map[string]*ast.TypeSpec {
	found := map[string]*ast.TypeSpec{}
	files, err := os.ReadDir(dir)
	require.NoError(r.t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, f.Name()), nil, parser.ParseComments)
		require.NoError(r.t, err)
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.TYPE {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.TypeSpec)
				found[spec.Name.Name] = spec
				r.comments[spec] = group.Doc.Text()
			}
		}
	}
	return found
}

// comment is what stands above a field and behind it.
func (r *reference) comment(spec *ast.TypeSpec, field string) string {
	for _, f := range spec.Type.(*ast.StructType).Fields.List {
		for _, name := range f.Names {
			if name.Name == field {
				return f.Doc.Text() + " " + f.Comment.Text()
			}
		}
	}
	return ""
}
