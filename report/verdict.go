package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"goheap/gocore"
	"goheap/heap"
)

const (
	// verdictWidth and verdictLines are the terminal that nobody has made larger.
	verdictWidth = 80
	verdictLines = 24
	// leastShare is the share of the live heap from which a holder is worth a line, in
	// millionths, as Share has it.
	leastShare = 1000
	leastHeld  = 1 << 10 // bytes, likewise
	// verdictSuspects is how many suspects the verdict has room for.
	verdictSuspects = 3
	// verdictHolders is how many lines are kept for the holders, their heading included.
	verdictHolders = 6
)

// verdict returns the first lines of a report: what the program is, what is suspect in
// words, and who holds most.
func verdict(ctx context.Context, s *Snapshot, found []Suspect) (*Verdict, error) {
	leaks, err := leaked(ctx, s)
	if err != nil {
		return nil, err
	}
	memory, err := memoryLines(ctx, s)
	if err != nil {
		return nil, err
	}
	v := &Verdict{Lines: append(verdictHead(s, memory), "")}
	others := otherLeaks(s, leaks, found)
	deadlocks, err := deadlockLines(ctx, s)
	if err != nil {
		return nil, err
	}
	found, known := told(found)
	if len(found) == 0 && others == "" && len(deadlocks) == 0 {
		nothing := "Nothing suspicious is alive."
		if len(known) > 0 {
			nothing = "Nothing suspicious is alive that is not known."
		}
		v.say(nothing)
	}
	shown := found[:min(len(found), verdictSuspects)]
	holders, err := s.Holders(ctx)
	if err != nil {
		return nil, err
	}
	parts := make([][]string, len(shown))
	used := len(v.Lines) + max(verdictHolders, largeHolders(s, holders)+3)
	if more := found[len(shown):]; len(more) > 0 {
		used += len(moreText(more))
	}
	for i := range shown {
		if parts[i], err = suspectParts(ctx, s, &shown[i]); err != nil {
			return nil, err
		}
		parts[i] = append(parts[i], useLines(s, &shown[i])...)
		used += len(suspectLines(s, &shown[i], i))
		for _, p := range parts[i] {
			used += len(partLines(p))
		}
	}
	// What to do stands there as long as there is room for the first holders too: first
	// where it is known what a suspect is, then the rest of it, then the commands, which
	// would be others if they were cut.
	advice, hints := make([][]string, len(shown)), make([][]string, len(shown))
	fits := func(lines []string) bool {
		if len(lines) == 0 || used+len(lines) > verdictLines {
			return false
		}
		used += len(lines)
		return true
	}
	for _, known := range []bool{true, false} {
		for i := range shown {
			f := &shown[i]
			words := shortModules(strings.TrimSpace(f.Why + " " + f.Try))
			if lines := indented("   ", "   ", words); (f.Why != "") == known && words != "" && fits(lines) {
				advice[i] = lines
			}
		}
	}
	for i := range shown {
		if lines := suspectHints(ctx, s, &shown[i]); fits(lines) {
			hints[i] = lines
		}
	}
	for i := range shown {
		f := &shown[i]
		v.row(VerdictRow{Suspect: f}, suspectLines(s, f, i)...)
		for _, p := range parts[i] {
			v.row(VerdictRow{Suspect: f, Part: p}, partLines(p)...)
		}
		v.say(advice[i]...)
		v.say(hints[i]...)
	}
	if more := found[len(shown):]; len(more) > 0 {
		v.say(moreText(more)...)
	}
	for _, text := range append(deadlocks, others) {
		if text != "" {
			v.say(indented("", "   ", text)...)
		}
	}
	if len(known) > 0 {
		v.say(indented("", "   ", knownText(known))...)
	}
	const heading = 2
	room := verdictLines - len(v.Lines) - heading
	if room < 1 {
		v.cut(verdictLines)
		return v, nil
	}
	v.say("", holderLine("Holders", "retains", "reaches", "objects"))
	for i := range holders[:min(len(holders), room)] {
		h := &holders[i]
		if i > 0 && (s.Share(h.Retained) < leastShare || h.Retained < leastHeld) {
			break
		}
		v.row(VerdictRow{Holder: h}, HolderLine(s, h))
	}
	return v, nil
}

