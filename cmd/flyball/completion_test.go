package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBashCompletes(t *testing.T) {
	f := in(t, nil)
	require.NoError(t, os.WriteFile("completion", []byte(f.ok("completion", "bash")), 0o644))
	for line, want := range map[string]string{
		"flyball si":                            "simulate",
		"flyball --v":                           "--version",
		"flyball simulate --ba":                 "--baseline",
		"flyball simulate a.yaml --format ":     "table json csv",
		"flyball simulate --law ve":             "vegas",
		"flyball simulate --metric p99":         "p99 p99.9",
		"flyball check --ju":                    "--junit",
		"flyball check a.yaml ":                 "",
		"flyball simulate --html ":              "",
		"flyball completion ":                   "bash zsh fish",
		"flyball simulate --html check --for":   "--format",
		"flyball check --law vegas --format js": "json",
	} {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", `. ./completion; read -ra COMP_WORDS <<<"$1"; [[ $1 != *' ' ]] || COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _flyball; echo "${COMPREPLY[*]}"`, "bash", line)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, want, strings.TrimSpace(string(out)), line)
	}
	out, err := exec.CommandContext(t.Context(), "bash", "-n", "completion").CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestEveryShellKnowsEveryVerbAndFlag(t *testing.T) {
	f := in(t, nil)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := f.ok("completion", shell)
		for _, word := range []string{"simulate", "check", "completion", "baseline", "junit", "table"} {
			require.Contains(t, script, word, shell)
		}
	}
	code, _, stderr := f.run("completion", "tcsh")
	require.Equal(t, exitInput, code)
	require.Contains(t, stderr, "bash")
}

// Every example of every verb is a command line.
func TestExamplesOfHelpAreCommandLines(t *testing.T) {
	f := in(t, nil)
	parser, err := newParser(&grammar{}, nil, nil, func() {})
	require.NoError(t, err)
	for _, verb := range parser.Model.Leaves(true) {
		help := f.ok(verb.Name, "--help")
		_, examples, found := strings.Cut(help, "Examples:")
		require.True(t, found, verb.Name)
		n := 0
		for line := range strings.Lines(examples) {
			line = strings.TrimSpace(line)
			i := strings.Index(line, "flyball ")
			if i < 0 {
				continue
			}
			args := shellWords(strings.TrimRight(strings.TrimSuffix(line[i:], "| source"), ")"))[1:]
			_, err := parse(args, nil, nil)
			require.NoError(t, err, line)
			n++
		}
		require.Positive(t, n, verb.Name)
		for line := range strings.Lines(help) {
			require.LessOrEqual(t, len([]rune(line))-1, 110, line)
		}
	}
}

// shellWords splits a line as a shell does, with single quotes alone.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
