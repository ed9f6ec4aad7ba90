package tui

import (
	"strings"
	"testing"
)

// everyView opens each kind of view once.
func everyView(t *testing.T, visit func(name string, tm *terminal)) {
	s := snapshot(t, blockstore(30, 5))
	for name, keys := range map[string][]string{
		"overview": nil, "dominators": {"2"}, "types": {"3"}, "instances": {"3", "enter"}, "roots": {"4"}, "goroutines": {"5"},
		"members": {"5", "enter"}, "frames": {"5", "enter", "enter"}, "inspector": {"i"}, "referrers": {"i", "tab"},
		"path": {"w"}, "problems": {"p"}, "help": {"?"},
	} {
		visit(name, newTerminal(t, s, 100, 30, Options{}).press(keys...))
	}
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
