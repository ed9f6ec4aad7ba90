package tui

import (
	"testing"

	"goheap/internal/testcore"
	"goheap/report"
)

// What a target names that is no object is inspected too: a part of one, and data of the
// program that holds nothing on the heap.
func TestGoToParts(t *testing.T) {
	core := testcore.Core(t, "named", testcore.Options{}, testcore.Kernel).Core
	s, err := report.Load(t.Context(), core, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for target, want := range map[string][]string{
		"main.count":                {"main.count   int   8 B at 0x", "data of the program that holds nothing on the heap", "7"},
		"main.config.Limits":        {"main.config.Limits   main.Limits   16 B at 0x", "part of main.config, which holds nothing on the heap", " Max ", " Min ", "9"},
		"main.registry.items[4].ID": {"main.registry.items[4].ID   int", "part of main.Session", "5"},
		"main.shape.side":           {"main.shape.side   int", "part of main.Square", "4"},
		"&main.registry.items":      {"&main.registry.items   []*main.Session", "part of main.registry", "len 5 cap 8"},
		"main.spare[1:3]":           {"main.spare[1:3]   []*main.Session   16 B", "part of []*main.Session", "[1]"},
		"len(main.spare)":           {"len(main.spare)   int", "3"},
	} {
		tm := newTerminal(t, s, 140, 40, Options{}).press(":"+target, "enter")
		tm.has(want...)
		place := tm.app.location()
		tm.press("tab").has("fields alone")
		tm.press("w", "esc", "enter", "g", "l", "h", "esc")
		// The location leads back.
		tm.press("1", ":"+place, "enter").has(want...)
	}
	// A node is what it was.
	newTerminal(t, s, 140, 40, Options{}).press(":main.registry", "enter").has("main.registry", "retains").hasNot("part of")
}
