package servers

import (
	"net"
	"os/exec"
)

// Redis starts a redis-server that keeps nothing on disk and answers DEBUG. Args
// are put after its own, such as "--maxclients", "4".
func Redis(args ...string) (*Process, error) {
	program, err := find("redis-server", "redis-server")
	if err != nil {
		return nil, err
	}
	return launch("redis", func(string) error { return nil },
		func(dir, addr string) *exec.Cmd {
			_, port, _ := net.SplitHostPort(addr)
			own := []string{"--bind", "127.0.0.1", "--port", port, "--dir", dir,
				"--save", "", "--appendonly", "no", "--enable-debug-command", "yes"}
			return exec.Command(program, append(own, args...)...)
		},
		func(addr string) error { return answered(addr, []byte("PING\r\n"), "+PONG") })
}
