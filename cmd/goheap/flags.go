package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
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
	top        top
	where      string
	values     bool
	physical   bool
	wide       bool
}

// formatNames are what --format may be given, if not to each verb.
var formatNames = [...]string{"text", "json", "csv"}

const later = " (later: so far it does nothing)"

// laterFlags are accepted and do nothing yet.
var laterFlags = [...]string{"no-index", "max-memory"}

func (f *flags) add(root *cobra.Command) {
	p := root.PersistentFlags()
	p.StringVar(&f.exe, "exe", "", "the executable is `PATH`; else it is found through the core or beside a heap dump")
	p.StringVar(&f.debug, "debug", "", "its debugging information, or an unstripped build of it, is in `PATH`")
	p.BoolVar(&f.force, "force", false, "go on with an executable or debug file whose build id differs")
	p.StringVar(&f.format, "format", "text", "print text, json or csv")
	p.StringVarP(&f.output, "output", "o", "-", "write to `FILE`; - is the standard output")
	p.Var(&f.top, "top", "print at most `N` of each list, or all (text: 20; json and csv: all but long tails)")
	p.BoolVar(&f.values, "values", false, "print the program's values, such as map keys, in reports too")
	p.StringVar(&f.where, "where", "", "in lists, keep the rows that the expression `EXPR` holds for")
	p.BoolVar(&f.physical, "physical", false, "show the insides of maps and channels in paths and lists of types")
	p.BoolVar(&f.wide, "wide", false, "cut no line of text to the width of the terminal (COLUMNS; 80 where there is none)")
	p.BoolVar(&f.runtime, "runtime", false, "let the runtime's own tables hold what they lead to, as all else does")
	p.Bool("no-index", false, "neither read nor write an index beside FILE"+later)
	p.String("max-memory", "", "use at most `SIZE` of memory"+later)
	p.SortFlags = false
	must(root.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames[:], cobra.ShellCompDirectiveNoFileComp)))
	must(root.RegisterFlagCompletionFunc("top", cobra.FixedCompletions([]string{allRows}, cobra.ShellCompDirectiveNoFileComp)))
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
	if f.top.wrong {
		return usagef("--top wants a number of 1 or more, or %s, not %q", allRows, f.top.text)
	}
	if f.output == "" {
		return usagef("--output wants a file name, or - for the standard output")
	}
	if meant := strings.ToLower(f.output); slices.Contains(formatNames[:], meant) {
		return usagef("--output (-o) names a file: did you mean --format %s? -o ./%s writes to a file of this name", meant, f.output)
	}
	for _, path := range []*string{&f.exe, &f.debug, &f.output} {
		if err := expandHome(path); err != nil {
			return err
		}
	}
	for _, name := range laterFlags {
		if cmd.Flags().Changed(name) {
			fmt.Fprintf(c.stderr, "goheap: note: --%s does nothing in this version\n", name)
		}
	}
	return nil
}

// allRows is what --top is given for no limit.
const allRows = "all"

// top is the value of --top. What is wrong with it is said with the verb, not by the
// parser of flags.
type top struct {
	text  string // as it was given, "" where it was not
	n     int    // 1 or more, or all
	wrong bool
}

func (t *top) String() string { return t.text }
func (t *top) Type() string   { return "N" }

func (t *top) Set(text string) error {
	t.text = text
	if t.wrong = false; text == allRows {
		t.n = all
		return nil
	}
	var err error
	t.n, err = strconv.Atoi(text)
	t.wrong = err != nil || t.n < 1
	return nil
}

// given reports whether there is a --top.
func (t *top) given() bool { return t.text != "" || t.wrong }

// topOr returns --top, negative for all, or what stands for it when it is not given.
func (f *flags) topOr(n int) int {
	if f.top.given() {
		return f.top.n
	}
	return n
}

// mostOr is topOr for what has no negative limits.
func (f *flags) mostOr(n int) int {
	if n = f.topOr(n); n < 0 {
		return math.MaxInt
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
