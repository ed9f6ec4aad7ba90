package report

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// WriteInfo writes what the file is, for people.
func WriteInfo(w io.Writer, s *Snapshot) error {
	p := newPrinter(w, s)
	d := NewInfoDocument(s)
	p.info(s, d.SummaryDocument)
	var phases [][]string
	for _, ph := range d.Phases {
		phases = append(phases, []string{"  " + ph.Name, comma(uint64(ph.MS)) + " ms"})
	}
	if d.PeakMemory != nil {
		phases = append(phases, []string{"  peak memory", HumanBytes(*d.PeakMemory)})
	}
	if len(phases) > 0 {
		p.line("")
		p.line("Phases")
		p.rows(phases, []bool{false, true}, "")
	}
	return p.w.Flush()
}

func (p *printer) info(s *Snapshot, d SummaryDocument) {
	unknown := func(s Optional) string {
		if s == "" {
			return "unknown"
		}
		return Printable(string(s))
	}
	src, h, t := d.Source, d.Heap, d.Typing
	verdict, why := s.VerdictText()
	p.line("%s  %s  %s/%s  %s", Printable(string(src.Path)), unknown(src.GoVersion), unknown(src.OS), unknown(src.Arch), HumanBytes(uint64(src.Bytes)))
	id := ""
	if src.BuildID != "" {
		id = fmt.Sprintf(", %s build id %s", src.BuildIDKind, Printable(string(src.BuildID)))
	}
	complete := "complete"
	if !src.Complete {
		complete = "INCOMPLETE: see the problems"
	}
	rows := [][]string{
		{"executable", unknown(src.Executable) + id},
		{"symbols", src.Symbols},
		{"dump", complete},
		{"live", amount(h.LiveBytes, h.LiveObjects)},
	}
	if h.GarbageBytes != nil {
		rows = append(rows, []string{"garbage", amount(*h.GarbageBytes, *h.GarbageObjects)})
	}
	if h.GCMarkedBytes != nil {
		rows = append(rows, []string{"marked", HumanBytes(*h.GCMarkedBytes) + " by the last collection"})
	}
	rows = append(rows,
		[]string{"pointers", comma(h.Edges)},
		[]string{"roots", fmt.Sprintf("%s, of them %s", comma(h.Roots), plural(h.Goroutines, "goroutine"))},
		[]string{"typed", fmt.Sprintf("%s of the live bytes, %s; %s explained by the type, %s",
			HumanPercent(share(t.TypedBytes, h.LiveBytes)), amount(t.TypedBytes, t.TypedObjects), HumanBytes(t.CoveredBytes), plural(t.Conflicts, "conflict"))},
	)
	if t.FitObjects > 0 {
		rows = append(rows, []string{"≈", fmt.Sprintf("%s of the live bytes, %s, of the only type that fits, which is no proof", HumanPercent(share(t.FitBytes, h.LiveBytes)), amount(t.FitBytes, t.FitObjects))})
	}
	rows = append(rows,
		[]string{"unknown", fmt.Sprintf("%s of the live bytes are of objects of unknown type, or behind one", HumanPercent(share(t.BehindUnknown, h.LiveBytes)))},
		[]string{"check", verdict + ": " + Printable(why)},
	)
	p.rows(rows, nil, "  ")
	if len(t.EvidenceBytes) > 0 {
		p.line("")
		p.line("Types known by")
		var evidence [][]string
		for _, k := range sortedKeys(t.EvidenceBytes) {
			evidence = append(evidence, []string{Printable(k), HumanBytes(t.EvidenceBytes[k]), HumanPercent(share(t.EvidenceBytes[k], h.LiveBytes))})
		}
		p.rows(evidence, []bool{false, true, true}, "  ")
	}
	p.problems(src.Problems)
}

func (p *printer) problems(problems []ProblemDocument) {
	if len(problems) == 0 {
		return
	}
	p.line("")
	p.line("Problems")
	for _, pr := range problems {
		times := ""
		if pr.Count > 1 {
			times = fmt.Sprintf(" (%s times)", comma(uint64(pr.Count)))
		}
		p.line("  %s: %s%s", pr.Severity, Printable(string(pr.Message)), times)
	}
}

