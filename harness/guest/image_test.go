package guest_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/guest"
	"loopfault/harness/ssh"
	"loopfault/vmimages/image"
)

// The project's own root image over SSH: log in, run, copy, and a guest that
// stops answering.
func TestSSHIntoTheRootImage(t *testing.T) {
	img, err := fixture(t).Image(t.Context())
	require.NoError(t, err)
	opts := options(t)
	opts.SSH, err = ssh.ReadIdentity("root", img.ClientKey, img.HostKey)
	require.NoError(t, err)
	began := time.Now()
	g := boot(t, guest.Spec{
		Name: "image", Kernel: fixture(t).Kernel, Image: img.Path, MemoryMiB: 512, CPUs: 2,
		Append: []string{"init=" + image.AgentPath},
	}, opts)
	go func() { _, _ = io.Copy(io.Discard, g.Watch()) }()

	client := logIn(t, g)
	t.Logf("logged in after %v", time.Since(began))
	out, err := client.Run(t.Context(), "uname -s; id -un; cat /proc/cmdline")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(out.Stdout), "Linux\nroot\npanic=0"), "%s", out.Stdout)

	data := bytes.Repeat([]byte("evidence\n"), 100_000)
	require.NoError(t, client.CopyIn(t.Context(), bytes.NewReader(data), "/tmp/file", 0o600))
	var back bytes.Buffer
	_, err = client.CopyOut(t.Context(), "/tmp/file", &back)
	require.NoError(t, err)
	assert.Equal(t, data, back.Bytes())

	// A guest that stands still: every call returns, and says it is the guest.
	require.NoError(t, g.Monitor().Execute(t.Context(), "stop", nil, nil))
	_, err = client.Run(within(t, time.Second), "true")
	assert.Equal(t, errs.Guest, errs.ClassOf(err))
	_, err = g.Dial(within(t, time.Second))
	assert.Equal(t, errs.Guest, errs.ClassOf(err))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, g.Monitor().Execute(t.Context(), "cont", nil, nil))
	_, err = logIn(t, g).Run(t.Context(), "true")
	require.NoError(t, err)
}

// logIn dials until sshd is up.
func logIn(t *testing.T, g *guest.Guest) *ssh.Client {
	ctx := within(t, budgets().Boot)
	for {
		client, err := g.Dial(ctx)
		if err == nil {
			t.Cleanup(func() { _ = client.Close() })
			return client
		}
		require.NoError(t, ctx.Err(), "%v; console: %s", err, strings.Join(g.Console().Tail(10), "\n"))
	}
}
