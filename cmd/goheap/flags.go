package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"goheap/report"
)

// flags are those that all verbs share.
type flags struct {
	exe, debug string
	force      bool
	runtime    bool
	format     string
	output     string
	top        int
	where      string
	values     bool
	physical   bool
}

const later = " (later: so far it does nothing)"

// laterFlags are accepted and do nothing yet.
var laterFlags = [...]string{"no-index", "max-memory"}

func (f *flags) add(root *cobra.Command) {
	p := root.PersistentFlags()
	p.StringVar(&f.exe, "exe", "", "the executable is `PATH`; else it is found through the core or beside a heap dump")
	p.StringVar(&f.debug, "debug", "", "its debugging information is in `PATH`; else in the executable, or found through it")
	p.BoolVar(&f.force, "force", false, "go on with an executable or debug file whose build id differs")
	p.StringVar(&f.format, "format", "text", "print text, json or csv")
	p.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is the standard output")
	p.IntVar(&f.top, "top", 0, "print at most `N` of each list (text: 20; json and csv: all but long tails)")
	p.BoolVar(&f.values, "values", false, "print the program's values, such as map keys, in reports too")
	p.StringVar(&f.where, "where", "", "in lists, keep the rows that the expression `EXPR` holds for")
	p.BoolVar(&f.physical, "physical", false, "show the insides of maps and channels in paths and lists of types")
	p.BoolVar(&f.runtime, "runtime", false, "let the runtime's own tables hold what they lead to, as all else does")
	p.Bool("no-index", false, "neither read nor write an index beside FILE"+later)
	p.String("max-memory", "", "use at most `SIZE` of memory"+later)
	p.SortFlags = false
	must(root.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)))
	must(root.MarkPersistentFlagFilename("exe"))
	must(root.MarkPersistentFlagFilename("debug"))
	must(root.MarkPersistentFlagFilename("output"))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// checkFlags looks at the shared flags of a verb that prints in formats, and
// says which of them do nothing.
func (c *command) checkFlags(cmd *cobra.Command, formats ...string) error {
	f := &c.flags
	if !slices.Contains(formats, f.format) {
		return usagef("%s prints %s, not %q", cmd.Name(), strings.Join(formats, " or "), f.format)
	}
	if cmd.Flags().Changed("top") && f.top < 1 {
		return usagef("--top wants a number of 1 or more, not %d", f.top)
	}
	if f.output == "" {
		return usagef("--output wants a file name, or - for the standard output")
	}
	for _, name := range laterFlags {
		if cmd.Flags().Changed(name) {
			fmt.Fprintf(c.stderr, "goheap: note: --%s does nothing in this version\n", name)
		}
	}
	return nil
}

// topOr returns --top, or what stands for it when it is not given.
func (f *flags) topOr(n int) int {
	if f.top > 0 {
		return f.top
	}
	return n
}

// list is what --top, or n where it is not given, and --where ask for.
func (f *flags) list(n int) report.List {
	l := report.List{Top: f.topOr(n)}
	if f.where != "" {
		l.Where = "=" + strings.TrimPrefix(f.where, "=")
	}
	return l
}

// whereHelp says what --where understands, for a verb whose rows have fields of
// these names.
func whereHelp(names string) string {
	return `

--where keeps the rows for which an expression holds, as
retained > 1MiB && type contains "Session". Its names are
` + names + `.
Numbers may have units (KiB, MB, s, h, …), texts may be compared by ==, contains,
startsWith, endsWith, in [...] and matches, which takes a regular expression; and,
or and not join what is asked. An unknown number is -1, an unknown text is "".`
}
