package types

import (
	"sync/atomic"
)

// Memory is the program's memory. Slice returns the n bytes at addr, or false
// if they are not all known; it does not allocate n bytes for a large n.
type Memory interface {
	Slice(addr, n uint64) ([]byte, bool)
}

// Module is one moduledata of the runtime: the main program, or a plugin.
type Module struct {
	Types, ETypes uint64 // moduledata.types and etypes, as they are in memory
	// DWARF says that the table's DWARF describes this module, so that
	// DW_AT_go_runtime_type counts from Types.
	DWARF bool
}

// Runtime is what the table needs to read type descriptors.
type Runtime struct {
	Memory  Memory
	Modules []Module
	Layout  DescriptorLayout
}

// runtimeTypes is the state behind ByRuntimeType.
type runtimeTypes struct {
	Runtime
	// known has, by module, for each aligned address in [Types, ETypes) one
	// more than the ID, or notAType, or 0 if nobody asked yet.
	known [][]atomic.Uint32
	// outside counts the types made by reflect, which lie on the heap.
	outside atomic.Int32
}

const (
	notAType = ^uint32(0)
	// maxModuleTypes bounds the memory behind known, of all modules together. The
	// largest programs have some tens of megabytes of descriptors.
	maxModuleTypes = 1 << 28
	// maxOutside is far beyond what reflect makes in any program.
	maxOutside = 1 << 18
)

// SetRuntime makes the program's type descriptors known. It is called once,
// before the table is used by several goroutines.
func (t *Table) SetRuntime(r Runtime) {
	rt := &runtimeTypes{Runtime: r}
	room := uint64(maxModuleTypes)
	for _, m := range r.Modules {
		var known []atomic.Uint32
		if m.ETypes > m.Types && m.ETypes-m.Types <= room {
			room -= m.ETypes - m.Types
			known = make([]atomic.Uint32, (m.ETypes-m.Types)/uint64(t.Arch.PtrSize))
		}
		rt.known = append(rt.known, known)
	}
	t.runtime = rt
}

// module returns the number of the module whose types include addr, or -1.
func (r *runtimeTypes) module(addr uint64) int {
	for i := range r.Modules {
		if m := &r.Modules[i]; addr >= m.Types && addr < m.ETypes {
			return i
		}
	}
	return -1
}

// ByRuntimeType returns the type whose descriptor is at addr: the word that
// malloc headers, interfaces and itabs hold. It fails if what lies there
// cannot be a descriptor.
func (t *Table) ByRuntimeType(addr uint64) (ID, bool) {
	r := t.runtime
	if r == nil {
		return 0, false
	}
	word := uint64(t.Arch.PtrSize)
	if addr == 0 || addr%word != 0 {
		return 0, false
	}
	m := r.module(addr)
	if m < 0 {
		return t.outsideModules(addr)
	}
	var cell *atomic.Uint32
	if i := (addr - r.Modules[m].Types) / word; i < uint64(len(r.known[m])) {
		cell = &r.known[m][i]
		switch v := cell.Load(); v {
		case 0:
		case notAType:
			return 0, false
		default:
			return ID(v - 1), true
		}
	}
	id := t.inDWARF(m, addr)
	if id == 0 {
		id = t.describedAt(addr)
	}
	if cell != nil {
		v := notAType
		if id != 0 {
			v = uint32(id) + 1
		}
		cell.Store(v)
	}
	return id, id != 0
}

// inDWARF returns the type that DWARF ties to the descriptor at addr.
func (t *Table) inDWARF(m int, addr uint64) ID {
	if t.index == nil || !t.runtime.Modules[m].DWARF {
		return 0
	}
	off, ok := t.index.ByRuntime(addr - t.runtime.Modules[m].Types)
	if !ok {
		return 0
	}
	return t.ByOffset(off)
}

func (t *Table) outsideModules(addr uint64) (ID, bool) {
	t.mu.Lock()
	id, ok := t.byAddr[addr]
	t.mu.Unlock()
	if ok {
		return id, true
	}
	if t.runtime.outside.Load() >= maxOutside {
		return 0, false
	}
	if id = t.describedAt(addr); id != 0 {
		t.runtime.outside.Add(1)
	}
	return id, id != 0
}

// describedAt returns the ID for the descriptor at addr if there is one.
func (t *Table) describedAt(addr uint64) ID {
	h, ok := t.readHeader(addr)
	if !ok || h.bare && h.kind == Struct && t.runtime.module(addr) < 0 {
		return 0 // the second is the descriptor of buckets, see reflectBucket
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.byAddr[addr]; ok {
		return id
	}
	id, s := t.newSlot()
	s.addr = addr
	t.byAddr[addr] = id
	return id
}

// RuntimeType returns the address of the type's descriptor, if it is known.
func (t *Table) RuntimeType(id ID) (uint64, bool) {
	typ := t.Type(id)
	if typ.descriptor != 0 {
		return typ.descriptor, true
	}
	if typ.descriptorOffset == 0 || t.runtime == nil {
		return 0, false
	}
	for _, m := range t.runtime.Modules {
		// The offset of some predeclared types is nonsense until Go 1.22.
		if m.DWARF && m.ETypes > m.Types && typ.descriptorOffset < m.ETypes-m.Types {
			return m.Types + typ.descriptorOffset, true
		}
	}
	return 0, false
}