// largeHolders counts the holders of a twentieth of the live heap or more.
func largeHolders(s *Snapshot, holders []Holder) (n int) {
	const twentieth = 1_000_000 / 20
	for n < len(holders) && s.Share(holders[n].Retained) >= twentieth {
		n++
	}
	return n
}

// moreText names the suspects that have no room, as many as two lines have.
func moreText(more []Suspect) []string {
	const most = 2
	text := fmt.Sprintf("and %s below", plural(uint64(len(more)), "more suspect"))
	lines := indented("   ", "   ", text)
	for i := range more {
		f := &more[i]
		name, _, _ := strings.Cut(f.Name, ", created by ")
		if f.Rule == RuleSingle && f.Accumulation.Expression != "" {
			name = f.Accumulation.Expression
		}
		if number, rest, ok := strings.Cut(name, " "); ok && number == fmt.Sprint(f.Count) {
			name = comma(f.Count) + " " + rest
		}
		sep := ": "
		if i > 0 {
			sep = ", "
		}
		text += sep + fmt.Sprintf("%s (%s)", Printable(shortModules(name)), HumanBytes(f.Retained))
		longer := indented("   ", "   ", text)
		if len(longer) > most {
			break
		}
		lines = longer
	}
	return lines
}

// suspectLines are the sentence of the i-th suspect.
func suspectLines(s *Snapshot, f *Suspect, i int) []string {
	return indented(fmt.Sprintf("%d  ", i+1), "   ", shortModules(f.short(s)))
}

// partLines are a part of what is said of a suspect.
func partLines(part string) []string {
	return indented("   ", "     ", Printable(ShortPaths(part)))
}

// short is the sentence without what the lines below it say.
func (f *Suspect) short(s *Snapshot) string {
	if f.Rule != RuleSingle {
		return f.Sentence
	}
	text := Printable(f.Name)
	if g, ok := goroutineByNode(s)[f.Node]; ok && g.Func != "" {
		text += " in " + Printable(g.Func)
	}
	if !s.Graph.IsRoot(f.Node) {
		text = Printable(s.Expression(calledBy(s.Dominators.PathTo(f.Node), f.lead)))
	}
	return fmt.Sprintf("%s keeps %s (%s of the live heap) alive.", text, HumanBytes(f.Retained), HumanPercent(s.Share(f.Retained)))
}

// holderNameWidth is how wide the name of a holder is beside three numbers.
const holderNameWidth = 47

// holderLine lays out a holder and three numbers in 80 columns.
func holderLine(name string, numbers ...string) string {
	name = clipped(name, holderNameWidth)
	line := name + strings.Repeat(" ", holderNameWidth-uniseg.StringWidth(name))
	for _, n := range numbers {
		line += fmt.Sprintf(" %10s", n)
	}
	return line
}