func amount(bytes, objects uint64) string {
	return fmt.Sprintf("%s in %s", HumanBytes(bytes), plural(objects, "object"))
}

func plural(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return comma(n) + " " + what
}

// CheckTable is the checks as a table.
func CheckTable(s *Snapshot) *Table {
	return NewTable(len(s.Checks), nil,
		Column{Name: "status", Title: "Status",
			Cell: func(row int) Cell { return Cell{Text: string(s.Checks[row].Status)} }},
		Column{Name: "name", Title: "Check", Fold: true,
			Cell: func(row int) Cell { return Cell{Text: s.Checks[row].Name} }},
		Column{Name: "ours", Title: "goheap", Right: true,
			Cell: func(row int) Cell { return Cell{Text: fmt.Sprint(s.Checks[row].Ours)} }},
		Column{Name: "runtime", Title: "Runtime", Right: true,
			Cell: func(row int) Cell { return Cell{Text: fmt.Sprint(s.Checks[row].Runtime)} }},
		Column{Name: "difference", Title: "Difference", Right: true,
			Cell: func(row int) Cell { return Cell{Text: fmt.Sprint(s.Checks[row].Difference)} }},
	)
}

// WriteCheck writes the checks for people: a verdict, the table, then reasons
// and addresses.
func WriteCheck(w io.Writer, s *Snapshot) error {
	p := newPrinter(w, s)
	verdict, why := s.VerdictText()
	switch s.Verdict() {
	case gocore.CheckOK:
		p.line("ok: what was read agrees with the runtime's own word")
	case gocore.CheckDiffers:
		p.line("differs: what was read is not what the runtime itself says")
	default:
		p.line("%s: %s", verdict, Printable(why))
	}
	p.line("")
	p.table(CheckTable(s), "")
	for _, c := range s.Checks {
		if c.Reason == "" && len(c.Examples) == 0 {
			continue
		}
		p.line("")
		p.line("%s: %s", c.Name, Printable(c.Reason))
		for _, a := range c.Examples {
			p.line("  0x%x", a)
			if c.Status != gocore.CheckDiffers { // nothing to look into
				p.line("  …")
				break
			}
		}
	}
	return p.w.Flush()
}

// WriteReport writes who holds the memory, for people: at most n rows of each
// list, all if n is negative, and the insides of maps are one row for each type of map unless physical is.
func WriteReport(ctx context.Context, w io.Writer, s *Snapshot, n int, physical bool) error {
	return WriteSections(ctx, w, s, Layout{Top: n, Physical: physical})
}

func incomplete(complete bool) string {
	if complete {
		return ""
	}
	return ", INCOMPLETE: see the problems below"
}

// WriteTypes writes the types of the live objects for people: the table of
// TypeTable, then what has no type.
func WriteTypes(ctx context.Context, w io.Writer, s *Snapshot, l List, folded bool) error {
	t, err := TypeTable(ctx, s, folded)
	if err != nil {
		return err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return err
	}
	rows, err := s.Types(ctx)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	p.table(t.Head(l.Top), "")
	var kinds, objects, bytes uint64
	var fit gocore.Typing
	for _, r := range rows {
		if r.Fits {
			fit.FitObjects, fit.FitBytes = fit.FitObjects+r.Objects, fit.FitBytes+r.Shallow
		} else if !r.Known {
			kinds, objects, bytes = kinds+1, objects+r.Objects, bytes+r.Shallow
		}
	}
	if kinds > 0 || fit.FitObjects > 0 {
		p.line("")
	}
	if fit.FitObjects > 0 {
		p.line("≈ is the only type that fits, which is no proof: %s, %s of the live heap", amount(fit.FitBytes, fit.FitObjects), HumanPercent(s.Share(fit.FitBytes)))
	}
	if kinds > 0 {
		p.line("%s of unknown objects, by size and pointers: %s, %s of the live heap", plural(kinds, "kind"), amount(bytes, objects), HumanPercent(s.Share(bytes)))
	}
	return p.w.Flush()
}

