package report

import "goheap/gocore/account"

// MemoryDocument says where the memory of a process went. All numbers are bytes, but for
// counts.
type MemoryDocument struct {
	Schema   string                `json:"schema"`
	Sentence Escaped               `json:"sentence"`
	Bytes    uint64                `json:"bytes"` // that can be resident, of all parts
	Parts    []PartDocument        `json:"parts"`
	Returned *uint64               `json:"returned_bytes"` // of the heap, to the system
	Reserved uint64                `json:"reserved_bytes"` // address space that nothing can be in
	Runtime  *CountersDocument     `json:"runtime"`        // null where the file has no counters
	Kernel   *KernelDocument       `json:"kernel"`         // null where nobody kept what it said
	Garbage  []GarbageDocument     `json:"garbage"`
	Types    []GarbageTypeDocument `json:"garbage_types"` // as far as the allocator recorded them
	Classes  []SizeClassDocument   `json:"size_classes"`
	Deepest  []DeepStackDocument   `json:"deepest_stacks"`
}

// PartDocument is a part of the memory. Content is what of it is in the file and not zeros;
// null for what was not looked at. Resident is null where the kernel's word was not kept.
type PartDocument struct {
	Part     string         `json:"part"`
	Name     Escaped        `json:"name"`
	Bytes    uint64         `json:"bytes"`
	Count    uint64         `json:"count"`
	Content  *uint64        `json:"content_bytes"`
	Resident *uint64        `json:"resident_bytes"`
	Parts    []PartDocument `json:"parts"`
}

// CountersDocument is what runtime.ReadMemStats would have said, and what steers the
// collector: null where the file does not say it, or where there is no limit.
type CountersDocument struct {
	Sys          uint64  `json:"sys"`
	HeapAlloc    uint64  `json:"heap_alloc"`
	HeapSys      uint64  `json:"heap_sys"`
	HeapIdle     uint64  `json:"heap_idle"`
	HeapInuse    uint64  `json:"heap_inuse"`
	HeapReleased uint64  `json:"heap_released"`
	StackInuse   uint64  `json:"stack_inuse"`
	StackSys     uint64  `json:"stack_sys"`
	MSpanInuse   uint64  `json:"mspan_inuse"`
	MSpanSys     uint64  `json:"mspan_sys"`
	MCacheInuse  uint64  `json:"mcache_inuse"`
	MCacheSys    uint64  `json:"mcache_sys"`
	BuckHashSys  uint64  `json:"buckhash_sys"`
	GCSys        uint64  `json:"gc_sys"`
	OtherSys     uint64  `json:"other_sys"`
	NextGC       uint64  `json:"next_gc"`
	LastGC       uint64  `json:"last_gc_unix_ns"`
	PauseTotal   uint64  `json:"pause_total_ns"`
	NumGC        uint64  `json:"num_gc"`
	NumForcedGC  uint64  `json:"num_forced_gc"`
	GCPercent    *int64  `json:"gogc"` // below 0 for off
	MemoryLimit  *uint64 `json:"gomemlimit"`
}

// KernelDocument is what the kernel said of the process; 0 is what was not kept.
type KernelDocument struct {
	Sources []string `json:"sources"`
	RSS     uint64   `json:"rss_bytes"`
	Anon    uint64   `json:"anonymous_bytes"`
	Swap    uint64   `json:"swap_bytes"`
	Peak    uint64   `json:"peak_bytes"`
	Huge    uint64   `json:"huge_page_bytes"`
	Cgroup  uint64   `json:"cgroup_bytes"`
}

// GarbageTypeDocument is the garbage of one type.
type GarbageTypeDocument struct {
	Type    Escaped `json:"type"`
	Objects uint64  `json:"objects"`
	Bytes   uint64  `json:"bytes"`
}

// GarbageDocument is a GarbageRow; Slot is null for large objects.
type GarbageDocument struct {
	Slot        *uint64  `json:"slot_bytes"`
	Objects     uint64   `json:"objects"`
	Bytes       uint64   `json:"bytes"`
	Like        Optional `json:"live_type"`
	LikeObjects uint64   `json:"live_objects"`
	Only        bool     `json:"only_live_type"`
}