// clipped cuts text to a width, with … in the place of what is left out.
func clipped(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var b strings.Builder
	used := 1 // the …
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if used += g.Width(); used > width {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// indented breaks text at spaces into lines of 80 columns; first stands before the first
// one, rest before the others.
func indented(first, rest, text string) []string {
	var lines []string
	line, empty := first, true
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if i+2 < len(words) && words[i+1] == "×" {
			word = strings.Join(words[i:i+3], " ") // a number and its type stay together
			i += 2
		}
		if i+1 < len(words) && isUnit(words[i+1]) {
			i++
			word += " " + words[i]
		}
		if !empty && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > verdictWidth {
			lines = append(lines, line)
			line, empty = rest, true
		}
		// What has no place in any line is broken in front of a field.
		for empty && uniseg.StringWidth(line)+uniseg.StringWidth(word) > verdictWidth {
			at := lastField(clipped(word, verdictWidth-uniseg.StringWidth(line)))
			if at <= 0 {
				break
			}
			lines, word = append(lines, line+word[:at]), word[at:]
			line = rest
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = clipped(lines[i], verdictWidth)
	}
	return lines
}

// lastField is where the last field begins in an expression, outside of parentheses and
// brackets; 0 or less for none.
func lastField(expr string) int {
	last, open := -1, 0
	for i, c := range expr {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
		case '.':
			if open == 0 {
				last = i
			}
		}
	}
	return last
}

// isUnit reports whether a word belongs to the number before it.
func isUnit(word string) bool {
	switch strings.TrimRight(word, ",.)") {
	case "%", "B", "KiB", "MiB", "GiB", "TiB":
		return true
	}
	return false
}

// suspectParts says in a few lines where the bytes of a suspect are: in which fields, or
// in what.
func suspectParts(ctx context.Context, s *Snapshot, f *Suspect) ([]string, error) {
	switch {
	case f.made != "":
		return []string{f.made}, nil
	case f.holders != nil:
		return clusterParts(ctx, s, f)
	case f.Rule == RuleEnded:
		return nil, nil
	}
	members := f.Members
	if s.Heap.KindOf(f.Node) == gocore.GoroutineRoot && members == nil {
		members = []heap.Node{f.Node}
	}
	if nodes := foremost(s, f); nodes != nil {
		return jointParts(ctx, s, f.holding, nodes...)
	}
	if members != nil {
		parts, err := madeOf(ctx, s, members, f.within, f.Retained, f.Rule == RuleGroup)
		if err != nil {
			return nil, err
		}
		leaks, err := leaked(ctx, s)
		if err != nil {
			return nil, err
		}
		lines := stateLines(s, f, leaks)
		cause, err := causeLines(ctx, s, f)
		if err != nil {
			return nil, err
		}
		lines = append(lines, cause...)
		if n := nearlyAll(s, members, f.Retained); n != heap.None {
			places, err := variableParts(ctx, s, n)
			if err != nil || len(places) > 0 {
				return append(lines, places...), err
			}
		}
		if len(parts) > 0 {
			lines = append(lines, madeText(parts))
		}
		return lines, nil
	}
	return jointParts(ctx, s, f.holding, f.Node)
}

// foremost are the members of a group that keep nearly all of it, where they are few and
// not of its kind: a struct that a variable and the goroutine that serves it hold, with the
// little that they hold beside it; the one queue of nine that nobody takes from. It is nil
// for others.
func foremost(s *Snapshot, f *Suspect) (nodes []heap.Node) {
	const nearly, tenth, half = 10, 10, 2
	if f.Rule != RuleGroup || s.Graph.IsRoot(f.Node) {
		return nil
	}
	d, rest := s.Dominators, f.Retained
	for _, n := range f.Members {
		if d.Retained(n) >= f.Retained/tenth {
			nodes = append(nodes, n)
			rest -= min(rest, d.Retained(n))
		}
	}
	if rest > f.Retained/nearly || f.Count > 1 && uint64(len(nodes)) > f.Count/half {
		return nil
	}
	slices.SortStableFunc(nodes, func(a, b heap.Node) int { return cmp.Compare(d.Retained(b), d.Retained(a)) })
	return nodes
}

// nearlyAll is the root of a class that keeps nearly all that the class does: the only one, or
// one of many workers. It is None where there is no such root.
func nearlyAll(s *Snapshot, roots []heap.Node, total uint64) heap.Node {
	const nearly = 10
	if len(roots) == 1 {
		return roots[0]
	}
	for _, n := range roots {
		if s.Dominators.Retained(n) >= total-total/nearly {
			return n
		}
	}
	return heap.None
}

// stateLines says of goroutines in which states they are, for how long at most where the
// runtime knows, and which lines of code they are at and were started by.
func stateLines(s *Snapshot, f *Suspect, leaks map[heap.Node]bool) []string {
	goroutines := goroutineByNode(s)
	g, ok := goroutines[f.Node]
	switch {
	case f.Name == gocore.ChannelTimers:
		return []string{"of time.After, time.NewTimer or time.NewTicker: each waits to send the time"}
	case !ok:
		return nil
	}
	group := StackGroup{}
	longest := int64(-1)
	members := f.Members
	if members == nil {
		members = []heap.Node{f.Node}
	}
	for _, n := range members {
		m := goroutines[n]
		group.addState(m.State())
		longest = max(longest, m.WaitNanos)
	}
	text := g.State()
	if len(group.States) > 1 {
		text = group.StateText()
	}
	if longest >= int64(time.Second) {
		text += " for up to " + duration(time.Duration(longest))
	}
	if proven := leakText(s, leaks, members); proven != "" {
		text += ", " + proven
	}
	if at := writtenAt(s, g); at != "" {
		text += ", at " + at
	}
	if g.CreatedAt != "" {
		text += ", started at " + path.Base(g.CreatedAt)
	}
	return []string{text}
}

// writtenAt is the line of the innermost frame of the function that a goroutine is called
// by, "" if it has none.
func writtenAt(s *Snapshot, g GoroutineRow) string {
	for _, f := range s.Process.Frames(g.Index) {
		if f.Func == g.Func && f.File != "" {
			return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
		}
	}
	return ""
}

// part is what some of the bytes of a holder are in.
type part struct {
	typ    string
	count  uint64
	bytes  uint64
	beside bool // at the level of the part before it, and not in that
	// entries are those that all of them have, which are maps; 0 where it is not known.
	entries uint64
}

// madeText is "39.2 MiB in 4,999 × main.result, of that 39.1 MiB in 4,999 × []uint8", with
// " and " between parts that stand beside each other.
func madeText(parts []part) string {
	var text strings.Builder
	for i, p := range parts {
		switch {
		case p.beside:
			text.WriteString(" and ")
		case i > 0:
			text.WriteString(", of that ")
		}
		fmt.Fprintf(&text, "%s in %s × %s", HumanBytes(p.bytes), comma(p.count), ShortPaths(p.typ))
		if p.entries > 0 {
			fmt.Fprintf(&text, " of %s entries", comma(p.entries))
			if p.count > 1 {
				text.WriteString(" together")
			}
		}
	}
	return text.String()
}

// madeParts is how many steps are told of what something is made of.
const madeParts = 4

// madeSteps bounds the walk: where two types are chained to each other, each step finds one
// object.
const madeSteps = 1000

// tellingParts chooses the steps that are told: the last one, the one at which one becomes
// many, and for the rest the first ones.
func tellingParts(parts []part) []part {
	if len(parts) <= madeParts {
		return parts
	}
	many := 0
	for i := 1; i < len(parts); i++ {
		if many == 0 || parts[i].count*parts[many-1].count > parts[many].count*parts[i-1].count {
			many = i
		}
	}
	told := []int{many}
	if last := len(parts) - 1; last != many {
		told = append(told, last)
	}
	for i := 0; len(told) < madeParts; i++ {
		if !slices.Contains(told, i) {
			told = append(told, i)
		}
	}
	slices.Sort(told)
	var some []part
	for _, i := range told {
		some = append(some, parts[i])
	}
	return some
}

// madeOf walks down the dominator tree from nodes as long as objects of one type keep half
// of the bytes, and returns the types that it meets, with how many objects of each there
// are and what these retain, a few of them. Where no type keeps half of them at the first
// step, or two keep a third, those that keep a fifth stand beside each other. With self the
// nodes themselves count as the first step. What several of them hold together, and none
// alone, counts among what they hold. The insides of maps are not told.
func madeOf(ctx context.Context, s *Snapshot, nodes, together []heap.Node, total uint64, self bool) ([]part, error) {
	return madeBut(ctx, s, nodes, together, total, self, &insides{})
}

// madeBut is madeOf that does not tell of what inner has either.
func madeBut(ctx context.Context, s *Snapshot, nodes, together []heap.Node, total uint64, self bool, inner *insides) ([]part, error) {
	const half, third, fifth = 2, 3, 5
	d, types := s.Dominators, s.Heap.TypeIDs()
	var parts []part
	level := nodes
	for steps := 0; steps < madeSteps; steps++ {
		first := steps == 0
		byType := map[heap.TypeID]*made{}
		var m *made // of type at: neighbours are often alike
		var at heap.TypeID
		visit := func(n heap.Node, retained uint64) {
			if t := types[n]; m == nil || t != at {
				if m, at = byType[t], t; m == nil {
					m = &made{}
					byType[t] = m
				}
			}
			m.bytes += retained
			m.nodes = append(m.nodes, n)
		}
		// Elements that are chained to those of the level belong to it: the entries of a
		// hash table, the nodes that a node has in a slice.
		chain := chained(s, level, len(parts) > 0)
		for i := 0; i < len(level); i++ {
			if i%pace == 0 && ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if first && self {
				visit(level[i], d.Retained(level[i]))
				continue
			}
			if len(chain) == 0 {
				eachPart(s, level[i], inner, visit)
				continue
			}
			eachPart(s, level[i], inner, func(c heap.Node, retained uint64) {
				switch chain[types[c]] {
				case ofLevel:
					level = append(level, c)
				case leadsToLevel:
					d.EachChild(c, func(c heap.Node, _ uint64) {
						if chain[types[c]] == ofLevel {
							level = append(level, c)
						}
					})
				default:
					visit(c, retained)
				}
			})
		}
		if len(chain) > 0 {
			parts[len(parts)-1].count = uint64(len(level))
		}
		if first {
			for i, n := range together {
				if i%pace == 0 && ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				partOrInside(s, n, inner, visit)
			}
		}
		largest := slices.DeleteFunc(slices.Sorted(maps.Keys(byType)), func(t heap.TypeID) bool {
			m := byType[t]
			if !ofGoroutine(s.Heap.Type(m.nodes[0])) {
				return false
			}
			total -= min(total, m.bytes)
			return true
		})
		slices.SortStableFunc(largest, func(a, b heap.TypeID) int { return cmp.Compare(byType[b].bytes, byType[a].bytes) })
		if len(largest) == 0 {
			break
		}
		most := byType[largest[0]]
		two := len(parts) == 0 && len(largest) > 1 && byType[largest[1]].bytes >= total/third
		if most.bytes < total/half || two {
			if len(parts) > 0 {
				break
			}
			for _, t := range largest[:min(len(largest), madeParts)] {
				if m := byType[t]; m.bytes >= total/fifth {
					parts = append(parts, part{typ: s.Heap.Type(m.nodes[0]), count: uint64(len(m.nodes)), bytes: m.bytes, beside: len(parts) > 0})
				}
			}
			return parts, nil
		}
		parts = append(parts, part{typ: s.Heap.Type(most.nodes[0]), count: uint64(len(most.nodes)), bytes: most.bytes})
		level = most.nodes
	}
	if len(parts) > 0 {
		// What is in the maps themselves has no other number.
		parts[len(parts)-1].entries = entriesOf(s, level)
	}
	return tellingParts(parts), nil
}

// entriesOf counts the entries of maps: 0 where they are too many, or where some node is no map or not
// known.
func entriesOf(s *Snapshot, maps []heap.Node) (entries uint64) {
	const most = 1 << 12
	if len(maps) > most {
		return 0
	}
	for _, n := range maps {
		v, ok := s.Heap.Value(n)
		if !ok || !v.Map || v.More {
			return 0
		}
		entries += uint64(v.Children)
	}
	return entries
}

const (
	ofLevel      = 1 // of the type of a level
	leadsToLevel = 2 // a slice of pointers to that type
)

// chained says which types what is chained to the nodes of a level has, if these are
// structs, all of one type, as they are where something was told of before.
func chained(s *Snapshot, level []heap.Node, oneType bool) map[heap.TypeID]uint8 {
	if !oneType || len(level) == 0 || !isStruct(s.Heap.Type(level[0])) && !isClosure(s.Heap.Type(level[0])) {
		return nil
	}
	d, types := s.Dominators, s.Heap.TypeIDs()
	chain := map[heap.TypeID]uint8{types[level[0]]: ofLevel}
	slice := "[]*" + s.Heap.Type(level[0])
	const some = 64 // of them are asked for the slice, which has one type in all of them
	for _, n := range level[:min(len(level), some)] {
		d.EachChild(n, func(c heap.Node, _ uint64) {
			if chain[types[c]] == 0 && s.Heap.Type(c) == slice {
				chain[types[c]] = leadsToLevel
			}
		})
	}
	return chain
}

// isClosure reports whether a type is that of closures of one function.
func isClosure(typ string) bool { return strings.HasPrefix(typ, "closure ") }

// ofGoroutine reports whether a type is one of the runtime's records of a goroutine, which
// each has, whatever it does (runtime/runtime2.go).
func ofGoroutine(typ string) bool {
	typ = unmarked(typ)
	return typ == recordType || typ == "runtime.sudog"
}

// unmarked is the name of a type that may be no more than what fits.
func unmarked(typ string) string { return strings.TrimPrefix(typ, gocore.Approximately) }

// insides are types that are not told of: those of which containers consist, and others that
// were added. The zero value has nothing added.
type insides struct {
	of []insideKind // by type
}

type insideKind uint8

const (
	unasked insideKind = iota
	inside
	outside
)

// add says whether a type is one of them.
func (in *insides) add(t heap.TypeID, is bool) {
	if int(t) >= len(in.of) {
		in.of = append(in.of, make([]insideKind, int(t)+1-len(in.of))...)
	}
	in.of[t] = outside
	if is {
		in.of[t] = inside
	}
}

// has reports whether n is of such a type. Each type is asked once.
func (in *insides) has(s *Snapshot, n heap.Node) bool {
	t := s.Heap.TypeIDs()[n]
	if int(t) >= len(in.of) || in.of[t] == unasked {
		in.add(t, ofContainer(s.Heap.Type(n)))
	}
	return in.of[t] == inside
}

// eachPart calls f for what a node dominates immediately, or by way of what inner has
// alone, with what it retains.
func eachPart(s *Snapshot, n heap.Node, inner *insides, f func(n heap.Node, retained uint64)) {
	for open := []heap.Node{n}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		s.Dominators.EachChild(at, func(c heap.Node, retained uint64) {
			if inner.has(s, c) {
				open = append(open, c)
			} else {
				f(c, retained)
			}
		})
	}
}

