package report

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"goheap/heap"
)

// Verdict is what a report begins with: at most 24 lines of 80 columns, each Printable.
type Verdict struct {
	Lines []string
	// Rows are the lines that are about something that can be looked at, in their order.
	Rows []VerdictRow
}

// VerdictRow is lines of a verdict that belong together: Lines[First:End].
type VerdictRow struct {
	First, End int
	Suspect    *Suspect // whom they are about, or whom Part is a part of
	Part       string   // what they say of where its bytes are; "" for its sentence
	Holder     *Holder  // or this one
}

// NewVerdict is the verdict with which WriteReport begins.
func NewVerdict(ctx context.Context, s *Snapshot) (*Verdict, error) {
	found, err := Suspects(ctx, s)
	if err != nil {
		return nil, err
	}
	return verdict(ctx, s, found)
}

// say appends lines that are about nothing in particular.
func (v *Verdict) say(lines ...string) { v.Lines = append(v.Lines, lines...) }

// row appends lines that are about what r has.
func (v *Verdict) row(r VerdictRow, lines ...string) {
	r.First = len(v.Lines)
	v.say(lines...)
	r.End = len(v.Lines)
	v.Rows = append(v.Rows, r)
}

// cut leaves the first lines, of which the last says that there were more.
func (v *Verdict) cut(most int) {
	if len(v.Lines) <= most {
		return
	}
	v.Lines = append(v.Lines[:most-1], "   …")
	for i, r := range v.Rows {
		if r.First >= most-1 {
			v.Rows = v.Rows[:i]
			break
		}
		v.Rows[i].End = min(r.End, most-1)
	}
}

// verdictHead says what the program is, where its memory is, and how well it is known:
// memory is the line of its account, "" where the file has none.
func verdictHead(s *Snapshot, memory []string) []string {
	summary := NewSummaryDocument(s)
	src, h, t := summary.Source, summary.Heap, summary.Typing
	checked, _ := s.VerdictText()
	fits := ""
	if percent := share(t.FitBytes, h.LiveBytes); percent >= 500 { // 0.1 %
		fits = ", " + HumanPercent(percent) + " ≈"
	}
	built := fmt.Sprintf("%s %s/%s", Printable(string(src.GoVersion)), Printable(string(src.OS)), Printable(string(src.Arch)))
	known := fmt.Sprintf("%s typed%s, %s behind unknown, check %s%s", HumanPercent(share(t.TypedBytes, h.LiveBytes)), fits, HumanPercent(share(t.BehindUnknown, h.LiveBytes)), checked, incomplete(src.Complete))
	first := fmt.Sprintf("%s: %s live", Printable(filepath.Base(string(src.Path))), amount(h.LiveBytes, h.LiveObjects))
	if memory == nil {
		return slices.Concat(indented("", "  ", first+notLive(s, h)), indented("", "  ", built+", "+known))
	}
	return slices.Concat(indented("", "  ", first+", "+built), memory, indented("", "  ", known))
}

// notLive says how much there is beside what is live: garbage, which no root reaches any
// more, slots of the heap that nobody has, and stacks.
func notLive(s *Snapshot, h HeapDocument) (text string) {
	if h.GarbageBytes != nil {
		text += ", " + HumanBytes(*h.GarbageBytes) + " garbage"
		if free := s.Graph.SlotBytes() - h.LiveBytes - *h.GarbageBytes; free > 0 && free <= s.Graph.SlotBytes() {
			text += ", " + HumanBytes(free) + " free slots"
		}
	}
	stacks := uint64(0)
	for _, g := range s.Process.Goroutines() {
		stacks += g.StackBytes
	}
	if stacks > 0 {
		text += ", " + HumanBytes(stacks) + " stacks"
	}
	return text
}

// HolderLine is the line of a holder in a verdict.
func HolderLine(s *Snapshot, h *Holder) string {
	reaches := "-"
	if h.ReachedKnown {
		reaches = HumanBytes(h.Reached)
	}
	name := "  " + Printable(s.HeldBy(h))
	if uniseg.StringWidth(name) > holderNameWidth {
		name = ShortPaths(name) // what is cut cannot be typed back either
	}
	return holderLine(name, HumanBytes(h.Retained), reaches, comma(h.Objects))
}

// Counted is the node whose retained bytes are those of a row that stands for one node:
// the holder, or where its bytes come together.
func Counted(s *Snapshot, h *Holder) heap.Node {
	if h.At != heap.None && s.Dominators.Retained(h.At) == h.Retained {
		return h.At
	}
	return h.Node
}

// PartNode is the object that a part of a suspect is about: the part begins with its name,
// and has its retained bytes. It is heap.None for a part about many objects or none.
func PartNode(ctx context.Context, s *Snapshot, part string) heap.Node {
	name, rest, ok := strings.Cut(part, ": ")
	if !ok {
		return heap.None
	}
	n, err := s.Find(ctx, name)
	if err != nil || !strings.HasPrefix(rest, HumanBytes(s.Dominators.Retained(n))+" ") {
		return heap.None
	}
	return n
}
