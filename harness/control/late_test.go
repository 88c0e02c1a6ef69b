package control_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/control"
)

// lateChannel is a channel whose guest answers the first request, with the number 0, just
// when the host closes the channel: the answer is read after the close.
type lateChannel struct {
	asked, closed, drained chan struct{}
	ask, close             sync.Once
	answer                 io.Reader
}

func (l *lateChannel) Write(p []byte) (int, error) {
	l.ask.Do(func() { close(l.asked) })
	return len(p), nil
}

func (l *lateChannel) Read(p []byte) (int, error) {
	<-l.closed
	n, err := l.answer.Read(p)
	if err != nil {
		close(l.drained)
	}
	return n, err
}

func (l *lateChannel) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// A guest's answer may arrive while its trial ends. It is too late, and that is all.
func TestAnswerAfterTheEndIsDropped(t *testing.T) {
	channel := &lateChannel{asked: make(chan struct{}), closed: make(chan struct{}), drained: make(chan struct{}),
		answer: strings.NewReader(`{"jsonrpc":"2.0","id":0,"result":{"data":"eA=="}}` + "\n")}
	c := control.New(channel)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := c.ReadFile(ctx, "/x")
		failed <- err
	}()
	<-channel.asked
	require.NoError(t, c.Close())
	err := <-failed
	require.ErrorIs(t, err, control.ErrSilent)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "it ends with the channel")
	<-channel.drained // the answer was read, and harmed nothing
}
