package report

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"goheap/gocore/account"
	"goheap/heap"
	"goheap/internal/files"
)

// Memory says where the memory of a process went.
type Memory struct {
	account.Account
	Parts   []account.Part
	Garbage []GarbageRow
	// GarbageTypes are the types of garbage, as far as the allocator recorded them.
	GarbageTypes []GarbageType
}

// GarbageType is the garbage of one type.
type GarbageType struct {
	Type           string
	Objects, Bytes uint64
}

// GarbageRow is the garbage in slots of one size. What it was nothing records: Like is the
// type of which there are most live objects in such slots, "" for none.
type GarbageRow struct {
	Slot           uint64 // 0 for large objects
	Objects, Bytes uint64
	Like           string
	LikeObjects    uint64 // live ones of that type, in such slots
	Only           bool   // all live objects in such slots are of it
}

// mostKept bounds what is read of a file of the kernel's: /proc/PID/smaps has about 1 KiB
// for a mapping, of which a process may have 65,530.
const mostKept = 256 << 20

// ReadResidency reads what was kept of what the kernel said of a process: any of
// /proc/PID/smaps, smaps_rollup and status, and memory.current of its cgroup. Without
// paths it looks beside the core, for its name with the name of the file behind a dot, as
// "core.4711.smaps", and returns nil where there is none.
func ReadResidency(core string, paths ...string) (*account.Residency, error) {
	r := &account.Residency{}
	beside := len(paths) == 0
	if beside {
		for _, name := range []string{"smaps", "smaps_rollup", "status", "memory.current"} {
			paths = append(paths, core+"."+name)
		}
	}
	for _, path := range paths {
		f, _, err := files.Open(path)
		if beside && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(io.LimitReader(f, mostKept))
		f.Close()
		if err == nil {
			err = r.Read(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w; save it with `cat /proc/PID/smaps >core.PID.smaps` before the core is taken", path, err)
		}
	}
	if len(r.Sources) == 0 {
		return nil, nil
	}
	return r, nil
}

// NewMemory finds out where the memory went. It looks at all pages that are in the core.
func NewMemory(ctx context.Context, s *Snapshot, kept *account.Residency) (*Memory, error) {
	a, err := s.Heap.Account(s.within(ctx), kept, true)
	if err != nil {
		return nil, err
	}
	m := &Memory{Account: a, Parts: a.Parts()}
	if m.Garbage, err = garbageBySlot(ctx, s, a.Classes); err != nil {
		return nil, err
	}
	m.GarbageTypes, err = garbageByType(ctx, s)
	return m, err
}

// garbageByType says what garbage was, as far as that is recorded, what has most bytes
// first.
func garbageByType(ctx context.Context, s *Snapshot) ([]GarbageType, error) {
	types := map[string]*GarbageType{}
	for n := heap.Node(s.Graph.Roots) + 1; int(n) < s.Graph.Len(); n++ {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if s.Dominators.Live(n) {
			continue
		}
		name := s.Heap.RecordedType(n)
		if name == "" {
			continue
		}
		t := types[name]
		if t == nil {
			t = &GarbageType{Type: name}
			types[name] = t
		}
		t.Objects++
		t.Bytes += s.Graph.Size(n)
	}
	var rows []GarbageType
	for _, t := range types {
		rows = append(rows, *t)
	}
	slices.SortFunc(rows, func(a, b GarbageType) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Type, b.Type)) })
	return rows, nil
}

