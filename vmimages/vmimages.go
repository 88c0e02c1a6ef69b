// Package vmimages is the root of everything that a guest boots from: kernels
// built from source (package kernel) and the root image (package image).
// Nothing below it is needed at run time once the files are built, and nothing
// below it knows QEMU. Errors say whose fault they are (package errs).
package vmimages
