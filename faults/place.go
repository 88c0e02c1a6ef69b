package faults

import (
	"context"
	"errors"
	"fmt"
)

// Place is an instruction of the kernel: where a function begins, or a call in it.
type Place struct {
	Function string `json:"function" yaml:"function"` // its first instruction, without Call
	// Call, if it is not 0, is the n-th call that the function makes to Callee, or to any
	// slab allocator if that is "". "a|b" is b in kernels where it makes no calls to a.
	Call   int    `json:"call,omitempty" yaml:"call"`
	Callee string `json:"callee,omitempty" yaml:"callee"`
}

func (l Place) String() string {
	switch {
	case l.Call == 0:
		return l.Function
	case l.Callee == "":
		return fmt.Sprintf("%s → allocation #%d", l.Function, l.Call)
	}
	return fmt.Sprintf("%s → %s #%d", l.Function, l.Callee, l.Call)
}

// find gives the address in the running kernel.
func (l Place) find(ctx context.Context, t Target) (uint64, error) {
	if l.Call > 0 {
		s, err := Site(ctx, t, l.Function, l.Callee, l.Call)
		return s.Call, err
	}
	fn, err := Function(ctx, t, l.Function)
	return fn.Start, err
}

// arguments are the registers of a function's arguments, valid at its entry and at
// its call sites.
var arguments = []string{"rdi", "rsi", "rdx", "rcx", "r8", "r9"}

// argument reads the n-th argument, from 1; 0 stands for none.
func argument(p Processor, n int) (uint64, error) {
	if n == 0 {
		return 0, nil
	}
	if n > len(arguments) {
		return 0, errors.New("only six arguments are in registers")
	}
	return p.Register(arguments[n-1])
}