// garbageBySlot says of what size garbage is, what has most bytes first.
func garbageBySlot(ctx context.Context, s *Snapshot, classes []account.Class) ([]GarbageRow, error) {
	alike := map[uint64]map[heap.TypeID]uint64{}
	for i := range classes {
		if c := &classes[i]; c.Garbage > 0 && c.Slot > 0 {
			alike[c.Slot] = map[heap.TypeID]uint64{}
		}
	}
	types := s.Heap.TypeIDs()
	for n := heap.Node(s.Graph.Roots) + 1; len(alike) > 0 && int(n) < len(types); n++ {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if of := alike[s.Graph.Size(n)]; of != nil && types[n] != 0 && s.Dominators.Live(n) {
			of[types[n]]++
		}
	}
	var rows []GarbageRow
	for i := range classes {
		c := &classes[i]
		if c.Garbage == 0 {
			continue
		}
		row := GarbageRow{Slot: c.Slot, Objects: c.GarbageObjects, Bytes: c.Garbage}
		of := alike[c.Slot]
		row.Only = len(of) == 1
		for id, n := range of {
			if name := s.Heap.TypeInfo(id).Name; n > row.LikeObjects || n == row.LikeObjects && name < row.Like {
				row.Like, row.LikeObjects = name, n
			}
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b GarbageRow) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Slot, b.Slot)) })
	return rows, nil
}

// memoryShare is the share of all memory from which a cause is named, in parts of it.
const memoryShare = 4

// cause is a reason for the size of a process.
type cause struct {
	bytes uint64
	text  string
	short string
}

const shortGarbage = "garbage"

// causes are the reasons for the size of a process, the largest first.
func causes(a *account.Account) []cause {
	sum := account.Sum(a.Classes)
	list := []cause{
		{sum.Live, "are live objects", "live"},
		{sum.Garbage, "are garbage that the next collection frees", shortGarbage},
	}
	if a.Pages != nil {
		list = append(list,
			cause{a.Pages.Kept, "were freed and not given back yet", "freed and kept"},
			cause{sum.Free, "are free slots beside objects", "in free slots"},
			cause{a.Pages.Stacks, "are stacks of " + plural(uint64(a.Stacks.Goroutines), "goroutine"), "stacks"},
		)
	}
	var outside uint64
	of := map[account.Kind]uint64{}
	for i := range a.Regions {
		if r := &a.Regions[i]; r.Kind.OutsideGo() {
			n := r.Size()
			if r.Counted {
				n = r.Content
			}
			if a.Resident != nil && len(a.Resident.Mappings) > 0 {
				n = r.Resident
			}
			of[r.Kind] += n
			if r.Kind != account.File {
				outside += n
			}
		}
	}
	text, short := "are outside Go", "outside Go"
	switch most := outside / 2; {
	case of[account.CHeap]+of[account.CArena]+of[account.CBlocks] > most:
		text += ", most of them C's allocator's"
		short += " (C's allocator)"
	case of[account.Anonymous] > most:
		text += ", most of them mapped without the runtime"
		short += " (mapped)"
	}
	list = append(list, cause{outside, text, short}, cause{of[account.File], "are mapped files", "mapped files"})
	slices.SortStableFunc(list, func(a, b cause) int { return cmp.Compare(b.bytes, a.bytes) })
	return list
}

// Sentence says in words why the process is as large as it is, and what steers the
// collector.
func (m *Memory) Sentence() string {
	whole, begin := m.Total(), "At most %s can be resident: "
	switch {
	case m.Resident != nil && m.Resident.RSS > 0:
		whole, begin = m.Resident.RSS, "RSS is %s: "
	case len(m.Regions) == 0: // a heap dump speaks of nothing else
		begin = "Go has got %s from the system: "
	}
	var said []string
	sum := uint64(0)
	for _, c := range causes(&m.Account) {
		if c.bytes > 0 && (len(said) == 0 || c.bytes >= whole/memoryShare) {
			said = append(said, HumanBytes(c.bytes)+" "+c.text)
			sum += c.bytes
		}
	}
	text := fmt.Sprintf(begin, HumanBytes(whole)) + strings.Join(said, ", and ")
	if sum > whole {
		// Of pages within a mapping nothing says which of them are resident.
		text += ", not all of it resident"
	}
	text += "."
	if !m.Known() {
		text = "The file does not say where memory is beside the objects."
	}
	return text + m.pace()
}