// partOrInside calls f for n, or where inner has it, for its parts.
func partOrInside(s *Snapshot, n heap.Node, inner *insides, f func(n heap.Node, retained uint64)) {
	if inner.has(s, n) {
		eachPart(s, n, inner, f)
	} else {
		f(n, s.Dominators.Retained(n))
	}
}

// ofContainer reports whether a type is one that maps of the language, sync.Map,
// sync.Pool or the tables of package unique consist of: of sync.Map since Go 1.24 the nodes
// of its trie (internal/sync/hashtriemap.go), before that its entries (sync/map.go); of
// unique since Go 1.25 a trie of its own (unique/canonmap.go).
func ofContainer(typ string) bool {
	typ = unmarked(typ)
	for _, prefix := range []string{"unique.canonMap[", "unique.indirect[", "unique.node[", "unique.entry[", "sync.indirect[", "sync.entry[", "sync.node[", "internal/sync.indirect[", "internal/sync.entry[", "internal/sync.node["} {
		if strings.HasPrefix(typ, prefix) {
			return true
		}
	}
	return typ == "sync.entry" || typ == "sync.readOnly" || ofMap(typ) || ofPool(typ)
}

type made struct {
	bytes uint64
	nodes []heap.Node
}

// ofMap reports whether a type is one that the runtime makes maps of.
func ofMap(name string) bool {
	_, inside := mapOfInside(name)
	return inside || strings.Contains(name, "internal/runtime/maps.")
}

