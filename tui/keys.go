package tui

import (
	"fmt"
	"strings"
)

// KeySection is the keys of one kind of view, or of all.
type KeySection struct {
	Title string
	Keys  []KeyHelp
}

// KeyHelp is what a key does.
type KeyHelp struct{ Keys, Label, Help string }

// Keys lists all keys: those of every view, then those that one kind of view has.
// They come from the tables that bind them.
func Keys() []KeySection {
	a := &App{kinds: viewKinds()}
	a.why.app = a
	var all []KeySection
	add := func(title string, actions []Action) {
		s := KeySection{Title: title}
		for i := range actions {
			s.Keys = append(s.Keys, KeyHelp{actions[i].keyNames(), actions[i].Label, actions[i].Help})
		}
		all = append(all, s)
	}
	for _, s := range globalSections(a) {
		add(s.title, s.actions)
	}
	add("while loading, and when that was stopped", loadingActions(a))
	for _, k := range a.kinds {
		if k.own != "" {
			add("in "+k.own, k.make(a).actions())
		}
	}
	return all
}

// KeysMarkdown is the page of all keys.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("# Keys of the terminal UI\n\n")
	b.WriteString("The key `?` shows the same on the screen. A key that cannot be used on a row says why. While something is asked for, up and down bring earlier answers back, and esc ends the question. Keys that are pressed while a job runs wait for it, but for those that leave the view.\n")
	for _, s := range Keys() {
		fmt.Fprintf(&b, "\n## %s%s\n\n| key | name | what it does |\n|---|---|---|\n", strings.ToUpper(s.Title[:1]), s.Title[1:])
		for _, k := range s.Keys {
			var names []string
			for _, name := range strings.Split(k.Keys, "  ") {
				names = append(names, "`"+name+"`")
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(names, " "), k.Label, strings.ReplaceAll(k.Help, "|", "\\|"))
		}
	}
	return b.String()
}
