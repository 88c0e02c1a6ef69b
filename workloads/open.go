package workloads

import "os"

// mode is the mode of a file of the load: perm, and if the server must not delegate the
// file, a bit that prevents that. knfsd gives no delegation for an OPEN for writing if
// the file has its setuid or setgid bit set (nfsd4_verify_setuid_write, Linux 5.13 and
// later). A setgid bit without execute permission survives writes to the file.
func (e Env) mode(perm os.FileMode) os.FileMode {
	if e.NoDelegations {
		return perm | os.ModeSetgid
	}
	return perm
}

// openToRead opens a file of the load for reading; for writing as well if it must not be
// delegated, since the mode does not prevent read delegations.
func (e Env) openToRead(path string) (*os.File, error) {
	if e.NoDelegations {
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	return os.Open(path)
}
