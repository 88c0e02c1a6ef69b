package workloads

import "os"

// mode is the mode of a file of the load: perm, and what keeps the server from
// delegating the file if it must not. knfsd gives no delegation for an OPEN for writing
// if the file has its setuid or setgid bit set (nfsd4_verify_setuid_write, Linux 5.13 and
// later). A setgid bit without execute permission stays where it is when the file is
// written.
func (e Env) mode(perm os.FileMode) os.FileMode {
	if e.NoDelegations {
		return perm | os.ModeSetgid
	}
	return perm
}

// openToRead opens a file of the load for reading; for writing as well if it must not be
// delegated, since read delegations do not care for the mode.
func (e Env) openToRead(path string) (*os.File, error) {
	if e.NoDelegations {
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	return os.Open(path)
}
