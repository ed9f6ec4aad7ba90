package report

import (
	"context"
	"fmt"
	"strings"
)

// RuleContext is the rule for contexts that nobody cancels.
const RuleContext = "context"

// manyChildren is the number of children from which a context is suspect.
const manyChildren = 1000

func contextRule() Rule {
	return Rule{
		Name:  RuleContext,
		Title: "contexts not cancelled",
		Doc: "A context has a thousand children or more that are not cancelled, which retain more than a twentieth of live heap and stacks: " +
			"each child stays with its parent until it is cancelled or its parent is.",
		Try:  "Call the cancel function of each when its work is done: defer cancel().",
		find: findContexts,
	}
}

// findContexts looks at the maps by which a context knows its children (context/context.go,
// cancelCtx).
func findContexts(ctx context.Context, h *hunt) error {
	nodes, err := h.ofType(ctx, func(name string) bool {
		return strings.HasPrefix(name, "map[context.canceler]struct") && !strings.HasSuffix(name, "(insides)")
	})
	if err != nil {
		return err
	}
	s, d := h.s, h.s.Dominators
	for _, n := range nodes {
		if d.Retained(n) <= h.least {
			continue
		}
		path := d.PathTo(n)
		children := s.lengthOf(path)
		if !children.known || children.n < manyChildren {
			continue
		}
		name := strings.TrimSuffix(s.Expression(path), ".children")
		name = strings.TrimSuffix(name, ".(*context.cancelCtx)")
		h.note(finding{
			rule: RuleContext, node: n, name: name, count: uint64(children.n), retained: d.Retained(n), try: contextRule().Try,
			why:      fmt.Sprintf("%s contexts made from it are not cancelled.", comma(uint64(children.n))),
			sentence: fmt.Sprintf("%s keeps %s alive.", Printable(name), h.amount(d.Retained(n))),
		})
	}
	return nil
}