// WriteRoots writes the roots for people: the table of OwnRootTable, then how many
// goroutines there are.
func WriteRoots(ctx context.Context, w io.Writer, s *Snapshot, l List) error {
	t, err := OwnRootTable(ctx, s)
	if err != nil {
		return err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return err
	}
	goroutines, err := s.Goroutines(ctx)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	p.table(t.Head(l.Top), "")
	if len(goroutines) > 0 {
		var retained uint64
		for _, g := range goroutines {
			retained += g.Retained
		}
		p.line("")
		p.line("%s by themselves retain %s: goheap goroutines FILE lists them", plural(uint64(len(goroutines)), "goroutine"), HumanBytes(retained))
	}
	return p.w.Flush()
}

// WriteGoroutines writes the goroutines for people by what they have in common: a table,
// then the stacks of each row, those that retain most first. The filter sees the groups.
func WriteGoroutines(ctx context.Context, w io.Writer, s *Snapshot, l List, by GroupBy) error {
	const most = 5 // stacks of a row
	groups, err := GoroutineGroups(ctx, s, by)
	if err != nil {
		return err
	}
	var within [][]StackGroup
	if by != ByStack {
		if within, err = StacksWithin(ctx, s, by); err != nil {
			return err
		}
	}
	t, err := GoroutineGroupTable(ctx, s, by)
	if err != nil {
		return err
	}
	if t, err = s.Where(ctx, t, l.Where); err != nil {
		return err
	}
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	t = t.Head(l.Top)
	p.table(t, "")
	for i := range t.Len() {
		g := groups[t.Row(i)]
		p.line("")
		p.line("%s", groupTitle(s, g, rows))
		if by == ByStack || len(within[t.Row(i)]) == 1 {
			p.frames(g.Frames, "  ")
			continue
		}
		stacks := within[t.Row(i)]
		for _, of := range head(stacks, most) {
			p.line("")
			p.line("  %s [%s], %s without them", plural(uint64(len(of.Members)), "goroutine"), Printable(of.StateText()), HumanBytes(of.Exclusive.Bytes))
			p.frames(of.Frames, "    ")
		}
		if len(stacks) > most {
			p.line("")
			p.line("  … %s more", plural(uint64(len(stacks)-most), "stack"))
		}
	}
	return p.w.Flush()
}

func (p *printer) frames(frames []gocore.Frame, indent string) {
	var rows [][]string
	for _, f := range frames {
		rows = append(rows, []string{Printable(f.Func), framePlace(f)})
	}
	p.rows(rows, nil, indent)
}

// groupTitle names the state of a group and its first goroutines.
func groupTitle(s *Snapshot, g StackGroup, rows []GoroutineRow) string {
	const most = 5
	first := &rows[g.Members[0]]
	if len(g.Members) == 1 {
		return Printable(s.GoroutineTitle(first))
	}
	var ids []string
	for _, m := range g.Members[:min(most, len(g.Members))] {
		ids = append(ids, fmt.Sprint(rows[m].ID))
	}
	title := fmt.Sprintf("%s goroutines (%s", comma(uint64(len(g.Members))), strings.Join(ids, ", "))
	if len(g.Members) > most {
		title += ", …"
	}
	locked, same := 0, *first
	for _, m := range g.Members {
		if rows[m].Locked {
			locked++
		}
		if rows[m].ParentID != same.ParentID {
			same.ParentID = 0
		}
		if rows[m].CreatedAt != same.CreatedAt {
			same.CreatedAt = ""
		}
		if rows[m].CreatedBy != same.CreatedBy {
			same.CreatedBy = ""
		}
		if !slices.Equal(rows[m].Labels, same.Labels) {
			same.Labels = nil
		}
	}
	title += fmt.Sprintf(") [%s", g.StateText())
	switch locked {
	case 0:
	case len(g.Members):
		title += ", locked to thread"
	default:
		title += fmt.Sprintf(", %s locked to thread", comma(uint64(locked)))
	}
	return Printable(title + "]" + s.origin(&same))
}

