package tui

import (
	"os"
	"strings"
	"testing"
)

// everyView opens each kind of view once.
func everyView(t *testing.T, visit func(name string, tm *terminal)) {
	s := snapshot(t, blockstore(30, 5))
	for name, keys := range map[string][]string{
		"overview": nil, "dominators": {"2"}, "types": {"3"}, "packages": {"3u"}, "instances": {"3", "enter"}, "roots": {"4"}, "root kinds": {"4u"},
		"goroutines": {"5"}, "suspects": {"6"}, "search": {"7"}, "map": {"8"}, "marks": {"3mM"}, "bookmarks": {"'"}, "merged": {"3P"}, "query": {"=retained > 1", "enter"},
		"members": {"5", "enter"}, "frames": {"5", "enter", "enter"}, "inspector": {"i"}, "referrers": {"<"}, "references": {">"}, "hex": {">", "tab"}, "unused": {">", "tab", "tab"},
		"path": {"w"}, "problems": {"p"}, "memory": {"0"}, "sites": {"A"}, "waste": {"W"}, "later": {"L"}, "help": {"?"},
	} {
		visit(name, newTerminal(t, s, 100, 30, Options{}).press(keys...))
	}
}

// The page of keys and the one that is printed are those of the tables, and have
// every key of every view.
func TestKeysPage(t *testing.T) {
	const file = "../docs/keys.md"
	page := KeysMarkdown()
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != page {
		t.Errorf("%s is not the table of keys: %v (go test ./tui -update writes it)", file, err)
	}
	listed := map[[2]string]bool{}
	for _, s := range Keys() {
		for _, k := range s.Keys {
			listed[[2]string{k.Keys, k.Help}] = true
		}
	}
	everyView(t, func(name string, tm *terminal) {
		for _, action := range append(tm.app.top().actions(), tm.app.global...) {
			if !listed[[2]string{action.keyNames(), action.Help}] {
				t.Errorf("%s: %q is not listed", name, action.Label)
			}
		}
	})
}

// Every row of every view answers the same questions: each does something, or
// says why not, and none leaves the program in a state that cannot be left.
func TestAnyRowAnyQuestion(t *testing.T) {
	t.Chdir(t.TempDir()) // for bookmarks
	everyView(t, func(name string, tm *terminal) {
		before := tm.text()
		for _, action := range rowActions(tm.app) {
			key := action.Keys[0].String()
			depth := len(tm.app.history)
			tm.press(key)
			why := ""
			if action.Disabled != nil && tm.app.message != "" {
				why = tm.app.message
			}
			if why == "" && tm.text() == before && tm.app.prompt == nil && len(tm.app.history) == depth {
				t.Errorf("%s: %s does nothing and does not say why:\n%s", name, key, before)
			}
			if strings.HasPrefix(tm.app.message, key+" does nothing") {
				t.Errorf("%s: %s is not bound", name, key)
			}
			if tm.app.prompt != nil {
				tm.press("esc")
			}
			for len(tm.app.history) > depth {
				tm.press("-")
			}
		}
	})
}

func TestNoKeyBoundTwice(t *testing.T) {
	everyView(t, func(name string, tm *terminal) {
		bound := map[Key]string{}
		for _, action := range append(tm.app.top().actions(), tm.app.global...) {
			for _, k := range action.Keys {
				if other, ok := bound[k]; ok {
					t.Errorf("%s: %s is bound to both %q and %q", name, k, other, action.Label)
				}
				bound[k] = action.Label
			}
		}
	})
}

func TestEveryActionIsExplained(t *testing.T) {
	everyView(t, func(name string, tm *terminal) {
		labels := map[string]bool{}
		for _, action := range append(tm.app.top().actions(), tm.app.global...) {
			if len(action.Keys) == 0 || action.Label == "" || action.Do == nil {
				t.Errorf("%s: incomplete action %+v", name, action)
			}
			if !strings.HasSuffix(action.Help, ".") || strings.Contains(action.Help, "\n") {
				t.Errorf("%s: the help of %q is no sentence: %q", name, action.Label, action.Help)
			}
			if labels[action.Label] {
				t.Errorf("%s: two actions are called %q", name, action.Label)
			}
			labels[action.Label] = true
		}
	})
}

// The help has every key of the view and of all views.
func TestHelpIsComplete(t *testing.T) {
	everyView(t, func(name string, tm *terminal) {
		of := tm.app.top()
		help := newHelp(tm.app, of).(*helpView)
		var text strings.Builder
		for _, line := range help.lines {
			text.WriteString(line[0] + "\t" + line[1] + " ")
		}
		for _, action := range append(of.actions(), tm.app.global...) {
			if !strings.Contains(text.String(), action.keyNames()+"\t") || !strings.Contains(strings.ReplaceAll(text.String(), "\t", ""), action.Help) {
				t.Errorf("%s: the help lacks %q", name, action.Label)
			}
		}
	})
}

func TestFooterFits(t *testing.T) {
	s := snapshot(t, blockstore(30, 5))
	for w := minWidth; w < 200; w += 7 {
		screen := newTerminal(t, s, w, 24, Options{}).press("2").text()
		lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
		footer := lines[len(lines)-1]
		if !strings.Contains(footer, "enter open") || !strings.Contains(footer, "? help") || width(footer) > w {
			t.Errorf("at width %d the footer is %q", w, footer)
		}
	}
}
