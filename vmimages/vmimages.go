// Package vmimages is the root of everything that a guest boots from: kernels
// built from source (package kernel) and the root image (package image). This
// package itself holds only what they share, the error type that says whose
// fault a failure is. Nothing below it is needed at run time once the files are
// built, and nothing below it knows QEMU.
package vmimages

import (
	"errors"
	"fmt"
)

// Class says who has to act on an error.
type Class int

const (
	// Infrastructure is a failure of the machine or of this program: a missing
	// tool or package, no disk space, an unwritable directory, a lost network.
	Infrastructure Class = iota
	// Usage is wrong input: an unknown name, a patch that does not apply, a
	// fragment with a misspelt option, a source that does not compile.
	Usage
)

// String returns "infrastructure" or "usage".
func (c Class) String() string {
	if c == Usage {
		return "usage"
	}
	return "infrastructure"
}

// Error is one clear line for the user plus, beside it, the long evidence.
type Error struct {
	Class    Class
	Message  string // one line, lower case, says what is wrong and what to do
	Evidence string // raw text such as the last lines of a build log; may be empty
	cause    error
}

// Usagef makes a Usage error. As with fmt.Errorf, %w keeps a cause.
func Usagef(format string, args ...any) *Error { return failure(Usage, format, args) }

// Infraf makes an Infrastructure error. As with fmt.Errorf, %w keeps a cause.
func Infraf(format string, args ...any) *Error { return failure(Infrastructure, format, args) }

func failure(class Class, format string, args []any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: class, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Error returns the one line.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// ClassOf returns the class of the first Error in err's chain. An error that
// carries none counts as Infrastructure: nobody promised it was the user's fault.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Infrastructure
}

// EvidenceOf returns the evidence of the first Error in err's chain, or "".
func EvidenceOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Evidence
	}
	return ""
}
