package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/gocore/wait"
	"goheap/heap"
)

// RuleDeadlock is the rule for goroutines that wait for each other.
const RuleDeadlock = "deadlock"

func deadlockRule() Rule {
	return Rule{
		Name:  RuleDeadlock,
		Title: "deadlock",
		Doc: "Goroutines wait for each other in a circle, which is proven, and with those who wait for them hold more than a twentieth of live heap and stacks. " +
			"However little it holds, a deadlock, proven or likely, has a line below the suspects.",
		Try:  "Take the locks in one order, and give them back before you wait: goheap waits shows the circle.",
		find: findDeadlocks,
	}
}

// deadlocks returns who waits for whom, nil where nobody can be in a deadlock. That is asked
// for only where somebody waits in vain, or for a lock, or the first goroutine waits, of
// which nobody says that it is leaked.
func deadlocks(ctx context.Context, s *Snapshot) (*WaitPlaces, error) {
	leaks, err := leaked(ctx, s)
	if err != nil {
		return nil, err
	}
	const first = 1
	waits := len(leaks) > 0 || slices.ContainsFunc(s.Process.Goroutines(), func(g gocore.Goroutine) bool {
		return strings.HasPrefix(g.WaitReason, "sync.") || g.WaitReason == "semacquire" ||
			g.ID == first && (strings.HasPrefix(g.WaitReason, "chan ") || strings.HasPrefix(g.WaitReason, "select"))
	})
	if !waits {
		return nil, nil
	}
	return FindWaitPlaces(ctx, s)
}

// findDeadlocks explains the goroutines that are suspects by the deadlock that they are in,
// or wait for.
func findDeadlocks(ctx context.Context, h *hunt) error {
	w, err := deadlocks(ctx, h.s)
	if w == nil || err != nil {
		return err
	}
	for i := range w.Deadlocks {
		d := &w.Deadlocks[i]
		if !d.Proven || !proves(h.s) {
			continue
		}
		f := finding{rule: RuleDeadlock, node: heap.None, try: deadlockRule().Try}
		for _, g := range slices.Concat(d.Members, d.Behind) {
			n := w.Goroutines[g].Node
			f.count++
			f.retained += h.s.Dominators.Retained(n)
			if f.node == heap.None || h.s.Dominators.Retained(n) > h.s.Dominators.Retained(f.node) {
				f.node = n
			}
		}
		f.name = h.s.Heap.Name(f.node)
		f.why = "They are in a deadlock: " + w.inLine(d) + "."
		f.sentence = fmt.Sprintf("A deadlock of %s keeps %s alive.", plural(f.count, "goroutine"), h.amount(f.retained))
		h.note(f)
	}
	return nil
}

// inLine says in one line who is in a deadlock, and where.
func (w *WaitPlaces) inLine(d *wait.Deadlock) string {
	const most = 3
	var at []string
	for _, step := range d.Cycle[:min(len(d.Cycle), most)] {
		at = append(at, fmt.Sprintf("goroutine %d at %s", w.id(step.Goroutine), Printable(shortPlace(step.At))))
	}
	if more := len(d.Members) - len(at); more > 0 {
		at = append(at, fmt.Sprintf("%s more", comma(uint64(more))))
	}
	text := strings.Join(at, ", ") + " " + together(d)
	if len(d.Members) == 1 {
		text = at[0] + " waits for itself"
	}
	if n := len(d.Behind); n > 0 {
		text += fmt.Sprintf(", %s more for them", comma(uint64(n)))
	}
	return text
}

// deadlockLines say how many deadlocks there are, and who is in the first of those that are
// proven and of those that are likely.
func deadlockLines(ctx context.Context, s *Snapshot) (lines []string, err error) {
	w, err := deadlocks(ctx, s)
	if w == nil || err != nil {
		return nil, err
	}
	firsts, counts := map[string]int{}, map[string]uint64{}
	for i := range w.Deadlocks {
		sure := certainty(s, &w.Deadlocks[i])
		if counts[sure]++; counts[sure] == 1 {
			firsts[sure] = i
		}
	}
	for _, sure := range []string{"proven", "likely"} {
		if counts[sure] == 0 {
			continue
		}
		text := fmt.Sprintf("%s, %s: %s", plural(counts[sure], "deadlock"), sure, w.inLine(&w.Deadlocks[firsts[sure]]))
		if counts[sure] > 1 {
			text += "; and others"
		}
		lines = append(lines, text+" (goheap waits)")
	}
	return lines, nil
}
