package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/flyball-go/flyball/simulate"
)

// completionCommand writes a script that teaches a shell the command line.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"One of ${enum}."`
}

// Help implements kong.HelpProvider.
func (c *completionCommand) Help() string {
	return `Examples:

	source <(flyball completion bash)
	source <(flyball completion zsh)
	flyball completion fish | source`
}

func (c *completionCommand) target() string   { return "" }
func (c *completionCommand) inputs() []string { return nil }

func (c *completionCommand) run(_ context.Context, out *output) error {
	parser, err := newParser(&grammar{}, io.Discard, io.Discard, func() {})
	if err != nil {
		return internalError{err}
	}
	verbs := parser.Model.Leaves(true)
	switch c.Shell {
	case "fish":
		completeFish(out, verbs)
	case "zsh":
		fmt.Fprintln(out, "autoload -Uz +X compinit && compinit\nautoload -Uz +X bashcompinit && bashcompinit")
		fallthrough
	default:
		completeBash(out, verbs)
	}
	return nil
}

// choices are the words that may follow a flag; none means a file or a number.
func choices(f *kong.Flag) []string {
	switch f.Tag.Get("complete") {
	case "guard":
		return append(simulate.DefaultGuards(), "oracle", "breaker", "coupled", "chained", "nested")
	case "metric":
		return simulate.MetricNames()
	}
	if f.Enum != "" {
		return strings.Split(f.Enum, ",")
	}
	return nil
}

func verbNames(verbs []*kong.Node) string {
	var words []string
	for _, v := range verbs {
		words = append(words, v.Name)
	}
	return strings.Join(words, " ")
}

func completeBash(w io.Writer, verbs []*kong.Node) {
	fmt.Fprintf(w, `_flyball() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= words= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		%s) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	COMPREPLY=()
	case $verb:$prev in
`, strings.ReplaceAll(verbNames(verbs), " ", "|"))
	for _, v := range verbs {
		for _, f := range v.Flags {
			if words := choices(f); words != nil {
				fmt.Fprintf(w, "\t%s:--%s) words=%q ;;\n", v.Name, f.Name, strings.Join(words, " "))
			} else if !f.IsBool() {
				fmt.Fprintf(w, "\t%s:--%s) return ;;\n", v.Name, f.Name)
			}
		}
	}
	fmt.Fprint(w, "\t*)\n\t\tcase $verb:$cur in\n")
	for _, v := range verbs {
		var flags []string
		for _, f := range v.Flags {
			flags = append(flags, "--"+f.Name)
		}
		flags = append(flags, "--help")
		slices.Sort(flags)
		fmt.Fprintf(w, "\t\t%s:-*) words=%q ;;\n", v.Name, strings.Join(slices.Compact(flags), " "))
		if i := slices.IndexFunc(v.Positional, func(p *kong.Positional) bool { return p.Enum != "" }); i >= 0 {
			fmt.Fprintf(w, "\t\t%s:*) words=%q ;;\n", v.Name, strings.ReplaceAll(v.Positional[i].Enum, ",", " "))
		}
	}
	fmt.Fprintf(w, `		:-*) words="--help --version" ;;
		:*) words=%q ;;
		esac ;;
	esac
	[[ -z $words ]] || COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _flyball flyball
`, verbNames(verbs))
}

func completeFish(w io.Writer, verbs []*kong.Node) {
	say := func(format string, args ...any) { fmt.Fprintf(w, "complete -c flyball "+format+"\n", args...) }
	say("-n __fish_use_subcommand -l version -d %s", fishQuote("Print the version."))
	for _, v := range verbs {
		say("-n __fish_use_subcommand -f -a %s -d %s", v.Name, fishQuote(v.Help))
		seen := fishQuote("__fish_seen_subcommand_from " + v.Name)
		for _, p := range v.Positional {
			if p.Enum != "" {
				say("-n %s -f -a %s", seen, fishQuote(strings.ReplaceAll(p.Enum, ",", " ")))
			}
		}
		for _, f := range v.Flags {
			how := "-r"
			switch words := choices(f); {
			case f.IsBool():
				how = ""
			case words != nil:
				how = "-x -a " + fishQuote(strings.Join(words, " "))
			}
			if f.Short != 0 {
				how = fmt.Sprintf("-s %c %s", f.Short, how)
			}
			say("-n %s -l %s %s -d %s", seen, f.Name, how, fishQuote(f.Help))
		}
	}
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
