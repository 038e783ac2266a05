//go:build unix

package servers

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged makes a process run as another user if this one is root, as which
// PostgreSQL refuses to run; nil otherwise.
func unprivileged() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
	}
	return nil
}

// giveAway makes dir belong to whom unprivileged names.
func giveAway(dir string) error {
	a := unprivileged()
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.Credential.Uid), int(a.Credential.Gid))
}

// interrupt asks a process to end. A frozen one hears it when it is thawed.
func interrupt(p *os.Process) {
	_ = p.Signal(syscall.SIGINT) // for PostgreSQL the fast shutdown, for redis-server the usual one
	_ = thaw(p)
}

func freeze(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }
func thaw(p *os.Process) error   { return p.Signal(syscall.SIGCONT) }
