package corefile

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"slices"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
)

// The kernel maps memory in pages of this size, or of more on some processors.
const systemPage = 4 << 10

// readRegions says whose the parts of the address space are. What the kernel maps is the
// sum of the core's segments and of the mappings of files, of which a core may have no
// bytes. What several claim belongs to the first of them in precedence.
func (d *decoder) readRegions(ctx context.Context, inUse []dump.Range) error {
	c := &claims{}
	for _, r := range inUse {
		c.add(r.Start, r.End, account.GoHeap, "")
	}
	exe := d.claimFiles(c)
	d.claimStacks(c)
	if err := d.claimTables(ctx, c); err != nil {
		return err
	}
	mapped := d.mapped()
	a := &allocator{decoder: d}
	if d.core.Auxv[dump.AuxBase] != 0 {
		i, _ := slices.BinarySearchFunc(mapped, exe, func(r dump.Range, addr uint64) int { return cmp.Compare(r.Start, addr) })
		const farthest = 2 << 30 // of arch_randomize_brk
		if i < len(mapped) && mapped[i].Start-exe < farthest {
			a.behind = mapped[i]
		}
	}
	list := c.disjoint()
	for i, m := range mapped {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		at := m.Start
		for len(list) > 0 && list[0].End <= at {
			list = list[1:]
		}
		for k := 0; k < len(list) && list[k].Start < m.End; k++ {
			r := list[k]
			r.Start, r.End = max(r.Start, at), min(r.End, m.End)
			a.unclaimed(at, r.Start)
			at = r.End
			if r.Kind == reserved {
				d.Account.Reserved += r.Size()
				continue
			}
			a.regions = append(a.regions, r)
		}
		a.unclaimed(at, m.End)
	}
	d.Account.Regions = joined(a.regions)
	return nil
}

// reserved is the kind of what the runtime has reserved for its heap and does not use yet:
// a core may have it all the same, as zeros.
const reserved account.Kind = 0

// precedence is the order in which claims count.
var precedence = [...]account.Kind{account.GoHeap, reserved, account.Executable, account.Library, account.File, account.ThreadStack, account.Kernel, account.GoTables}

// claims are parts of the address space of which something says whose they are.
type claims struct{ list []account.Region }

// maxClaims bounds them: a heap of a terabyte has 16,384 arenas.
const maxClaims = 1 << 21

func (c *claims) add(start, end uint64, kind account.Kind, name string) {
	if start < end && len(c.list) < maxClaims {
		c.list = append(c.list, account.Region{Start: start, End: end, Kind: kind, Name: name})
	}
}

// disjoint gives each byte to the first in precedence of those who claim it, and returns
// what they have by address.
func (c *claims) disjoint() []account.Region {
	type edge struct {
		at    uint64
		claim int
		ends  bool
	}
	edges := make([]edge, 0, 2*len(c.list))
	for i := range c.list {
		edges = append(edges, edge{c.list[i].Start, i, false}, edge{c.list[i].End, i, true})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.claim, b.claim)) })
	var open [len(precedence)]struct{ n, last int }
	var out []account.Region
	for i := 0; i < len(edges); {
		at := edges[i].at
		for ; i < len(edges) && edges[i].at == at; i++ {
			rank := slices.Index(precedence[:], c.list[edges[i].claim].Kind)
			if edges[i].ends {
				open[rank].n--
			} else {
				open[rank].n++
				open[rank].last = edges[i].claim
			}
		}
		for _, o := range open {
			if o.n > 0 && i < len(edges) {
				by := c.list[o.last]
				by.Start, by.End = at, edges[i].at
				out = append(out, by)
				break
			}
		}
	}
	return out
}

// joined returns regions, by address, with those that adjoin and are alike as one.
func joined(regions []account.Region) []account.Region {
	out := regions[:0]
	for _, r := range regions {
		if n := len(out); n > 0 && out[n-1].End == r.Start && out[n-1].Kind == r.Kind && out[n-1].Name == r.Name {
			out[n-1].End = r.End
			continue
		}
		out = append(out, r)
	}
	return out
}

