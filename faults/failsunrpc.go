package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// FailSunrpc breaks what RPC runs on: a connection is cut from either end, or a
// request of the server that waits for a reply to an upcall is put off.
type FailSunrpc struct {
	IgnoreClientDisconnect bool `json:"ignore-client-disconnect,omitempty" yaml:"ignore-client-disconnect,omitempty"` // no connection is cut from the client's end
	IgnoreServerDisconnect bool `json:"ignore-server-disconnect,omitempty" yaml:"ignore-server-disconnect,omitempty"` // no connection is cut from the server's end
	IgnoreCacheWait        bool `json:"ignore-cache-wait,omitempty" yaml:"ignore-cache-wait,omitempty"`               // no request is put off that waits for a reply to an upcall
	Probability            int  `json:"probability" yaml:"probability"`                                               // chance of each request, in percent, drawn by the kernel
	Interval               int  `json:"interval,omitempty" yaml:"interval,omitempty"`                                 // only every n-th request may be struck; 0 means every one
	Times                  int  `json:"times" yaml:"times"`                                                           // how often it happens at most; the fault then stops by itself
}

// sunrpcSwitches are the knobs that exempt events from the fault.
var sunrpcSwitches = []string{"ignore-client-disconnect", "ignore-server-disconnect", "ignore-cache-wait"}

func (f FailSunrpc) ignored() []bool {
	return []bool{f.IgnoreClientDisconnect, f.IgnoreServerDisconnect, f.IgnoreCacheWait}
}

func (f FailSunrpc) Describe() string {
	var what []string
	for i, ignored := range f.ignored() {
		if !ignored {
			what = append(what, strings.TrimPrefix(sunrpcSwitches[i], "ignore-"))
		}
	}
	return fmt.Sprintf("fail_sunrpc: %s, probability %d %%, interval %d, at most %d times", strings.Join(what, ", "), f.Probability, max(f.Interval, 1), f.Times)
}

func (f FailSunrpc) Arm(ctx context.Context, t Target) error {
	if err := failSunrpc.there(ctx, t); err != nil {
		return err
	}
	if err := spareSunrpc(ctx, t, f.ignored()...); err != nil {
		return err
	}
	if err := failSunrpc.fire(ctx, t, 0, f.Times); err != nil {
		return err
	}
	return failSunrpc.set(ctx, t, "interval", fmt.Sprint(max(f.Interval, 1)), "probability", fmt.Sprint(f.Probability))
}

// spareSunrpc sets each ignore switch.
func spareSunrpc(ctx context.Context, t Target, ignored ...bool) error {
	for i, name := range sunrpcSwitches {
		if err := failSunrpc.set(ctx, t, name, map[bool]string{true: "Y", false: "N"}[ignored[i]]); err != nil {
			return err
		}
	}
	return nil
}

func (f FailSunrpc) Prove(ctx context.Context, t Target) (Proof, error) {
	return failSunrpc.prove(ctx, t, f.Times)
}

// Disarm also keeps other tasks' fail-nth from counting here.
func (f FailSunrpc) Disarm(ctx context.Context, t Target) error {
	return errors.Join(failSunrpc.cease(ctx, t), spareSunrpc(ctx, t, true, true, true))
}
