package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/heap"
)

// RulePool is the rule for a sync.Pool that keeps what is large.
const RulePool = "pool"

// giantItem is the average size of what a pool has from which it is suspect.
const giantItem = 256 << 10

func poolRule() Rule {
	return Rule{
		Name:  RulePool,
		Title: "sync.Pool that keeps giants",
		Doc: "What lies in a sync.Pool for the next to take retains more than a twentieth of live heap and stacks, 256 KiB each on average. " +
			"The next two collections free what nobody takes; until then it is there for nothing.",
		Try:  "Put nothing back that has grown beyond its usual size.",
		find: findPools,
	}
}

// ofPool reports whether a type is one that sync.Pool consists of (sync/pool.go and
// sync/poolqueue.go).
func ofPool(typ string) bool {
	typ = strings.TrimPrefix(unmarked(typ), "[]")
	return strings.HasPrefix(typ, "sync.pool") || typ == "sync.eface"
}

// pool is what lies in one.
type pool struct {
	name     string
	node     heap.Node
	items    []heap.Node
	retained uint64
}

func findPools(ctx context.Context, h *hunt) error {
	nodes, err := h.ofType(ctx, func(name string) bool { return name == "[]sync.poolLocal" })
	if err != nil {
		return err
	}
	var pools []*pool
	byName := map[string]*pool{}
	s, d := h.s, h.s.Dominators
	for _, n := range nodes {
		name := poolName(s, n)
		p := byName[name]
		if p == nil {
			p = &pool{name: name, node: n}
			byName[name] = p
			pools = append(pools, p)
		}
		if d.Retained(n) > d.Retained(p.node) {
			p.node = n
		}
		p.retained += d.Retained(n)
		for open := []heap.Node{n}; len(open) > 0; {
			at := open[len(open)-1]
			open = open[:len(open)-1]
			d.EachChild(at, func(c heap.Node, _ uint64) {
				if ofPool(s.Heap.Type(c)) {
					open = append(open, c)
				} else {
					p.items = append(p.items, c)
				}
			})
		}
	}
	for _, p := range pools {
		if len(p.items) == 0 || p.retained/uint64(len(p.items)) < giantItem {
			continue
		}
		slices.Sort(p.items)
		parts, err := madeOf(ctx, s, p.items, nil, p.retained, true)
		if err != nil {
			return err
		}
		try, made := poolRule().Try, madeText(parts)
		if !s.Graph.IsRoot(d.Idom(p.node)) {
			made = fmt.Sprintf("%s: %s", ShortPaths(p.name), made) // the suspect may be what it is a part of
		}
		h.note(finding{
			rule: RulePool, node: p.node, name: p.name, count: uint64(len(p.items)), retained: p.retained, try: try, made: made,
			why: fmt.Sprintf("A sync.Pool with %s in it, %s each on average: the next two collections free what nobody takes.",
				plural(uint64(len(p.items)), "object"), HumanBytes(p.retained/uint64(len(p.items)))),
			sentence: fmt.Sprintf("%s keeps %s alive.", Printable(p.name), h.amount(p.retained)),
		})
	}
	return nil
}
