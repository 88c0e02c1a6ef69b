package main

import (
	"encoding"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/bisect"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/collect"
	"loopfault/harness/doctor"
	"loopfault/harness/explore"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/matrix"
	"loopfault/harness/merge"
	"loopfault/harness/nightly"
	"loopfault/harness/reproduce"
	"loopfault/harness/session"
	"loopfault/harness/try"
	"loopfault/results/coverage"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/summary"
	"loopfault/results/waitfor"
)

// parsed is what parse --json prints. The program writes it report by report, however long the log is.
type parsed struct {
	Reports []parsedReport `json:"reports"`
}

type parsedReport struct {
	File string `json:"file,omitempty"` // in a directory or an archive
	kernelreport.Report
}

// outputs are the types of what --json prints, by command; the second one, if any, with --dry-run. Commands without
// have none. docs/reference/schema is made from them.
var outputs = map[string][]any{
	"run": {summary.Output{}, bundle.Repeated{}, campaign.Preview{}}, "compare": {summary.Output{}, campaign.Preview{}}, "resume": {summary.Output{}, hunt.Found{}}, "replay": {summary.Output{}},
	"explore": {explore.Found{}}, "hunt": {hunt.Found{}}, "reproduce": {reproduce.Found{}}, "try": {try.Output{}}, "bisect": {bisect.Output{}, bisect.Planned{}},
	"nightly": {nightly.Output{}, nightly.Planned{}, nightly.None{}}, "matrix": {matrix.Record{}},
	"explain": {waitfor.Explanation{}}, "parse": {parsed{}}, "match": {match.Answer{}},
	"bundle": {bundle.Packed{}}, "merge": {merge.Output{}, matrix.Record{}}, "collect": {collect.Kept{}},
	"fleet submit": {fleet.Status{}}, "fleet status": {fleet.Status{}}, "fleet cancel": {fleet.Status{}},
	"report": {summary.Summary{}}, "list": {runsOutput{}}, "coverage": {coverage.Report{}},
	"kernel list": {kernelsOutput{}}, "kernel calls": {session.Calls{}}, "image list": {imagesOutput{}}, "scenario list": {scenariosOutput{}},
	"doctor": {doctor.Report{}},

	"fleet shard": nil, "shell": nil, "prepare": nil, "kernel build": nil, "kernel fetch": nil, "kernel add": nil, "kernel config": nil, "kernel remove": nil,
	"image build": nil, "scenario show": nil, "scenario check": nil, "serve": nil, "man": nil, "completion": nil, "version": nil,
}

const schemaDir = "../../../docs/reference/schema"

// comments are those of all types, for the descriptions of their fields.
var comments = sync.OnceValues(func() (map[string]string, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var r jsonschema.Reflector
	for _, dir := range []string{"harness", "results", "vmimages"} {
		if err := r.AddGoComments("", filepath.Join(here, "../../..", dir), jsonschema.WithFullComment()); err != nil {
			return nil, err
		}
	}
	found := map[string]string{}
	for name, text := range r.CommentMap {
		found["loopfault"+strings.TrimPrefix(name, filepath.Join(here, "../../.."))] = text
	}
	return found, nil
})

// schemaOf is the JSON schema of a command's output. What is published allows for names that are added later; strict is
// for our own tests, which have to notice them.
func schemaOf(t testing.TB, command string, strict bool) []byte {
	t.Helper()
	texts, err := comments()
	require.NoError(t, err)
	r := &jsonschema.Reflector{
		Anonymous: true, AllowAdditionalProperties: !strict, CommentMap: texts,
		Namer: nameInSchema,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t != reflect.TypeFor[time.Time]() {
				return &jsonschema.Schema{Type: "string"}
			}
			return nil
		},
	}
	whole := &jsonschema.Schema{Version: jsonschema.Version, Title: "loopfault " + command + " --json", Definitions: jsonschema.Definitions{}}
	for _, v := range outputs[command] {
		s := r.Reflect(v)
		maps.Copy(whole.Definitions, s.Definitions)
		whole.AnyOf = append(whole.AnyOf, &jsonschema.Schema{Ref: s.Ref})
		allowNull(reflect.TypeOf(v), whole.Definitions, map[reflect.Type]bool{})
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	require.NoError(t, err)
	return append(text, '\n')
}

// allowNull marks fields that are null when nothing is known, which the library does not: pointers without omitempty.
func allowNull(t reflect.Type, all jsonschema.Definitions, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for _, f := range reflect.VisibleFields(t) {
		allowNull(f.Type, all, seen)
		tag, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		def := all[nameInSchema(t)]
		if f.Type.Kind() != reflect.Pointer || strings.Contains(rest, "omit") || tag == "" || def == nil {
			continue
		}
		if p, ok := def.Properties.Get(tag); ok && p.AnyOf == nil {
			def.Properties.Set(tag, &jsonschema.Schema{Description: p.Description, AnyOf: []*jsonschema.Schema{p, {Type: "null"}}})
		}
	}
}

// nameInSchema has the package in it, since names alone are not unique; a type without a name stays so.
func nameInSchema(t reflect.Type) string {
	if t.PkgPath() == "" {
		return ""
	}
	return path.Base(t.PkgPath()) + "." + t.Name()
}

func schemaFile(command string) string {
	return filepath.Join(schemaDir, strings.ReplaceAll(command, " ", "-")+".json")
}

// Whoever reads --json finds its schema in the documents.
func TestSchemaReferenceIsUpToDate(t *testing.T) {
	wanted := map[string]bool{}
	for command, types := range outputs {
		if types == nil {
			continue
		}
		file := schemaFile(command)
		wanted[filepath.Base(file)] = true
		got := schemaOf(t, command, false)
		if *update {
			require.NoError(t, os.MkdirAll(schemaDir, 0o755))
			require.NoError(t, os.WriteFile(file, got, 0o644))
		}
		stored, err := os.ReadFile(file)
		require.NoError(t, err, "make docs writes it")
		assert.Equal(t, string(stored), string(got), "make docs writes it anew")
	}
	entries, err := os.ReadDir(schemaDir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.True(t, wanted[e.Name()], "%s is of no command", e.Name())
	}
}

func TestEveryCommandSaysWhetherItHasJSON(t *testing.T) {
	known := map[string]bool{}
	for _, n := range grammarOf(t).Model.Leaves(true) {
		known[n.Path()] = true
		assert.Contains(t, outputs, n.Path())
	}
	for command := range outputs {
		assert.True(t, known[command], "%s is no command", command)
	}
	for command := range jsonHelp {
		assert.NotNil(t, outputs[command], command)
	}
}