// SizeClassDocument is the spans with slots of one size; Slot is null for large objects.
type SizeClassDocument struct {
	Slot    *uint64 `json:"slot_bytes"`
	Spans   uint64  `json:"spans"`
	Bytes   uint64  `json:"bytes"`
	Live    uint64  `json:"live_bytes"`
	Garbage uint64  `json:"garbage_bytes"`
	Free    uint64  `json:"free_bytes"`
	Ends    uint64  `json:"end_bytes"`
	Lone    uint64  `json:"lone_spans"`
	LoneIn  uint64  `json:"lone_span_bytes"`
}

// DeepStackDocument is one of the deepest stacks.
type DeepStackDocument struct {
	Goroutine uint64 `json:"goroutine"`
	Used      uint64 `json:"used_bytes"`
	Size      uint64 `json:"size_bytes"`
}

// NewMemoryDocument lays out where the memory went.
func NewMemoryDocument(m *Memory) MemoryDocument {
	d := MemoryDocument{
		Schema: "goheap/memory/1", Sentence: Escaped(m.Sentence()), Bytes: m.Total(), Parts: partDocuments(m.Parts), Reserved: m.Reserved,
		Garbage: []GarbageDocument{}, Types: []GarbageTypeDocument{}, Classes: []SizeClassDocument{}, Deepest: []DeepStackDocument{},
	}
	if m.Pages != nil {
		d.Returned = &m.Pages.Returned
	}
	if c := m.Counters; c != nil {
		d.Runtime = &CountersDocument{
			Sys: c.Sys, HeapAlloc: c.HeapAlloc, HeapSys: c.HeapSys, HeapIdle: c.HeapIdle, HeapInuse: c.HeapInuse, HeapReleased: c.HeapReleased,
			StackInuse: c.StackInuse, StackSys: c.StackSys, MSpanInuse: c.MSpanInuse, MSpanSys: c.MSpanSys, MCacheInuse: c.MCacheInuse, MCacheSys: c.MCacheSys,
			BuckHashSys: c.BuckHashSys, GCSys: c.GCSys, OtherSys: c.OtherSys, NextGC: c.NextGC, LastGC: c.LastGC, PauseTotal: c.PauseTotalNs,
			NumGC: c.NumGC, NumForcedGC: c.NumForcedGC,
		}
		if c.Paced {
			d.Runtime.GCPercent = &c.GCPercent
			if limit := uint64(c.MemoryLimit); c.MemoryLimit != account.NoLimit {
				d.Runtime.MemoryLimit = &limit
			}
		}
	}
	if r := m.Resident; r != nil {
		d.Kernel = &KernelDocument{r.Sources, r.RSS, r.Anon, r.Swap, r.Peak, r.Huge, r.Cgroup}
	}
	slot := func(n uint64) *uint64 {
		if n == 0 {
			return nil
		}
		return &n
	}
	for _, g := range m.Garbage {
		d.Garbage = append(d.Garbage, GarbageDocument{slot(g.Slot), g.Objects, g.Bytes, Optional(g.Like), g.LikeObjects, g.Only})
	}
	for _, g := range m.GarbageTypes {
		d.Types = append(d.Types, GarbageTypeDocument{Escaped(g.Type), g.Objects, g.Bytes})
	}
	for _, c := range m.Classes {
		d.Classes = append(d.Classes, SizeClassDocument{slot(c.Slot), c.Spans, c.Bytes, c.Live, c.Garbage, c.Free, c.Ends, c.Lone, c.LoneBytes})
	}
	for _, s := range m.Stacks.Deepest {
		d.Deepest = append(d.Deepest, DeepStackDocument{s.Goroutine, s.Used, s.Size})
	}
	return d
}

func partDocuments(parts []account.Part) []PartDocument {
	list := []PartDocument{}
	for _, p := range parts {
		list = append(list, PartDocument{p.Key, Escaped(p.Name), p.Bytes, p.Count, p.Content, p.Resident, partDocuments(p.Parts)})
	}
	return list
}
