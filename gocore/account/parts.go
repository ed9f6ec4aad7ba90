package account

import (
	"cmp"
	"slices"
)

// Part is one of the parts that the memory of a process consists of. Parts of parts add
// up to them.
type Part struct {
	Key   string // for programs
	Name  string // for people
	Bytes uint64 // that may be resident at most
	Count uint64 // of what the name says; 0 for what is not counted
	// Content is what of it must be resident or in swap, by its contents; see
	// Region.Content.
	Content *uint64
	// Resident is what the kernel had of it in memory; nil where nobody kept that.
	Resident *uint64
	Parts    []Part
}

// Parts returns what the memory of the process consists of: the Go heap, what the runtime
// has beside it, and what is neither. Address space that was given back to the system is
// in none of them.
func (a *Account) Parts() []Part {
	var parts []Part
	byKind := map[Kind][]Region{}
	for _, r := range a.Regions {
		byKind[r.Kind] = append(byKind[r.Kind], r)
	}
	add := func(p Part, kinds ...Kind) {
		var of []Region
		for _, k := range kinds {
			of = append(of, byKind[k]...)
		}
		a.measure(&p, of)
		if p.Bytes > 0 {
			parts = append(parts, p)
		}
	}
	if p, ok := a.heap(); ok {
		add(p, GoHeap)
	}
	add(a.runtime(), GoTables)
	for _, k := range []struct {
		kind      Kind
		key, name string
	}{
		{Executable, "executable", "code and data of the program"},
		{Library, "libraries", "code and data of libraries"},
		{ThreadStack, "thread_stacks", "stacks of threads"},
		{CHeap, "c_heap", "C's allocator: brk"},
		{CArena, "c_arenas", "C's allocator: arenas"},
		{CBlocks, "c_blocks", "C's allocator: large blocks"},
		{File, "files", "mapped files"},
		{Kernel, "kernel", "the kernel's"},
		{Anonymous, "anonymous", "mapped without the runtime"},
	} {
		p := Part{Key: k.key, Name: k.name}
		names := map[string][]Region{}
		for _, r := range byKind[k.kind] {
			p.Bytes += r.Size()
			if r.Name != "" {
				names[r.Name] = append(names[r.Name], r)
			}
		}
		for name, of := range names {
			file := Part{Key: "file", Name: name}
			for i := range of {
				file.Bytes += of[i].Size()
			}
			a.measure(&file, of)
			p.Parts = append(p.Parts, file)
		}
		slices.SortFunc(p.Parts, func(a, b Part) int {
			return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
		})
		add(p, k.kind)
	}
	return parts
}

// measure adds up what regions have of a part.
func (a *Account) measure(p *Part, of []Region) {
	var content, resident uint64
	counted := false
	for i := range of {
		content += of[i].Content
		resident += of[i].Resident
		counted = counted || of[i].Counted
	}
	if counted {
		p.Content = &content
	}
	if a.Resident != nil && len(a.Resident.Mappings) > 0 {
		p.Resident = &resident
	}
}

// heap is the Go heap; ok is false where the file says nothing of its pages.
func (a *Account) heap() (p Part, ok bool) {
	pages := a.Pages
	if pages == nil {
		return p, false
	}
	sum := Sum(a.Classes)
	p = Part{Key: "go_heap", Name: "Go heap", Bytes: pages.Mapped()}
	p.Parts = []Part{
		{Key: "live", Name: "live objects", Bytes: sum.Live, Count: sum.LiveObjects, Parts: a.spares(sum)},
		{Key: "garbage", Name: "garbage, which the next collection frees", Bytes: sum.Garbage, Count: sum.GarbageObjects},
		{Key: "free_slots", Name: "free slots beside objects", Bytes: sum.Free},
		{Key: "span_ends", Name: "ends of spans", Bytes: sum.Ends},
		{Key: "free_pages", Name: "freed and not given back", Bytes: pages.Kept},
		{Key: "stacks_used", Name: "stacks of goroutines: used", Bytes: a.Stacks.Used, Count: uint64(a.Stacks.Goroutines)},
		{Key: "stacks_idle", Name: "stacks of goroutines: not used", Bytes: a.Stacks.Idle},
		{Key: "stacks_threads", Name: "stacks of the runtime's threads", Bytes: a.Stacks.Threads},
		{Key: "stacks_free", Name: "stacks kept for goroutines to come", Bytes: a.Stacks.Free},
		{Key: "work", Name: "work buffers of the collector", Bytes: pages.Work},
	}
	if s := &a.Stacks; s.Used+s.Idle+s.Threads+s.Free == 0 {
		p.Parts = append(p.Parts, Part{Key: "stacks", Name: "stacks", Bytes: pages.Stacks})
	}
	left := p.Bytes
	for i := range p.Parts {
		left -= min(left, p.Parts[i].Bytes)
	}
	p.Parts = append(p.Parts, Part{Key: "heap_unknown", Name: "of which the file says no more", Bytes: left})
	p.Parts = slices.DeleteFunc(p.Parts, func(p Part) bool { return p.Bytes == 0 })
	return p, true
}

// spares are the parts of the live objects, none where all are in use.
func (a *Account) spares(sum Class) []Part {
	less := func(n, m uint64) uint64 { return n - min(n, m) }
	if a.Defers.Objects+a.Sudogs.Objects == 0 {
		return nil
	}
	parts := []Part{
		{Key: "used", Name: "in use", Bytes: less(sum.Live, a.Defers.Bytes+a.Sudogs.Bytes), Count: less(sum.LiveObjects, a.Defers.Objects+a.Sudogs.Objects)},
		{Key: "defers", Name: "records kept for deferred calls to come", Bytes: a.Defers.Bytes, Count: a.Defers.Objects},
		{Key: "sudogs", Name: "records kept for goroutines that will wait", Bytes: a.Sudogs.Bytes, Count: a.Sudogs.Objects},
	}
	return slices.DeleteFunc(parts, func(p Part) bool { return p.Bytes == 0 })
}

// runtime is what the runtime has got from the system beside the heap, by its counters.
func (a *Account) runtime() Part {
	p := Part{Key: "go_runtime", Name: "the Go runtime's own"}
	c := a.Counters
	if c == nil {
		return p
	}
	less := func(n, m uint64) uint64 { return n - min(n, m) }
	p.Parts = []Part{
		{Key: "gc", Name: "the collector's: pointer maps, marks, pages", Bytes: less(c.GCSys, c.WorkBuffers)},
		{Key: "profiling", Name: "buckets of profiles", Bytes: c.BuckHashSys},
		{Key: "spans", Name: "records of spans", Bytes: c.MSpanSys},
		{Key: "caches", Name: "caches of processors", Bytes: c.MCacheSys},
		{Key: "system_stacks", Name: "stacks got from the system", Bytes: less(c.StackSys, c.StackInuse)},
		{Key: "other", Name: "other: itabs, finalizers, polling", Bytes: c.OtherSys},
	}
	for i := range p.Parts {
		p.Bytes += p.Parts[i].Bytes
	}
	p.Parts = slices.DeleteFunc(p.Parts, func(p Part) bool { return p.Bytes == 0 })
	return p
}

// Known reports whether the file says where memory is beside the objects.
func (a *Account) Known() bool { return a.Pages != nil }
