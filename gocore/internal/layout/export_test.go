package layout

import "strings"

// Entry is one line of the table in a program.
type Entry struct {
	Entry      string // by the newest name of its structure, the same in all versions
	Name       string // as src has it
	Has        bool
	Experiment bool
}

// Entries returns all lines of the table.
func Entries(src Source) []Entry {
	var out []Entry
	var old []string
	walk(new(Runtime), nothing{}, func(e entry) { old = append(old, e.name()+"|") })
	walk(new(Runtime), src, func(e entry) {
		x := Entry{Entry: old[len(out)], Name: e.name(), Has: e.load(src), Experiment: e.versions == "experiment"}
		for _, path := range strings.Split(e.path, "|") {
			if _, _, ok := src.Field(e.typ, path); ok && e.path != "" {
				x.Name = e.typ + "." + path
			}
		}
		out = append(out, x)
	})
	return out
}
