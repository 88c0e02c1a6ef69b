package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVersionIsTheOneThatGoRecorded(t *testing.T) {
	of := func(v string) *debug.BuildInfo { return &debug.BuildInfo{Main: debug.Module{Version: v}} }
	assert.Equal(t, "v0.1.0", recorded(of("v0.1.0"), true))
	assert.Equal(t, "unknown", recorded(of("(devel)"), true), "built of files that are no clone")
	assert.Equal(t, "unknown", recorded(of(""), true))
	assert.Equal(t, "unknown", recorded(nil, false))
}
