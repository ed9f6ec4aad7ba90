package tui

import (
	"fmt"
	"strings"

	"goheap/heap"
)

// KeySection is the keys of one kind of view, or of all.
type KeySection struct {
	Title string
	Keys  []KeyHelp
}

// KeyHelp is what a key does.
type KeyHelp struct{ Keys, Label, Help string }

// ownKeys are the views that have keys of their own, with what makes one that is
// only asked for its actions.
func ownKeys(a *App) []struct {
	title string
	view  view
} {
	inspectorAt := func(p page) view {
		v := newInspector(a, heap.None).(*inspector)
		v.at = p
		return v
	}
	return []struct {
		title string
		view  view
	}{
		{"the dominator tree", newDominators(a)},
		{"types", newTypes(a)},
		{"roots", newRoots(a)},
		{"goroutines", newGoroutines(a)},
		{"the map", newMap(a)},
		{"the chain that keeps a row alive", newPath(a, subject{})},
		{"merged paths", newMerged(a, rowSet{})},
		{"an object's fields", inspectorAt(pageFields)},
		{"an object's referrers and references", inspectorAt(pageReferrers)},
		{"an object's bytes", inspectorAt(pageHex)},
		{"bookmarks", newBookmarks(a)},
	}
}

// Keys lists all keys: those of every view, then those that one kind of view has.
// They come from the tables that bind them.
func Keys() []KeySection {
	a := &App{}
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
	for _, own := range ownKeys(a) {
		add("in "+own.title, own.view.actions())
	}
	return all
}

// KeysMarkdown is the page of all keys.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("# Keys of the terminal UI\n\n")
	b.WriteString("The key `?` shows the same on the screen. A key that cannot be used on a row says why. While something is asked for, up and down bring earlier answers back, and esc ends the question.\n")
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
