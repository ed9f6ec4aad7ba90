package tui

import (
	"strings"
	"testing"
)

// Where a location leads is what was shown when it was taken: the same rows, the
// same order and filter, the same selection.
func TestLocations(t *testing.T) {
	s := snapshot(t, blockstore(60, 5))
	for _, keys := range [][]string{
		nil, {"jj"}, {"2"}, {"3"}, {"3jj"}, {"3/Block", "enter", "j"}, {"3s", "S", "jj"}, {"3u"}, {"3u", "enter", "j"}, {"3", "enter", "jj"}, {"3j", "enter", "s", "G"},
		{"4j"}, {"4u"}, {"4uuj"}, {"5"}, {"5u"}, {"5uujj"}, {"6"}, {"7"}, {"8"}, {"9j"}, {"=retained > 100", "enter", "jj"},
		{"3", "enter", "i"}, {"3", "enter", "<"}, {"3j", "enter", ">"}, {"3", "enter", ">", "tab"}, {"3", "enter", ">", "tab", "tab"}, {"3j", "enter", "w"}, {"5", "enter", "enter"}, {"?"}, {"'"},
		{"3/=retained > 1KiB && objects > 1", "enter", "s"}, {"4/a&b=c?d%e", "enter"},
		{":main.srv", "enter", "/main", "enter", "j"}, {":main.srv", "enter", "/log", "enter"},
	} {
		name := strings.Join(keys, " ")
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			from := newTerminal(t, s, 110, 30, Options{}).press(keys...)
			from.app.message = ""
			from.draw()
			place := from.app.location()
			if place == "" {
				t.Fatal("no location")
			}
			to := newTerminal(t, s, 110, 30, Options{At: place})
			to.app.message = ""
			to.draw()
			// The way there may differ.
			body := func(tm *terminal) string {
				lines := strings.Split(tm.text(), "\n")
				return strings.Join(append(lines[:1:1], lines[3:]...), "\n")
			}
			if body(from) != body(to) {
				t.Errorf("%s shows\n%s\nand was\n%s", place, to.text(), from.text())
			}
			if again := to.app.location(); again != place {
				t.Errorf("%s leads to %s", place, again)
			}
		})
	}
}

// Who starts at what there is not is told what can be written, and sees the overview.
func TestStartNowhere(t *testing.T) {
	s := snapshot(t, blockstore(60, 5))
	tm := newTerminal(t, s, 110, 30, Options{At: "nowhere"})
	if text := tm.text(); !strings.Contains(text, "nowhere is no view (overview, types, roots, …) and no TARGET: see goheap help targets") || tm.app.location() != "overview" {
		t.Errorf("at %s:\n%s", tm.app.location(), text)
	}
}

func FuzzPlace(f *testing.F) {
	f.Add("types?filter=Block&sort=-objects")
	f.Add("object:0xc000")
	f.Add("frames:g:17?at=%zz")
	f.Fuzz(func(t *testing.T, text string) {
		kinds := placeKinds(viewKinds())
		p, ok := parsePlace(kinds, text)
		if _, known := kinds[p.kind]; ok && !known || !ok && p.kind != "" {
			t.Errorf("%q is %+v, %v", text, p, ok)
		}
	})
}

// A key that comes before the rows is not lost.
func TestOpensWhenLoaded(t *testing.T) {
	s := snapshot(t, blockstore(60, 5))
	d := newDeferred(t, s, 100, 30, Options{})
	d.press("3", "enter", "4")
	d.work()
	d.has("[4 Roots]").hasNot("Roots > ")
}

// Every view has all that its row of the table must have, every place has one row,
// and what is shown has a place that is listed.
func TestViewKinds(t *testing.T) {
	views := viewKinds()
	names, total := placeKinds(views), 0
	for i, v := range views {
		total += len(v.places)
		if i < int(tabCount) && (v.title == "" || v.short == "" || v.make == nil || !strings.HasSuffix(v.help, ".") || len(v.places) == 0) {
			t.Errorf("the numbered view %d lacks something: %+v", i+1, v)
		}
		if v.own != "" && v.make == nil {
			t.Errorf("nothing says which keys there are in %s", v.own)
		}
	}
	if total != len(names) {
		t.Errorf("%d places have %d names", total, len(names))
	}
	everyView(t, func(name string, tm *terminal) {
		kind, of := tm.app.top().where()
		if place, known := names[kind]; kind != "" && (!known || place.of && of == "") {
			t.Errorf("%s: the place %s:%s is not in the table", name, kind, of)
		}
	})
}
