package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/sourcegraph/jsonrpc2"
	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/beats"
	"loopfault/workloads/gather"
	"loopfault/workloads/wire"
)

// server is the serve role: it answers requests, each in its own goroutine, so
// that one stuck in the kernel does not hold up the next.
type server struct {
	symbols sync.Once
	table   symbolTable
	tableOK error

	mu      sync.Mutex
	running []*workloads.Process

	storage storage      // once it was set up, and which one of them it is
	nfs     *nfsServer   //
	ceph    *cephCluster //
	outages outages
}

// Serve answers requests on the control channel until it closes.
func Serve(ctx context.Context, channel io.ReadWriteCloser) error {
	s := &server{}
	conn := jsonrpc2.NewConn(ctx, jsonrpc2.NewPlainObjectStream(channel),
		jsonrpc2.AsyncHandler(jsonrpc2.HandlerWithError(s.answer)))
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err
	}
	hello := wire.Hello{
		Kernel:  unix.ByteSliceToString(uts.Release[:]),
		Build:   unix.ByteSliceToString(uts.Version[:]),
		NoTimer: withoutTimer(),
	}
	hello.Uptime = Uptime()
	if err := conn.Notify(ctx, wire.EventHello, hello); err != nil {
		return err
	}
	<-conn.DisconnectNotify()
	return nil
}

// answer handles a request. An error of the kernel's keeps its number on the way to the host.
func (s *server) answer(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	result, err := s.handle(ctx, conn, req)
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		answer := &jsonrpc2.Error{Code: wire.CodeErrno, Message: err.Error()}
		answer.SetError(errno)
		return nil, answer
	}
	return result, err
}

func (s *server) handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	switch req.Method {
	case wire.MethodWake:
		return call(req, func(p wire.Wake) (any, error) { return wake(p) })
	case wire.MethodBringUp:
		return call(req, func(p wire.BringUp) (any, error) { return s.bringUp(p) })
	case wire.MethodMountinfo:
		return s.mounted()
	case wire.MethodReference:
		return call(req, func(p wire.Reference) (any, error) { return reference(p) })
	case wire.MethodRead:
		return call(req, func(p wire.Path) (any, error) {
			data, err := gather.ReadFile(p.Path, maxFile)
			return wire.Content{Data: data}, err
		})
	case wire.MethodWrite:
		return call(req, func(p wire.Write) (any, error) { return nil, workloads.WriteKnob(p.Path, p.Data) })
	case wire.MethodMkdir:
		return call(req, func(p wire.Path) (any, error) { return nil, os.MkdirAll(p.Path, 0o755) })
	case wire.MethodCollect:
		return call(req, func(p wire.Collect) (any, error) { return collectFiles(p) })
	case wire.MethodTasks:
		return call(req, func(p wire.TaskQuery) (any, error) { return collectTasks(p) })
	case wire.MethodExec:
		return call(req, func(p wire.Exec) (any, error) { return execute(ctx, p) })
	case wire.MethodSymbols:
		return call(req, func(p wire.SymbolQuery) (any, error) { return s.querySymbols(p) })
	case wire.MethodText:
		return call(req, func(p wire.TextQuery) (any, error) { return kernelText(p) })
	case wire.MethodStart:
		return call(req, func(p wire.Start) (any, error) { return s.start(ctx, p) })
	case wire.MethodRelease:
		return call(req, func(p wire.Release) (any, error) { return nil, s.release(p) })
	case wire.MethodKill:
		return call(req, func(p wire.Kill) (any, error) { return nil, s.kill(p.Polite) })
	case wire.MethodOutage:
		return call(req, func(p wire.Outage) (any, error) { return s.outage(ctx, p) })
	case wire.MethodUmount:
		return s.umount(ctx), nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "no method " + req.Method}
}

// call decodes the parameters of a request and runs it.
func call[P any](req *jsonrpc2.Request, do func(P) (any, error)) (any, error) {
	var p P
	if req.Params == nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: req.Method + " needs parameters"}
	}
	if err := json.Unmarshal(*req.Params, &p); err != nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return do(p)
}

func execute(ctx context.Context, p wire.Exec) (wire.Executed, error) {
	if len(p.Argv) == 0 {
		return wire.Executed{}, fmt.Errorf("exec needs a command")
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout.D())
	defer cancel()
	out := &limited{room: 1 << 20}
	cmd := exec.CommandContext(ctx, p.Argv[0], p.Argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	err := workloads.StartOrdinary(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return wire.Executed{}, err
	}
	return wire.Executed{Output: string(out.kept), ExitCode: cmd.ProcessState.ExitCode()}, nil
}

// limited keeps the first bytes written to it.
type limited struct {
	kept []byte
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.kept = append(l.kept, p[:n]...)
	l.room -= n
	return len(p), nil
}

// Uptime is the guest's clock of the history: seconds since boot.
func Uptime() float64 { return beats.SinceBoot().Seconds() }