// pace says what steers the collector.
func (m *Memory) pace() string {
	c := m.Counters
	if c == nil {
		return ""
	}
	text := ""
	if c.Paced {
		switch {
		case c.GCPercent < 0:
			text += " GOGC is off"
		default:
			text += fmt.Sprintf(" GOGC is %d", c.GCPercent)
		}
		if c.MemoryLimit == account.NoLimit {
			text += ", GOMEMLIMIT is not set."
		} else {
			text += ", GOMEMLIMIT is " + HumanBytes(uint64(max(c.MemoryLimit, 0))) + "."
		}
	}
	switch {
	case c.NumGC == 0:
		text += " No collection has ended yet."
	default:
		text += fmt.Sprintf(" %s ended", plural(c.NumGC, "collection"))
		if c.NumForcedGC > 0 {
			text += fmt.Sprintf(", %s forced", comma(c.NumForcedGC))
		}
		text += fmt.Sprintf(", %s paused in all.", time.Duration(min(c.PauseTotalNs, math.MaxInt64)).Round(time.Microsecond))
	}
	if c.NextGC < 1<<62 {
		text += fmt.Sprintf(" The next one is to end at a heap of %s; %s are allocated now.", HumanBytes(c.NextGC), HumanBytes(c.HeapAlloc))
	}
	return text
}

// Total is what can be resident at most.
func (m *Memory) Total() (n uint64) {
	for i := range m.Parts {
		n += m.Parts[i].Bytes
	}
	return n
}

// partRow is a part with its depth.
type partRow struct {
	account.Part
	depth int
	key   string
}

func (m *Memory) rows() []partRow {
	var rows []partRow
	for i := range m.Parts {
		p := &m.Parts[i]
		rows = append(rows, partRow{*p, 0, p.Key})
		for k := range p.Parts {
			part := &p.Parts[k]
			key := p.Key + "." + part.Key
			rows = append(rows, partRow{*part, 1, key})
			for i := range part.Parts {
				rows = append(rows, partRow{part.Parts[i], 2, key + "." + part.Parts[i].Key})
			}
		}
		if p.Key == "go_heap" && p.Resident != nil && *p.Resident < p.Bytes {
			rows = append(rows, partRow{account.Part{Name: "of these not resident", Bytes: p.Bytes - *p.Resident}, 1, p.Key + ".not_resident"})
		}
	}
	return rows
}

