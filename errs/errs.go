// Package errs says whose fault an error is, so that its reader knows who has to act: the user, the owner of
// the machine, or nobody, since what a guest did is a finding. It imports nothing of the project; every package
// may import it.
package errs

import (
	"errors"
	"fmt"
	"strings"
)

// Class says whose fault an error is.
type Class int

const (
	// Infrastructure is a failure of the machine or of this program: a missing tool or package, no disk space, an
	// unwritable directory, QEMU refusing to start. Only this is worth a retry.
	Infrastructure Class = iota
	// Usage is wrong input: an unknown name, a patch that does not apply, a value out of range.
	Usage
	// Guest is what a guest did: it crashed, rebooted or stopped answering.
	Guest
)

// String returns "infrastructure", "usage" or "guest".
func (c Class) String() string {
	switch c {
	case Usage:
		return "usage"
	case Guest:
		return "guest"
	default:
		return "infrastructure"
	}
}

// Error is one clear line, with the long evidence beside it.
type Error struct {
	Class    Class
	Message  string // one line, lower case, says what is wrong and what to do; empty: Err says it
	Evidence string // raw text such as the last lines of a log; may be empty
	Err      error  // the cause; may be nil
}

// Usagef makes a Usage error. As with fmt.Errorf, %w keeps a cause.
func Usagef(format string, args ...any) *Error {
	return &Error{Class: Usage, Err: fmt.Errorf(format, args...)}
}

// Infraf makes an Infrastructure error. As with fmt.Errorf, %w keeps a cause.
func Infraf(format string, args ...any) *Error {
	return &Error{Class: Infrastructure, Err: fmt.Errorf(format, args...)}
}

// ByUser makes any error the user's; nil stays nil.
func ByUser(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: Usage, Err: err}
}

// Error returns the one line.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Message
	case e.Message == "":
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Whose is the class of e.
func (e *Error) Whose() Class { return e.Class }

// Classed is an error of another type that knows whose fault it is.
type Classed interface {
	error
	Whose() Class
}

// ClassOf is the class of the first error in err's chain that has one. An error without a class counts as
// Infrastructure: nothing shows that it is the user's fault.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[Classed](err); ok {
		return e.Whose()
	}
	return Infrastructure
}

// EvidenceOf is the evidence of the first Error in err's chain, or "".
func EvidenceOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Evidence
	}
	return ""
}

// Lines is an error's text with all lines but the first indented: a list of problems has one per
// line.
func Lines(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "\n  ")
}