// mapAbove is the type of the map that n is among the insides of, by the names of those
// below it: a directory has no name that says so. It is "" where they do not say it.
func mapAbove(s *Snapshot, n heap.Node) string {
	const levels = 3 // directory, table, groups (internal/runtime/maps)
	for range levels {
		if typ, ok := mapOfInside(s.Heap.Type(n)); ok {
			return typ
		}
		kids := s.Dominators.TopChildren(n, 1)
		if len(kids) == 0 {
			break
		}
		n = kids[0]
	}
	return ""
}

// goType is the type that a person has written for what holds n: that of the map whose
// insides n is among, or of the channel whose buffer it is.
func goType(s *Snapshot, n heap.Node) string {
	to := s.Dominators.PathTo(n)
	for i, at := range slices.Backward(to) {
		typ := s.Heap.Type(at)
		if ofMap(typ) {
			continue
		}
		if typ == "" && i < len(to)-1 {
			return mapAbove(s, n) // its header stands on a stack
		}
		if is := unmarked(typ); strings.HasPrefix(is, "map[") && strings.HasSuffix(is, "]*sync.entry") {
			return strings.Replace(typ, is, "sync.Map", 1) // until Go 1.23 (sync/map.go)
		}
		if elem, ok := strings.CutPrefix(typ, "[]"); ok && i > 0 {
			if of := s.Heap.Type(to[i-1]); of == "chan "+elem {
				return of
			}
		}
		return typ
	}
	return s.Heap.Type(n)
}