// MemoryTable is the parts of the memory as a table: what a row with a dot in its key has
// is in a row above with one dot less too.
func MemoryTable(m *Memory) *Table {
	rows := m.rows()
	optional := func(n *uint64) Cell {
		if n == nil {
			return Cell{Unknown: true}
		}
		return Cell{Num: *n}
	}
	return NewTable(len(rows), nil,
		Column{Name: "part", Title: "Part", Cell: func(row int) Cell { return Cell{Text: rows[row].key} }},
		Column{Name: "name", Title: "Name", Cell: func(row int) Cell { return Cell{Text: rows[row].Name} }},
		Column{Name: "bytes", Title: "Bytes", Kind: Bytes, Right: true, Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		Column{Name: "count", Title: "Count", Kind: Count, Right: true, Cell: func(row int) Cell {
			return Cell{Num: rows[row].Count, Unknown: rows[row].Count == 0}
		}},
		Column{Name: "content", Title: "Content", Kind: Bytes, Right: true, Cell: func(row int) Cell { return optional(rows[row].Content) }},
		Column{Name: "resident", Title: "Resident", Kind: Bytes, Right: true, Cell: func(row int) Cell { return optional(rows[row].Resident) }},
	)
}

// WriteMemory writes where the memory went, for people: at most n rows of each list but the
// parts.
func WriteMemory(w io.Writer, m *Memory, n int) error {
	p := &printer{w: bufio.NewWriter(w)}
	for _, line := range indented("", "", m.Sentence()) {
		p.line("%s", line)
	}
	p.line("")
	resident := m.Resident != nil && len(m.Resident.Mappings) > 0
	last := "Content"
	if resident {
		last = "Resident"
	}
	table := [][]string{{"Part", "Bytes", last}}
	measure := func(of *account.Part) string {
		n := of.Content
		if resident {
			n = of.Resident
		}
		if n == nil {
			return ""
		}
		return HumanBytes(*n)
	}
	const width = 54
	var total, sum uint64
	for _, r := range m.rows() {
		name := strings.Repeat("  ", r.depth) + Printable(r.Name)
		if r.Count > 0 {
			name += " (" + comma(r.Count) + ")"
		}
		if r.depth == 0 {
			total += r.Bytes
			if of := r.Content; !resident && of != nil {
				sum += *of
			} else if of := r.Resident; resident && of != nil {
				sum += *of
			}
		}
		table = append(table, []string{clippedLeft(name, width), HumanBytes(r.Bytes), measure(&r.Part)})
	}
	table = append(table, []string{"in all", HumanBytes(total), HumanBytes(sum)})
	p.rows(table, []bool{false, true, true}, "")
	p.line("")
	for _, note := range m.notes(sum) {
		for _, line := range indented("", "", note) {
			p.line("%s", line)
		}
	}
	m.writeLists(p, n)
	return p.w.Flush()
}

// clippedLeft cuts a text at its middle, so that the end of a path stays.
func clippedLeft(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && uniseg.StringWidth(string(runes)) > width-5 {
		runes = runes[1:]
	}
	return "    …" + string(runes)
}

// notes are what the table alone does not say.
func (m *Memory) notes(sum uint64) []string {
	var notes []string
	r := m.Resident
	switch {
	case r != nil && len(r.Mappings) > 0:
		notes = append(notes, fmt.Sprintf("The parts add up to %s resident; the kernel says %s.", HumanBytes(sum), HumanBytes(r.RSS)))
	case m.Known() && len(m.Regions) > 0:
		notes = append(notes, "Bytes may be resident, each of them; a core does not say which are. Content is the pages that are not zeros, which are resident or swapped out. --smaps FILE tells more.")
	}
	if r != nil {
		if len(r.Mappings) == 0 && r.RSS > 0 {
			notes = append(notes, fmt.Sprintf("The kernel says that %s were resident, and not of what: keep /proc/PID/smaps.", HumanBytes(r.RSS)))
		}
		if r.Huge > 0 {
			notes = append(notes, fmt.Sprintf("%s stand in transparent huge pages: memory that was given back may be resident in them.", HumanBytes(r.Huge)))
		}
		if r.Swap > 0 {
			notes = append(notes, HumanBytes(r.Swap)+" are swapped out.")
		}
		if r.Cgroup > 0 {
			notes = append(notes, "The cgroup was charged for "+HumanBytes(r.Cgroup)+", the page cache of its files among it.")
		}
	}
	if m.Pages != nil && m.Pages.Returned > 0 {
		notes = append(notes, HumanBytes(m.Pages.Returned)+" of the heap's address space are free and given back to the system: they count nowhere.")
	}
	if m.Pages != nil && m.Pages.Missing > 0 {
		notes = append(notes, fmt.Sprintf("%s of the runtime's page allocator are missing in the file: the parts are too small.", plural(uint64(m.Pages.Missing), "record")))
	}
	return notes
}

// writeLists writes what some parts consist of.
func (m *Memory) writeLists(p *printer, n int) {
	list := func(title string, head []string, rows [][]string) {
		if len(rows) == 0 {
			return
		}
		p.line("")
		p.line("%s", title)
		shown := append([][]string{head}, rows[:min(len(rows), n)]...)
		if n < 0 {
			shown = append([][]string{head}, rows...)
		}
		p.rows(shown, []bool{true, true, true, true, true, true}, "  ")
		if more := len(rows) - len(shown) + 1; more > 0 {
			p.line("  … %s more", comma(uint64(more)))
		}
	}
	slot := func(n uint64) string {
		if n == 0 {
			return "large"
		}
		return comma(n) + " B"
	}
	var rows [][]string
	for _, g := range m.Garbage {
		like := "-"
		if g.Like != "" {
			like = fmt.Sprintf("%s (%s)", Printable(ShortPaths(g.Like)), comma(g.LikeObjects))
			if g.Only {
				like = "only " + like
			}
		}
		rows = append(rows, []string{slot(g.Slot), HumanBytes(g.Bytes), comma(g.Objects), clipped(like, 46)})
	}
	var types [][]string
	for _, g := range m.GarbageTypes {
		types = append(types, []string{HumanBytes(g.Bytes), comma(g.Objects), clipped(Printable(ShortPaths(g.Type)), 56)})
	}
	list("Garbage by type, where the allocator recorded it", []string{"Bytes", "Objects", "Type"}, types)
	list("Garbage by size, and the live objects of that size", []string{"Slot", "Bytes", "Objects", "Alive"}, rows)
	rows = nil
	classes := slices.Clone(m.Classes)
	slices.SortStableFunc(classes, func(a, b account.Class) int { return cmp.Compare(b.Free, a.Free) })
	for _, c := range classes {
		if c.Free > 0 {
			rows = append(rows, []string{slot(c.Slot), HumanBytes(c.Free), HumanBytes(c.Live), comma(c.Spans), comma(c.Lone), HumanBytes(c.LoneBytes)})
		}
	}
	list("Free slots by size, and spans that one live object keeps", []string{"Slot", "Free", "Live", "Spans", "Lone", "In lone spans"}, rows)
	rows = nil
	for _, d := range m.Stacks.Deepest {
		rows = append(rows, []string{fmt.Sprintf("g:%d", d.Goroutine), HumanBytes(d.Used), HumanBytes(d.Size)})
	}
	list("The deepest stacks", []string{"Goroutine", "Used", "Size"}, rows)
}

// memoryLines is the account in a line: its largest parts, and one or two more on garbage,
// where that is the largest of all; none where the file says nothing of them. It looks at no
// page.
func memoryLines(ctx context.Context, s *Snapshot) ([]string, error) {
	a, err := s.Heap.Account(ctx, nil, false)
	if err != nil || !a.Known() {
		return nil, err
	}
	line := "memory:"
	list := causes(&a)
	for i, c := range list {
		more := " " + HumanBytes(c.bytes) + " " + c.short
		if i > 0 {
			more = "," + more
		}
		if c.bytes == 0 || len(line)+len(more) > verdictWidth {
			break
		}
		line += more
	}
	lines := []string{line}
	if list[0].short == shortGarbage && list[0].bytes >= s.LeastSuspect {
		text, err := garbageText(ctx, s, &a)
		if err != nil {
			return nil, err
		}
		if text != "" {
			lines = append(lines, indented("", "  ", text)...)
		}
	}
	return lines, nil
}

// garbageText says of what type half of the garbage is or more, where the allocator recorded
// it, or else in slots of which size, and how much of it the program lets there be.
func garbageText(ctx context.Context, s *Snapshot, a *account.Account) (string, error) {
	const half = 2
	garbage := account.Sum(a.Classes).Garbage
	var said []string
	types, err := garbageByType(ctx, s)
	if err != nil {
		return "", err
	}
	if len(types) > 0 && types[0].Bytes >= garbage/half {
		t := &types[0]
		said = append(said, fmt.Sprintf("%s in %s × %s", HumanBytes(t.Bytes), comma(t.Objects), Printable(ShortPaths(t.Type))))
	} else {
		slots, err := garbageBySlot(ctx, s, a.Classes)
		if err != nil {
			return "", err
		}
		if g := &slots[0]; g.Bytes >= garbage/half && g.Slot > 0 {
			text := fmt.Sprintf("%s in %s of %s B", HumanBytes(g.Bytes), plural(g.Objects, "slot"), comma(g.Slot))
			if g.Like != "" {
				text += fmt.Sprintf(", the size of %s (%s live)", Printable(ShortPaths(g.Like)), comma(g.LikeObjects))
			}
			said = append(said, text)
		}
	}
	if c := a.Counters; c != nil && c.Paced && c.GCPercent < 0 {
		said = append(said, "GOGC is off")
	} else if c != nil && c.Paced {
		said = append(said, fmt.Sprintf("GOGC is %d", c.GCPercent))
	}
	if len(said) == 0 {
		return "", nil
	}
	return "garbage: " + strings.Join(said, "; "), nil
}
