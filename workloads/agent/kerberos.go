package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// A realm of one guest, which /etc/krb5.conf of the root image describes. The addresses of server and
// client have the first name that /etc/hosts gives them, localhost, so that is who both are.
const (
	krb5Dir      = "/run/krb5"
	nfsKeytab    = krb5Dir + "/nfs.keytab"
	usersKeytab  = krb5Dir + "/users.keytab"
	nfsPrincipal = "nfs/localhost"
	passwd       = "/etc/passwd"
)

// startKerberos makes the realm, its users and their tickets, and starts the daemons that the kernel
// asks: rpc.svcgssd for the server, rpc.gssd for the client. All end with the guest.
func (n *nfsServer) startKerberos() error {
	if !n.mount.Kerberos() {
		return nil
	}
	if err := os.Mkdir(krb5Dir, 0o755); err != nil {
		return err
	}
	n.svcgssd = servant{argv: []string{"rpc.svcgssd", "-f"}, ready: "/auth.rpcsec.init/channel", asked: "/channel", caches: contexts}
	n.gssd = servant{ // it has a pipe for each client
		argv:  []string{"rpc.gssd", "-f", "-p", pipeDir, "-k", nfsKeytab},
		ready: gssdPipe, asked: "/gssd", caches: contexts,
	}
	return takeSteps([]setUpStep{
		{"make users", n.makeUsers},
		{"make the database of Kerberos", n.makeRealm},
		{"start the KDC", func() error { return workloads.Run("krb5kdc") }}, // it has put itself into the background
		{"get tickets", n.getTickets},
		{"start rpc.svcgssd", n.svcgssd.start},
		{"start rpc.gssd", n.gssd.start},
	})
}

func userName(uid int) string { return "u" + strconv.Itoa(uid) }

// makeUsers gives the users names, by which rpc.svcgssd and rpc.idmapd find their ids. The root file system is
// read-only: another file is mounted over the list.
func (n *nfsServer) makeUsers() error {
	text, err := os.ReadFile(passwd)
	if err != nil {
		return err
	}
	list := strings.Builder{}
	list.Write(text)
	for _, uid := range n.users {
		fmt.Fprintf(&list, "%s:x:%d:%d::/:/bin/sh\n", userName(uid), uid, uid)
	}
	const file = "/run/passwd"
	if err := os.WriteFile(file, []byte(list.String()), 0o644); err != nil {
		return err
	}
	if err := unix.Mount(file, passwd, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", file, passwd, err)
	}
	return nil
}

// makeRealm makes the database and the keys. kadmin.local goes on after an error and ends with status 0;
// then there are no tickets.
func (n *nfsServer) makeRealm() error {
	if err := workloads.Run("kdb5_util", "create", "-s", "-P", "loopfault"); err != nil {
		return err
	}
	add := strings.Builder{}
	principal := func(name, keytab string) {
		fmt.Fprintf(&add, "addprinc -randkey %s\nktadd -k %s %s\n", name, keytab, name)
	}
	principal(nfsPrincipal, nfsKeytab)
	for _, uid := range n.users {
		principal(userName(uid), usersKeytab)
	}
	cmd := exec.Command("kadmin.local")
	cmd.Stdin = strings.NewReader(add.String())
	if out, err := workloads.Output(cmd); err != nil {
		return fmt.Errorf("kadmin.local: %w: %s", err, out)
	}
	if len(n.users) == 0 {
		return nil
	}
	return os.Chmod(usersKeytab, 0o644) // users read their keys themselves
}

// getTickets has each user get a ticket into the cache in which rpc.gssd looks for it.
func (n *nfsServer) getTickets() error {
	for _, uid := range n.users {
		cmd := exec.Command("kinit", "-k", "-t", usersKeytab, "-c", fmt.Sprintf("FILE:/tmp/krb5cc_%d", uid), userName(uid))
		cmd.SysProcAttr = asUser(uid)
		if out, err := workloads.Output(cmd); err != nil {
			return fmt.Errorf("kinit of %s: %w: %s", userName(uid), err, out)
		}
	}
	return nil
}

func asUser(uid int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}

// proveKerberos fails if the server does not know users of the client by their tickets: files belong to
// who made them.
func (n *nfsServer) proveKerberos() error {
	if !n.mount.Kerberos() {
		return nil
	}
	for _, uid := range append([]int{0}, n.users...) {
		if err := proveOwner(uid, wire.ExportRoot); err != nil {
			return err
		}
	}
	return nil
}

// proveOwner makes a file on the mount as a user, and fails if it belongs to another one as seen at root: the mount itself, or
// the exported file system.
func proveOwner(uid int, root string) error {
	name := fmt.Sprintf("%s/.owner-%d", wire.LoadDir, uid)
	cmd := exec.Command("touch", filepath.Join(wire.NFSRoot, name))
	cmd.SysProcAttr = asUser(uid)
	if out, err := workloads.Output(cmd); err != nil {
		return fmt.Errorf("make a file as user %d: %w: %s", uid, err, out)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(root, name), &st); err != nil {
		return err
	}
	if int(st.Uid) != uid {
		return fmt.Errorf("a file of user %d belongs to user %d at %s", uid, st.Uid, root)
	}
	return os.Remove(filepath.Join(wire.NFSRoot, name))
}