// mapped is the parts of the address space that can hold memory, by address and
// disjoint. What is reserved only is counted.
func (d *decoder) mapped() []dump.Range {
	var all []dump.Range
	for _, s := range d.core.Segments {
		if s.Flags&(elf.PF_R|elf.PF_W|elf.PF_X) == 0 || d.untouchable(s) {
			d.Account.Reserved += s.End - s.Start
			continue
		}
		all = append(all, dump.Range{Start: s.Start, End: s.End})
	}
	for _, m := range d.core.Mappings {
		all = append(all, dump.Range{Start: m.Start, End: m.End})
	}
	slices.SortFunc(all, func(a, b dump.Range) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	out := all[:0]
	for _, r := range all {
		if n := len(out); n > 0 && r.Start < out[n-1].End {
			r.Start = out[n-1].End
		}
		if r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}

// untouchable reports whether nothing can be in a segment that looks as if it could be
// read: gdb writes what may not be touched at all as memory of zeros that may be read.
func (d *decoder) untouchable(s dump.Segment) bool {
	if s.Flags&(elf.PF_W|elf.PF_X) != 0 || slices.ContainsFunc(d.core.Mappings, func(m dump.Mapping) bool { return m.Start < s.End && s.Start < m.End }) {
		return false
	}
	b, ok := d.Image.Mem.Slice(s.Start, min(s.End-s.Start, systemPage))
	return ok && len(bytes.Trim(b, "\x00")) == 0
}

// claimFiles claims mapped files, and what the loader adds to those of code: memory
// behind the data, which is zeros at first. It returns where the executable ends.
func (d *decoder) claimFiles(c *claims) (exe uint64) {
	code := map[string]bool{}
	flags := map[uint64]elf.ProgFlag{}
	for _, s := range d.core.Segments {
		flags[s.Start] = s.Flags
	}
	for _, m := range d.core.Mappings {
		code[m.Path] = code[m.Path] || flags[m.Start]&elf.PF_X != 0
	}
	entry := d.core.Auxv[dump.AuxEntry]
	program := ""
	for _, m := range d.core.Mappings {
		if m.Start <= entry && entry < m.End {
			program = m.Path
		}
	}
	if f := d.Exe.File.ELF(); f != nil {
		for _, p := range f.Progs {
			if p.Type == elf.PT_LOAD {
				start, end := pageDown(p.Vaddr+d.Exe.Bias), pageUp(p.Vaddr+p.Memsz+d.Exe.Bias)
				c.add(start, end, account.Executable, "")
				exe = max(exe, end)
			}
		}
	}
	for i, m := range d.core.Mappings {
		switch {
		case m.Path == program && program != "":
			c.add(m.Start, m.End, account.Executable, "")
		case code[m.Path]:
			c.add(m.Start, m.End, account.Library, m.Path)
			last := i+1 == len(d.core.Mappings) || d.core.Mappings[i+1].Path != m.Path
			if s, ok := d.segmentAt(m.End); last && ok && s.Start == m.End && flags[m.Start]&elf.PF_W != 0 && s.End-s.Start <= m.End-m.Start+libraryZeros {
				c.add(s.Start, s.End, account.Library, m.Path)
			}
		default:
			c.add(m.Start, m.End, account.File, m.Path)
		}
	}
	return exe
}

// libraryZeros is how much memory of zeros behind the data of a library is taken for its
// own: that of glibc's has 52 KiB.
const libraryZeros = 1 << 20

// segmentAt returns the segment that starts at addr.
func (d *decoder) segmentAt(addr uint64) (dump.Segment, bool) {
	i := slices.IndexFunc(d.core.Segments, func(s dump.Segment) bool { return s.Start <= addr && addr < s.End })
	if i < 0 {
		return dump.Segment{}, false
	}
	return d.core.Segments[i], true
}

// claimStacks claims the stacks of threads. The segment that one lies in ends with it:
// below a stack is a page that may not be touched, above it what the thread library
// keeps for the thread.
func (d *decoder) claimStacks(c *claims) {
	own := func(addr uint64) bool {
		return d.Image.InHeap(addr) || slices.ContainsFunc(d.stackSpans, func(r dump.Range) bool { return r.Start <= addr && addr < r.End })
	}
	add := func(addr uint64) {
		s, ok := d.segmentAt(addr)
		const most = 16 << 20
		if ok && addr != 0 && !own(addr) && s.Flags&elf.PF_W != 0 && s.End-s.Start <= most {
			c.add(s.Start, s.End, account.ThreadStack, "")
		}
	}
	add(d.core.Auxv[dump.AuxRandom]) // on the stack of the first thread (fs/binfmt_elf.c)
	for i := range d.core.Threads {
		add(d.core.Threads[i].SP)
	}
	if s, ok := d.segmentAt(d.core.Auxv[dump.AuxVDSO]); ok && d.core.Auxv[dump.AuxVDSO] != 0 {
		c.add(s.Start, s.End, account.Kernel, "[vdso]")
	}
}

// claimTables claims what the runtime keeps beside the heap, by the lists that lead there.
func (d *decoder) claimTables(ctx context.Context, c *claims) error {
	im, rt, a := d.Image, d.Layout, d.Image.Arch
	w := uint64(a.PtrSize)
	table := func(start, size uint64) {
		if start != 0 && size < 1<<47 && start < 1<<47 {
			c.add(pageDown(start), pageUp(start+size), account.GoTables, "")
		}
	}
	mheap, ok := d.structure("runtime.mheap_", uint64(rt.Mheap.Size))
	if !ok {
		return nil
	}
	// slice claims an array whose slice lies at off in the heap's record.
	slice := func(off, elem uint64) {
		if off+3*w <= uint64(len(mheap)) {
			if n := a.Word(mheap[off+2*w:]); n < 1<<40 {
				table(a.Word(mheap[off:]), n*elem)
			}
		}
	}
	arenaIndex := a.PtrSize // bytes of a runtime.arenaIdx
	slice(rt.Mheap.AllSpans.Offset, w)
	space := uint64(1) << min(uint64(rt.HeapAddrBits.Value), 48)
	if arena := uint64(rt.HeapArenaBytes.Value); arena > 0 && rt.Mheap.HeapArenas.Has() {
		slice(rt.Mheap.HeapArenas.Offset, w)
		firsts := max(uint64(rt.Mheap.Arenas.Size)/w, 1)
		perBlock := max(space/arena/firsts, 1)
		block := func(i uint64) uint64 {
			if off := rt.Mheap.Arenas.Offset + i*w; i < firsts && off+w <= uint64(len(mheap)) {
				return a.Word(mheap[off:])
			}
			return 0
		}
		for i := range firsts {
			table(block(i), perBlock*w)
		}
		at := rt.Mheap.HeapArenas.Offset
		list, _ := im.Mem.Items(a.Word(mheap[at:]), a.Word(mheap[at+w:]), uint64(arenaIndex), maxClaims)
		for i := 0; i+arenaIndex <= len(list); i += arenaIndex {
			number := a.Word(list[i:])
			if b := block(number / perBlock); b != 0 {
				metadata, _ := im.Mem.Word(b + number%perBlock*w)
				table(metadata, uint64(rt.HeapArena.Size))
				if base := number*arena + uint64(rt.ArenaBaseOffset.Value); base < image.MaxAddr {
					c.add(base, base+arena, reserved, "")
				}
			}
		}
	}
	if chunk := uint64(rt.PallocData.Bits.Size) * 8 << image.PageShift; chunk > 0 {
		firsts := max(uint64(rt.Mheap.Chunks.Size)/w, 1)
		for i := range uint64(rt.Mheap.Chunks.Size) / w {
			table(a.Word(mheap[rt.Mheap.Chunks.Offset+i*w:]), space/chunk/firsts*uint64(rt.PallocData.Size))
		}
	}
	const levelEntry = 8 // bytes of a runtime.pallocSum
	for off := uint64(0); off+3*w <= uint64(rt.Mheap.Summary.Size); off += 3 * w {
		slice(rt.Mheap.Summary.Offset+off, levelEntry)
	}
	if rt.Mheap.ScavIndex.Has() {
		slice(rt.Mheap.ScavIndex.Offset, max(uint64(rt.ScavChunkData.Size), 1))
	}
	if addr, err := d.Global("runtime.persistentChunks"); err == nil {
		first, _ := im.Mem.Word(addr)
		if err := d.eachLinked(ctx, first, 0, func(addr uint64) { table(addr, uint64(rt.PersistentChunkSize.Value)) }); err != nil {
			return err
		}
	}
	if addr, err := d.Global("runtime.buckhash"); err == nil {
		hash, _ := im.Mem.Word(addr)
		table(hash, uint64(rt.BuckHashSize.Value)*w)
	}
	// The variable is a structure without a name: a lock, and then four lists.
	if sym, ok := d.Exe.File.Symbol("runtime.gcBitsArenas"); ok && sym.Size >= 4*w {
		for i := range uint64(4) {
			first, _ := im.Mem.Word(sym.Addr + d.Exe.Bias + sym.Size - (i+1)*w)
			if err := d.eachLinked(ctx, first, rt.GCBitsArena.Next.Offset, func(addr uint64) { table(addr, uint64(rt.GCBitsArena.Size)) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachLinked calls f with the addresses of a list of records that each have the address
// of the next at link.
func (d *decoder) eachLinked(ctx context.Context, addr, link uint64, f func(addr uint64)) error {
	seen := map[uint64]bool{}
	for addr != 0 && !seen[addr] && len(seen) < maxClaims {
		if err := program.Look(ctx, len(seen)); err != nil {
			return err
		}
		seen[addr] = true
		next, ok := d.Image.Mem.Word(addr + link)
		if !ok {
			break
		}
		f(addr)
		addr = next
	}
	return nil
}

// allocator makes regions of what nobody claims, and finds C's allocator there.
type allocator struct {
	*decoder
	behind  dump.Range // the executable: what brk(2) moves the end of
	regions []account.Region
}

// Sizes of glibc's allocator (malloc/arena.c, HEAP_MAX_SIZE, and malloc/malloc.c,
// DEFAULT_MMAP_THRESHOLD_MIN).
const (
	arenaHeap  = 64 << 20
	leastBlock = 128 << 10
)

// unclaimed makes regions of memory that nobody claims. A heap of an arena of glibc's
// allocator starts with its record (malloc/arena.c, heap_info), at a multiple of the
// largest size, and a block that is mapped on its own with its size and the bit
// IS_MMAPPED, at a page (malloc/malloc.c, struct malloc_chunk).
func (a *allocator) unclaimed(start, end uint64) {
	add := func(from, to uint64, kind account.Kind) {
		if from < to {
			a.regions = append(a.regions, account.Region{Start: from, End: to, Kind: kind})
		}
	}
	if start >= a.behind.Start && end <= a.behind.End {
		add(start, end, account.CHeap)
		return
	}
	if a.Image.Arch.PtrSize != 8 {
		add(start, end, account.Anonymous)
		return
	}
	const patience = 1 << 14 // pages that are nothing of the kind
	from := start
	for at, other := start, 0; at < end && other < patience; {
		size, kind := a.ofMalloc(at, end)
		if size == 0 {
			other++
			at += systemPage
			continue
		}
		add(from, at, account.Anonymous)
		add(at, at+size, kind)
		at += size
		from = at
	}
	add(from, end, account.Anonymous)
}

// ofMalloc returns the size of what C's allocator has at addr, 0 for nothing.
func (a *allocator) ofMalloc(addr, end uint64) (uint64, account.Kind) {
	b, ok := a.Image.Mem.Slice(addr, 32)
	if !ok {
		return 0, 0
	}
	w := func(i int) uint64 { return a.Image.Arch.Word(b[8*i:]) }
	const mmapped, bits = 2, 7
	if size := w(1) &^ bits; w(0) == 0 && w(1)&bits == mmapped && size >= leastBlock && size%systemPage == 0 && size <= end-addr {
		return size, account.CBlocks
	}
	if addr%arenaHeap != 0 {
		return 0, 0
	}
	arena, previous, size, mapped := w(0), w(1), w(2), w(3)
	first := previous == 0 && arena > addr && arena < addr+systemPage
	later := previous != 0 && previous%arenaHeap == 0 && arena%arenaHeap != 0
	if owner, _ := a.Image.Mem.Word(arena &^ (arenaHeap - 1)); !first && !(later && owner == arena) {
		return 0, 0
	}
	if size > mapped || mapped > arenaHeap || mapped == 0 || mapped%systemPage != 0 || mapped > end-addr {
		return 0, 0
	}
	return mapped, account.CArena
}

func pageDown(addr uint64) uint64 { return addr &^ (systemPage - 1) }
func pageUp(addr uint64) uint64   { return (addr + systemPage - 1) &^ (systemPage - 1) }
