package servers

import (
	"encoding/binary"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
)

// PostgresUser is the user and the database of a server started by [Postgres];
// there is no password.
const PostgresUser = "postgres"

// Postgres starts a PostgreSQL with an empty database that does not wait for the
// disk. Settings are lines of postgresql.conf, such as "max_connections=8".
func Postgres(settings ...string) (*Process, error) {
	const where = "/usr/lib/postgresql/*/bin"
	initdb, err := find("initdb", "postgresql", where)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(filepath.Dir(initdb), "postgres")
	own := func(dir string) error {
		if err := giveAway(dir); err != nil {
			return err
		}
		cmd := exec.Command(initdb, "-D", dir, "-U", PostgresUser, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
		cmd.Dir, cmd.SysProcAttr = dir, unprivileged()
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", initdb, err, said)
		}
		return nil
	}
	return launch("postgres", own,
		func(dir, addr string) *exec.Cmd {
			_, port, _ := net.SplitHostPort(addr)
			args := []string{"-D", dir, "-p", port}
			for _, s := range slices.Concat([]string{"listen_addresses=127.0.0.1", "unix_socket_directories=",
				"fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB"}, settings) {
				args = append(args, "-c", s)
			}
			cmd := exec.Command(program, args...)
			cmd.SysProcAttr = unprivileged()
			return cmd
		},
		// AuthenticationOk begins with R; while it starts up it answers E.
		func(addr string) error { return answered(addr, startup(), "R") })
}

// startup is a StartupMessage of version 3.0 of PostgreSQL's protocol.
func startup() []byte {
	m := binary.BigEndian.AppendUint32(make([]byte, 4), 3<<16)
	m = append(m, "user\x00"+PostgresUser+"\x00\x00"...)
	binary.BigEndian.PutUint32(m, uint32(len(m)))
	return m
}