func framePlace(f gocore.Frame) string {
	place := ""
	if f.File != "" {
		place = Printable(fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line))
	}
	if f.Inlined {
		place += " (inlined)"
	}
	if f.Conservative {
		place += " (conservative)"
	}
	return place
}

// WriteWhy writes the paths of d, a document of s, for people: the root first,
// one line for each hop.
func WriteWhy(w io.Writer, s *Snapshot, d *WhyDocument) error {
	p := newPrinter(w, s)
	if d.part != "" {
		p.line("%s", d.part)
	}
	if d.node == heap.None {
		return p.w.Flush()
	}
	name := Printable(s.Heap.Name(d.node))
	if !d.Live {
		p.line("%s is garbage: nothing keeps it alive.", name)
		return p.w.Flush()
	}
	retained := s.Dominators.Retained(d.node)
	p.line("%s retains %s (%s of the live heap)", name, HumanBytes(retained), HumanPercent(s.Share(retained)))
	for i, path := range d.Paths {
		p.line("")
		title := fmt.Sprintf("Path %d of %d", i+1, len(d.Paths))
		switch {
		case i == 0 && d.shortest:
			title += ", the shortest"
		case !path.Disjoint:
			title += ", sharing objects with another"
		}
		p.line("%s: %s", title, Printable(string(path.Expression)))
		for _, also := range path.AlsoHeldBy {
			p.line("  also held by: %s", Printable(string(also)))
		}
		if path.MoreHoldings > 0 {
			p.line("  and by %s more", plural(uint64(path.MoreHoldings), "word"))
		}
		rows := [][]string{{"", "Hop", "Type", "Address", "Retained", "Share"}}
		for _, h := range path.Hops {
			mark := ""
			if h.Dominates {
				mark = "*"
			}
			word, typ := Printable(h.word), orDash(h.Type)
			if h.Times > 1 {
				word, typ = fmt.Sprintf("%s ×%d", word, h.Times), fmt.Sprintf("%s × %s", comma(uint64(h.Times)), typ)
			}
			rows = append(rows, []string{mark, word, typ, addressText(h.ValueAddress),
				HumanBytes(h.Retained), HumanPercent(s.Share(h.Retained))})
		}
		p.columns(rows, []fit{{}, {min: hopWidth}, {priority: 1}, {}, {right: true}, {right: true, priority: 2}}, "  ")
	}
	p.line("")
	p.line("* dominates: without this hop the object would be garbage.")
	if d.more {
		p.line("The search was cut short: there may be other paths.")
	}
	return p.w.Flush()
}

func orDash(o Optional) string {
	if o == "" {
		return "-"
	}
	return Printable(string(o))
}

func addressText(a Address) string {
	if a == 0 {
		return "-"
	}
	return fmt.Sprintf("0x%x", uint64(a))
}

// WriteShow writes the objects of d, a document of s, for people.
func WriteShow(w io.Writer, s *Snapshot, d *ShowDocument) error {
	p := newPrinter(w, s)
	for i, o := range d.Objects {
		if i > 0 {
			p.line("")
		}
		p.object(s, o, d.Addresses)
	}
	return p.w.Flush()
}

func (p *printer) object(s *Snapshot, o ObjectDocument, addresses bool) {
	name := o.name
	if o.Goroutine != nil {
		name = o.Goroutine.title
	}
	p.line("%s", Printable(name))
	rows := o.rows(s)
	if o.Dominator != nil {
		rows = append(rows, []string{"dominator", orDash(o.Dominator.Name)})
	} else if o.Live && o.kind == gocore.NoRoot && !o.part {
		rows = append(rows, []string{"dominator", "none: several roots hold it"})
	}
	if o.Allocation != nil {
		rows = append(rows, []string{"allocated", o.Allocation.text()})
	}
	if o.Entries != nil {
		rows = append(rows, []string{"entries", o.Entries.text()})
	}
	p.rows(rows, nil, "  ")
	if o.Allocation != nil {
		p.line("")
		p.stack(o.Allocation)
	}
	if o.Goroutine != nil {
		p.line("")
		p.stackOf(o.Goroutine, s.Disclosure == Shown)
	}
	if len(o.Fields) > 0 || o.MoreFields > 0 {
		p.line("")
		if len(o.Fields) > 0 {
			p.fields(o.Fields, addresses)
		} else {
			p.line("Fields")
		}
		p.more(o.MoreFields)
	}
	p.wasteOf(&o)
	if len(o.Referrers) > 0 {
		p.line("")
		referrers := [][]string{{"Held by", "Through", "Type", "Retained"}}
		for _, r := range o.Referrers {
			referrers = append(referrers, []string{orDash(r.Node.Name), orDash(r.Expression), orDash(r.Node.Type), HumanBytes(r.retained)})
			for _, link := range r.also {
				referrers = append(referrers, []string{"", "also " + Printable(link), "", ""})
			}
			if r.MoreHoldings > 0 {
				referrers = append(referrers, []string{"", "and by " + plural(uint64(r.MoreHoldings), "word") + " more", "", ""})
			}
		}
		p.columns(referrers, []fit{{min: hopWidth}, {}, {priority: 1}, {right: true}}, "  ")
		p.more(o.MoreReferrers)
	}
}

