package report

import (
	"strings"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/repeat"
)

// HopRun is one line of a path: a hop, or hops that follow each other over and over
// (".next ×300,000"). It stands for Times times the hops of one round.
type HopRun struct {
	First int // in the path's hops: the first
	Last  int // and the last that the line stands for
	From  int // the hop in front of it, -1 for none
	Word  string
	// Expression is what one round adds to that of the path, "" for nothing.
	Expression string
	Times      int
	// Round is how many hops one round has.
	Round     int
	Dominates bool // the path's end cannot live without any of them
}

// HopRuns lays a path out in lines: a map or channel is one hop with its parts unless
// physical is set, and hops that repeat are one line. The root and the end of the path
// have lines of their own.
func (s *Snapshot) HopRuns(path gocore.Path, physical bool) []HopRun {
	end := len(path.Hops) - 1
	var hops []HopRun
	for i, h := range path.Hops {
		if h.Internal && !physical && i < end {
			continue
		}
		run := HopRun{First: i, Last: i, From: i - 1, Word: s.HopWord(path, i), Expression: s.hopExpr(h), Times: 1, Round: 1,
			Dominates: s.Dominators.Dominates(h.Node, path.Hops[end].Node)}
		if physical && run.Word != Pointee {
			run.Expression = run.Word
		}
		hops = append(hops, run)
	}
	same := func(a, b int) bool {
		x, y := &hops[a], &hops[b]
		return x.Word == y.Word && x.Dominates == y.Dominates && path.Hops[x.First].Type == path.Hops[y.First].Type
	}
	runs := hops[:0:0]
	for i := 0; i < len(hops); {
		round, times := 1, 1
		if i > 0 {
			round, times = repeat.At(i, len(hops)-1, same)
		}
		run := hops[i]
		if times > 1 {
			run.Times, run.Round, run.Last = times, round, hops[i+round*times-1].Last
			var words, expression strings.Builder
			for k := i; k < i+round; k++ {
				run.Dominates = run.Dominates && hops[k].Dominates
				expression.WriteString(hops[k].Expression)
				if k > i && !strings.HasPrefix(hops[k].Word, ".") && !strings.HasPrefix(hops[k].Word, "[") {
					words.WriteByte(' ')
				}
				words.WriteString(hops[k].Word)
			}
			run.Word, run.Expression = words.String(), expression.String()
			if round > 1 || strings.ContainsAny(run.Word[1:], ".[(") {
				run.Word = "(" + run.Word + ")" // so that it is clear what is repeated
			}
		}
		runs = append(runs, run)
		i += round * times
	}
	return runs
}

// disjoint reports whether a path shares no object with any of those before it, apart
// from its ends.
func disjoint(path []heap.Node, before [][]heap.Node) bool {
	if len(path) < 3 {
		return true
	}
	inner := make(map[heap.Node]bool, len(path))
	for _, n := range path[1 : len(path)-1] {
		inner[n] = true
	}
	for _, other := range before {
		for _, n := range other[:len(other)-1] {
			if inner[n] {
				return false
			}
		}
	}
	return true
}
