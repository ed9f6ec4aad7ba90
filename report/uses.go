package report

import (
	"slices"

	"goheap/heap"
)

// Programs without symbols have no names of their variables. What the code does with one
// says which it is.

// mostUses is how many variables of a suspect have a line with what uses them.
const mostUses = 3

// useLines say of the variables without a name that a suspect hangs on what uses them.
func useLines(s *Snapshot, f *Suspect) (lines []string) {
	if !stripped(s) {
		return nil
	}
	var told []string
	for _, root := range rootsOf(s, f) {
		u := s.Heap.UsedBy(root)
		if u.Words == "" || len(lines) == mostUses || u.First != "" && slices.Contains(told, u.First) {
			continue
		}
		told = append(told, u.First)
		lines = append(lines, s.Heap.Name(root)+" is "+u.Words)
	}
	return lines
}

// stripped reports whether the executable has no names of variables.
func stripped(s *Snapshot) bool { return s.Process.Source().Symbols == "stripped" }

// rootsOf returns the roots that a suspect is, or that hold it.
func rootsOf(s *Snapshot, f *Suspect) (roots []heap.Node) {
	add := func(n heap.Node) {
		if n != heap.None && s.Graph.IsRoot(n) && !slices.Contains(roots, n) && len(roots) < maxUses {
			roots = append(roots, n)
		}
	}
	add(f.Node)
	for _, list := range [][]heap.Node{f.Members, f.holding, f.holders} {
		for _, n := range list {
			add(n)
		}
	}
	if len(roots) == 0 {
		if path := calledBy(s.Dominators.PathTo(f.Node), f.lead); len(path) > 0 {
			add(path[0])
		}
	}
	return roots
}

// maxUses bounds the roots that are asked for what uses them.
const maxUses = 16

// usedBy lists the functions that use a root without a name.
func usedBy(s *Snapshot, n heap.Node) (list []Escaped) {
	if !stripped(s) {
		return nil
	}
	for _, f := range s.Heap.UsedBy(n).Functions {
		list = append(list, Escaped(f))
	}
	return list
}
