// Package vmimages is the root of everything that a guest boots from: kernels
// built from source (package kernel) and the root image (package image). This
// package itself holds only what they share, the error type that says whose
// fault a failure is. Nothing below it is needed at run time once the files are
// built, and nothing below it knows QEMU.
package vmimages

import "errors"

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
	Err      error  // cause, may be nil
}

// Error returns the one line, with the cause after it.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

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
