package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"goheap/heap"
)

// suspectPart is the part of the live heap above which a retainer or a group of
// them is suspect: a tenth, as Eclipse MAT's leak hunter has it.
const suspectPart = 10

// Rules by which something becomes suspect.
const (
	RuleSingle = "single" // one retainer holds a large share
	RuleGroup  = "group"  // many small retainers of one kind hold it together
)

// Suspect is what probably should not hold as much as it does.
type Suspect struct {
	Rule         string
	Name         string // of the root or object, the type, or the goroutines' function
	Type         string
	Node         heap.Node // of a group, the member that retains most
	Address      uint64    // 0 for a group
	Count        uint64    // retainers, 1 for a single one
	Retained     uint64    // bytes
	Accumulation Accumulation
	Sentence     string // Printable
}

// Suspects applies the rules of Eclipse MAT's leak hunter: each retainer above
// a tenth of the live heap is one; of the rest, those of one type (objects) or
// of one function and creator (goroutines) are one when they come above it
// together. The largest stand first.
func (s *Snapshot) Suspects(ctx context.Context, values bool) ([]Suspect, error) {
	retainers, err := s.Retainers(ctx)
	if err != nil {
		return nil, err
	}
	threshold := s.Dominators.LiveBytes() / suspectPart
	var found []Suspect
	type group struct {
		Suspect
		retained uint64 // of Node
	}
	var groups []group
	place := map[string]int{}
	goroutines := s.goroutineByNode()
	for _, r := range retainers {
		if r.Retained > threshold && r.Kind != kindJoint {
			found = append(found, Suspect{Rule: RuleSingle, Name: r.Name, Type: r.Type, Node: r.Node, Address: r.Address, Count: 1, Retained: r.Retained})
			continue
		}
		one := Suspect{Rule: RuleGroup, Node: r.Node, Type: r.Type, Name: r.Type}
		var key string
		switch g, isGoroutine := goroutines[r.Node]; {
		case r.Kind == kindJoint || r.Kind == kindObject:
			key = fmt.Sprintf("type %d", r.TypeID)
		case isGoroutine:
			one.Name = g.Func
			key = "goroutine " + g.Func + "\x00" + g.CreatedBy
		default:
			continue // two globals have nothing in common
		}
		at, old := place[key]
		if !old {
			at = len(groups)
			place[key] = at
			groups = append(groups, group{Suspect: one})
		}
		g := &groups[at]
		g.Count += r.Count
		g.Retained += r.Retained
		if retained := s.Dominators.Retained(r.Node); retained > g.retained {
			g.Node, g.retained = r.Node, retained
		}
	}
	for _, g := range groups {
		if g.Retained > threshold {
			found = append(found, g.Suspect)
		}
	}
	slices.SortStableFunc(found, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Name, b.Name))
	})
	for i := range found {
		f := &found[i]
		f.Accumulation = s.Accumulation(f.Node, values)
		f.Sentence = s.sentence(f, goroutines, values)
	}
	return found, nil
}

func (s *Snapshot) goroutineByNode() map[heap.Node]GoroutineRow {
	byNode := map[heap.Node]GoroutineRow{}
	for i, g := range s.Process.Goroutines() {
		byNode[g.Node] = GoroutineRow{Goroutine: g, Index: i}
	}
	return byNode
}

// sentence says in words what is suspect.
func (s *Snapshot) sentence(f *Suspect, goroutines map[heap.Node]GoroutineRow, values bool) string {
	size := fmt.Sprintf("%s (%s of the live heap)", HumanBytes(f.Retained), HumanPercent(s.Share(f.Retained)))
	name, at := Printable(f.Name), Printable(f.Accumulation.Expression)
	if f.Rule == RuleSingle {
		text := fmt.Sprintf("%s keeps %s alive", name, size)
		if f.Accumulation.Node != f.Node && at != name {
			text += fmt.Sprintf(", of which %s in %s", HumanBytes(f.Accumulation.Retained), at)
			if f.Accumulation.Type != "" {
				text += fmt.Sprintf(" (%s)", Printable(f.Accumulation.Type))
			}
		} else if !s.Graph.IsRoot(f.Node) {
			text += ", held as " + at // its name is but an address
		}
		return text + "."
	}
	if g, ok := goroutines[f.Node]; ok {
		return fmt.Sprintf("%s, %s %s alive.", Printable(goroutinesIn(f.Count, g)), keep(f.Count), size)
	}
	return fmt.Sprintf("%s of type %s, each held by several roots, %s %s alive; the largest is %s.",
		plural(f.Count, "object"), name, keep(f.Count), size, Printable(s.Expression(s.Dominators.PathTo(f.Node), values)))
}

func keep(n uint64) string {
	if n == 1 {
		return "keeps"
	}
	return "keep"
}

// SuspectDocument is a suspect in JSON.
type SuspectDocument struct {
	Rule         string                `json:"rule"`
	Name         Optional              `json:"name"`
	Type         Optional              `json:"type"`
	Address      Address               `json:"address"`
	Count        uint64                `json:"count"`
	Retained     uint64                `json:"retained_bytes"`
	Percent      Percentage            `json:"percent"`
	Sentence     Escaped               `json:"sentence"`
	Accumulation *AccumulationDocument `json:"accumulation"`
}

func (s *Snapshot) suspectDocument(f Suspect) SuspectDocument {
	return SuspectDocument{
		f.Rule, Optional(f.Name), Optional(f.Type), Address(f.Address), f.Count, f.Retained,
		Percentage(s.Share(f.Retained)), Escaped(f.Sentence), accumulationDocument(f.Accumulation),
	}
}
