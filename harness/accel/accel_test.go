package accel_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/accel"
	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
)

func config(t *testing.T) accel.Config {
	guesttest.Needed(t)
	kernel, err := guesttest.Kernel(t.Context())
	require.NoError(t, err)
	return accel.Config{
		Kernel: kernel, CacheDir: filepath.Join(t.TempDir(), "cache"),
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func TestChosenByBootingAndRemembered(t *testing.T) {
	c := config(t)
	first, err := accel.Probe(t.Context(), c)
	require.NoError(t, err, errs.EvidenceOf(err))
	for _, a := range first.Attempts {
		t.Logf("%v: %s", a.Took, a.Outcome)
	}
	t.Log(first.Why)
	assert.False(t, first.Remembered)
	assert.True(t, first.Attempts[len(first.Attempts)-1].Boots)
	assert.Contains(t, first.Why, first.Accel.Name)
	assert.NotZero(t, first.Timeouts(1).Boot)

	began := time.Now()
	again, err := accel.Probe(t.Context(), c)
	require.NoError(t, err)
	assert.True(t, again.Remembered)
	assert.Equal(t, first.Accel, again.Accel)
	assert.Equal(t, first.Why, again.Why)
	assert.Less(t, time.Since(began), time.Second)

	// Another QEMU is another answer.
	other := filepath.Join(t.TempDir(), "qemu")
	require.NoError(t, os.WriteFile(other, []byte("#!/bin/sh\necho no accelerator here >&2; exit 1\n"), 0o755))
	c.QEMU = other
	_, err = accel.Probe(t.Context(), c)
	require.Error(t, err)
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	assert.ErrorContains(t, err, "no accelerator here")

	// A damaged memory is none.
	c.QEMU = ""
	require.NoError(t, os.WriteFile(filepath.Join(c.CacheDir, "accelerator.json"), []byte(`{"Host": {`), 0o644))
	c.Override = "tcg"
	forced, err := accel.Probe(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, guest.TCG(), forced.Accel)
	assert.Empty(t, forced.Attempts)
}

func TestBadConfiguration(t *testing.T) {
	c := config(t)
	c.Override = "xen"
	_, err := accel.Probe(t.Context(), c)
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	assert.ErrorContains(t, err, accel.Env)

	c = config(t)
	c.QEMU = "qemu-system-vax"
	_, err = accel.Probe(t.Context(), c)
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	assert.ErrorContains(t, err, "qemu-system-x86")
}
