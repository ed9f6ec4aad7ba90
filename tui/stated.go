package tui

// stated is a list with a sentence above it that says what its rows are about together.
// Whoever loads the rows sets it, clean. It stands above the numbered view that it was asked
// from.
type stated struct {
	*list
	sentence string
}

// newStated is newList; the sentence has as many lines as are given, and no more than half
// of the screen.
func newStated(a *App, crumb string, in tab, kind string, lines int) *stated {
	v := &stated{list: newList(a, crumb, in, kind)}
	v.list.head = func(w, h int) []string {
		if v.sentence == "" {
			return nil
		}
		return append(wrap(v.sentence, w, max(min(h/2, lines), 1)), "")
	}
	return v
}

func (v *stated) tab() tab { return v.app.stack[0].tab() }
