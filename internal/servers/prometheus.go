package servers

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Prometheus starts a Prometheus whose configuration has these lines.
func Prometheus(config ...string) (*Process, error) {
	program, err := find("prometheus", "prometheus")
	if err != nil {
		return nil, err
	}
	own := func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(strings.Join(config, "\n")+"\n"), 0o600)
	}
	return launch("prometheus", own,
		func(dir, addr string) *exec.Cmd {
			return exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"),
				"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr, "--log.level=warn")
		},
		func(addr string) error {
			resp, err := http.Get("http://" + addr + "/-/ready")
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answered %s", addr, resp.Status)
			}
			return nil
		})
}

// Promtool returns the path of promtool, which is of the same package.
func Promtool() (string, error) { return find("promtool", "prometheus") }
