package tui

// trail is the way that a person has come, as a browser has it.
type trail struct {
	base    [tabCount]view // the numbered views, made when first opened
	stack   []view         // the views under each other, the one on top last
	history [][]view       // stacks that were left, for going back
	future  [][]view       // stacks that were gone back from
}

// historyLimit bounds how far one can go back.
const historyLimit = 200

// top is the view that is shown, nil while loading.
func (t *trail) top() view {
	if len(t.stack) == 0 {
		return nil
	}
	return t.stack[len(t.stack)-1]
}

// visit replaces the stack of views and remembers the old one.
func (t *trail) visit(stack []view) {
	if len(t.stack) > 0 {
		t.history = append(t.history, t.stack)
		if len(t.history) > historyLimit {
			t.history = t.history[1:]
		}
	}
	t.future = nil
	t.stack = stack
}

// back goes to the stack that was shown before; there must be one.
func (t *trail) back() { t.step(&t.history, &t.future) }

// forth undoes back; there must be something to undo.
func (t *trail) forth() { t.step(&t.future, &t.history) }

func (t *trail) step(from, to *[][]view) {
	last := len(*from) - 1
	*to = append(*to, t.stack)
	t.stack = (*from)[last]
	*from = (*from)[:last]
}
