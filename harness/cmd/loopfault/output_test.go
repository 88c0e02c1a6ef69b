package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryTableIsJSONToo(t *testing.T) {
	for _, args := range [][]string{{"scenario", "list"}, {"kernel", "list"}, {"image", "list"}, {"list"}} {
		out, err := loopfault(t.Context(), t, append(args, "--json", "--results", t.TempDir())...).Output()
		require.NoError(t, err, args)
		var v map[string][]map[string]any
		require.NoError(t, json.Unmarshal(out, &v), "%v: %s", args, out)
	}
}
