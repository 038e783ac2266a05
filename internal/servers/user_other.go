//go:build !unix

package servers

import (
	"errors"
	"os"
	"syscall"
)

func unprivileged() *syscall.SysProcAttr { return nil }
func giveAway(string) error              { return nil }
func interrupt(p *os.Process)            { _ = p.Kill() }
func freeze(*os.Process) error           { return errors.ErrUnsupported }
func thaw(*os.Process) error             { return errors.ErrUnsupported }
