//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flyball-go/flyball/cmd/flyball/load"
)

// fullDisk is a file system on which a file can be made, and nothing written to it.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=8k"); err != nil {
		t.Skip("needs to mount a file system:", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	filler, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	defer filler.Close()
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	return dir
}

func TestAFullDiskLosesNothingThatWasMeasured(t *testing.T) {
	url, _ := hidden(t, 2, 0, nil)
	for _, c := range []struct {
		name    string
		full    []string // flags of files on the full disk
		besides []string // flags of files on another
	}{
		{"result", []string{"-o"}, []string{"--hdr", "--html"}},
		{"log", []string{"--hdr"}, nil},
		{"page", []string{"--html"}, []string{"-o"}},
		{"all", []string{"-o", "--html", "--hdr"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk, other := fullDisk(t), t.TempDir()
			args, want := quick(url), []string(nil)
			for _, flag := range c.full {
				path := filepath.Join(disk, strings.Trim(flag, "-"))
				args, want = append(args, flag, path), append(want, "output "+path+": no space left on device")
			}
			kept := false
			for _, flag := range c.besides {
				args, kept = append(args, flag, filepath.Join(other, strings.Trim(flag, "-"))), kept || flag == "-o"
			}
			var stdout, stderr bytes.Buffer
			require.Equal(t, exitInput, run(t.Context(), args, &stdout, &stderr))
			for _, line := range want {
				require.Equal(t, 1, strings.Count(stderr.String(), line), stderr.String())
			}
			require.Equal(t, []string{"filler"}, names(t, disk))
			require.Len(t, names(t, other), len(c.besides))

			result := filepath.Join(other, "o")
			if !kept {
				require.Contains(t, stderr.String(), "; standard output has it instead\n")
				require.NoError(t, os.WriteFile(result, stdout.Bytes(), 0o600))
			}
			r, err := load.ReadRun(result)
			require.NoError(t, err)
			require.NotEmpty(t, r.Steps)
		})
	}
}

func TestFullStandardOutputIsTold(t *testing.T) {
	path := built(t)
	in(t, map[string]string{"tiny.yaml": tiny})
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, "simulate", "tiny.yaml")
	cmd.Stdout, cmd.Stderr = full, &errs
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	require.Equal(t, exitInternal, exit.ExitCode())
	require.Equal(t, "flyball: write standard output: no space left on device\n", errs.String())
}
