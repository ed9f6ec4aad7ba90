package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"goheap/gocore"
	"goheap/heap"
)

// RuleGroup is the rule for many small retainers of one type that hold much
// together.
const RuleGroup = "group"

func groupRule() Rule {
	return Rule{
		Name:  RuleGroup,
		Title: "group of one type",
		Doc: "Objects of one type that nothing but several roots holds, none of them suspect by itself, add up to more than a tenth of the live heap. " +
			"Their accumulation point is where the shortest paths to more than 0.8 of them come together, if they do.",
		Try:  "All holders must let go of them: goheap why says how each is held.",
		find: findGroups,
	}
}

// findGroups is step 3 of MAT's leak hunter: what is left of the children of the
// super-root, by type. Their subtrees are disjoint, so that the sum counts nothing
// twice; roots are of no type.
func findGroups(ctx context.Context, h *hunt) error {
	var groups []Suspect
	var rows [][]*Holder // by group
	place := map[heap.TypeID]int{}
	for i := range h.holders {
		r := &h.holders[i]
		if h.claimed[i] || r.Kind != RetainerJoint && r.Kind != RetainerObject {
			continue
		}
		at, old := place[r.TypeID]
		if !old {
			at = len(groups)
			place[r.TypeID] = at
			groups = append(groups, Suspect{Rule: RuleGroup, Name: r.Type, Type: r.Type, Node: r.Node})
			rows = append(rows, nil)
		}
		g := &groups[at]
		rows[at] = append(rows[at], r)
		g.Count += r.Count
		g.Retained += r.Retained
		g.Members = append(g.Members, r.Members...)
		if h.s.Dominators.Retained(r.Node) > h.s.Dominators.Retained(g.Node) {
			g.Node = r.Node
		}
	}
	for i, g := range groups {
		if g.Retained <= h.threshold {
			continue
		}
		if r := nearlyOne(rows[i], g.Retained); r != nil && len(rows[i]) > 1 {
			g.Node, g.Count, g.Retained, g.Members = r.Node, r.Count, r.Retained, slices.Clone(r.Members)
			rows[i] = []*Holder{r}
		}
		if len(rows[i]) == 1 {
			g.holding = singleHolders(h.s, rows[i][0])
		}
		slices.Sort(g.Members)
		err := h.gather(ctx, &g)
		if err != nil {
			return err
		}
		if g.Sentence, err = h.groupSentence(ctx, &g, rows[i]); err != nil {
			return err
		}
		h.found = append(h.found, g)
	}
	return nil
}

// nearlyOne is the row that has nearly all bytes of some, nil if none has: what is told of
// it is who holds it, and not that others of the type are held otherwise.
func nearlyOne(rows []*Holder, total uint64) *Holder {
	const nearly = 10
	for _, r := range rows {
		if r.Retained >= total-total/nearly {
			return r
		}
	}
	return nil
}

// singleHolders are those of a row's holders that stand for themselves.
func singleHolders(s *Snapshot, r *Holder) (roots []heap.Node) {
	if !r.Classes {
		return nil
	}
	c := s.rootsByClass()
	for _, n := range r.Holders {
		if len(c.all[c.of[n-1]].roots) == 1 {
			roots = append(roots, n)
		}
	}
	return roots
}

func (h *hunt) groupSentence(ctx context.Context, f *Suspect, rows []*Holder) (string, error) {
	if len(rows) == 1 {
		what, err := h.heldThrough(ctx, rows[0])
		return fmt.Sprintf("%s, %s %s alive.", Printable(what), keep(f.Count), h.amount(f.Retained)), err
	}
	text := fmt.Sprintf("%s of type %s, each held by several roots, %s %s alive; ",
		plural(f.Count, "object"), Printable(f.Name), keep(f.Count), h.amount(f.Retained))
	if f.Gathered {
		return text + "nearly all are reached through " + Printable(f.Accumulation.Expression) + ".", nil
	}
	return text + "the largest is " + Printable(h.s.Expression(h.s.Dominators.PathTo(f.Node))) + ".", nil
}

// throughWork bounds the pointers that are looked at to find out through what a variable
// or goroutine holds something.
const throughWork = 1 << 21

// heldThrough is heldBy, in which a goroutine that stands for itself, or a variable, is
// named with what of it leads to nearly all members: "main.main main.go:12 · h.clients".
func (h *hunt) heldThrough(ctx context.Context, r *Holder) (string, error) {
	s := h.s
	if len(r.Holders) == 0 || r.Members == nil {
		return s.heldBy(r, shortModules), nil
	}
	var failed error
	c := s.rootsByClass()
	types := s.Heap.TypeIDs()
	members := slices.DeleteFunc(slices.Clone(r.Members), func(n heap.Node) bool { return types[n] != r.TypeID })
	name := func(root heap.Node) string {
		kind := s.Heap.KindOf(root)
		if len(c.all[c.of[root-1]].roots) == 1 && (kind == gocore.GoroutineRoot || kind == gocore.GlobalRoot) {
			path, err := s.Dominators.WayFrom(s.within(ctx), root, members, throughWork)
			if failed = cmp.Or(failed, err); path != nil {
				text := shortModules(s.Expression(path))
				if typ, ok := mapOfInside(s.Heap.Type(path[len(path)-1])); ok && strings.Contains(text, unnamedWord) {
					text += " (" + shortModules(typ) + ")" // which map it is, the place does not say
				}
				return text
			}
		}
		return shortModules(holderName(s, r, root))
	}
	what := jointly(r, shortModules)
	return what + holderNames(r, name, holderWidth-uniseg.StringWidth(what)), failed
}
