package tui

import "testing"

// Keys that are pressed while a job runs mean what they would after it; those that leave
// the view do not wait, and esc forgets the others.
func TestKeysWait(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	d := newDeferred(t, s, 100, 30, Options{})
	d.press("3").has("[3 Types]", "loading Types")
	d.press("enter", "j", "w").has("3 keys waiting").hasNot("Types > ")
	d.work()
	d.has("Types > []uint8 > why alive")
	d.press("-").selected("0xc000012000")
	before := d.app.top().grid().selected
	if before != 1 {
		t.Errorf("row %d is selected after one j", before)
	}

	d = newDeferred(t, s, 100, 30, Options{})
	d.press("5", "enter", "enter").has("2 keys waiting").press("esc").has("stopped")
	d.work()
	d.hasNot("Goroutines by stack > ", "waiting")

	// What is typed behind : goes to the question, not to the view.
	d = newDeferred(t, s, 100, 30, Options{})
	d.press("3", ":", "main.srv", "enter", "j").has("11 keys waiting")
	d.work()
	d.has("main.srv", "[Fields]").selected("created")

	// Another view is opened at once.
	d.press("3", "4").has("[4 Roots]").hasNot("waiting")
	d.work()
	d.has("main.history")
}

// The footer says what esc and q do now.
func TestBackKeys(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 160, 40, Options{})
	tm.has("q quit").hasNot("esc ")
	tm.press("3").hasNot("esc ").press("/Block", "enter").has("esc clear filter", "q quit")
	tm.press("enter").has("esc back", "q close").press("esc").has("esc clear filter").press("esc").hasNot("esc ")
	tm.press("8", "enter").has("esc zoom out", "q quit").press("esc").hasNot("esc ")
}