// rows are what is known of the object, by name.
func (o *ObjectDocument) rows(s *Snapshot) [][]string {
	address := addressText(o.ValueAddress)
	if o.Address != o.ValueAddress {
		address += fmt.Sprintf(", in the slot at %s", addressText(o.Address))
	}
	if o.part {
		rows := [][]string{{"address", address}, {"type", orDash(o.Type)}, {"size", HumanBytes(o.Size)}}
		if o.Within != nil && string(o.Within.Name) != o.name {
			rows = append(rows, []string{"part of", orDash(o.Within.Name)})
		}
		return rows
	}
	state := "garbage: nothing keeps it alive"
	if o.Live {
		state = fmt.Sprintf("live, retains %s (%s of the live heap)", HumanBytes(*o.Retained), HumanPercent(s.Share(*o.Retained)))
	}
	values := comma(o.Count)
	if !o.CountKnown {
		values = "up to " + values
	}
	rows := [][]string{
		{"kind", o.kind.String()},
		{"address", address},
		{"type", orDash(o.Type)},
		{"size", HumanBytes(o.Size)},
		{"values", values},
		{"evidence", orDash(o.Evidence)},
		{"state", state},
	}
	if o.used != "" {
		rows = append(rows, []string{"use", Printable(o.used)})
	}
	if len(o.Fits) > 0 {
		fits := make([]string, len(o.Fits))
		for i, f := range o.Fits {
			fits[i] = string(f)
		}
		rows = append(rows, []string{"may be", Printable(strings.Join(fits, ", or "))})
	}
	return rows
}

// fields writes decoded values: parts stand below what they are parts of.
func (p *printer) fields(fields []FieldDocument, addresses bool) {
	rows := [][]string{{"Offset", "Field", "Type", "Points to", "Value"}}
	if addresses {
		rows[0] = []string{"Offset", "Address", "Field", "Type", "Points to", "Value"}
	}
	for _, f := range fields {
		row := []string{"-"}
		if f.Offset != nil {
			row[0] = fmt.Sprintf("+%d", *f.Offset)
		}
		if addresses {
			where := addressText(f.Address)
			if f.Address != 0 && f.Size > 0 {
				where += fmt.Sprintf("-%#x", uint64(f.Address)+f.Size)
			}
			row = append(row, where)
		}
		indent := strings.Repeat("  ", min(f.Depth, maxIndent))
		rows = append(rows, append(row, indent+orDash(f.Name), orDash(f.Type), addressText(f.Target), orDash(f.Value)))
	}
	const span = 31 // of two addresses
	how := []fit{{right: true}, {}, {}, {}, {fold: true}}
	if addresses {
		how = slices.Insert(how, 1, fit{min: span})
	}
	p.columns(rows, how, "  ")
}

// hopWidth is what the name of who holds something wants of a line.
const hopWidth = 30

// maxIndent is how many levels of nesting are told apart by their indentation.
const maxIndent = 12

func (p *printer) more(n int) {
	if n > 0 {
		p.line("  … %s more", comma(uint64(n)))
	}
}
