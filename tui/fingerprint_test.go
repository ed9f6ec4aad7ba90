package tui

import (
	"testing"

	"goheap/report"
)

// A suspect that is known is counted with its reason, and not listed in the overview; the
// list of suspects says why it is fine. K copies what a line of the file begins with.
func TestKnownSuspects(t *testing.T) {
	found, err := report.Suspects(t.Context(), snapshot(t, blockstore(2500, 40)))
	if err != nil || len(found) == 0 {
		t.Fatalf("%d suspects, %v", len(found), err)
	}
	const reason = "bounded"
	s := snapshot(t, blockstore(2500, 40))
	s.Known = &report.Known{Path: "fine.txt", Entries: []report.KnownEntry{{Fingerprint: found[0].Fingerprint, Reason: reason, Line: 1}}}
	newTerminal(t, s, 120, 60, Options{}).has("1 suspect is known: ", reason)
	newTerminal(t, s, 120, 40, Options{}).press("6").has("It is known: "+reason, "Known").
		press("K").has("copied " + found[0].Fingerprint)
	newTerminal(t, s, 120, 40, Options{}).press("6/bounded", "enter").has("row 1 of 1")

	unknown := newTerminal(t, snapshot(t, blockstore(2500, 40)), 120, 60, Options{})
	unknown.hasNot("is known: ").press("K").has("copied " + found[0].Fingerprint)
	unknown.press("6").hasNot("It is known", " Known")
	unknown.press("5K").has("K does nothing here")
}
