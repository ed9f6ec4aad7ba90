package dump

import (
	"cmp"
	"slices"
)

// SlotRun says where blocks of equal size stand that are side by side in memory,
// but apart in a file: block i is Elem bytes from Start + i·Elem. Start is a
// multiple of SlotPage, and no two runs share a page of that size.
type SlotRun struct {
	Start, Elem uint64
	N           uint32
	// At and the N numbers from index First on say where the blocks are in the
	// file: the number is what to add to At, 0 for a block that the file lacks.
	First uint64
	At    uint64
}

// SlotPage is the unit in which runs of slots are found: any size does that is
// not above the pages of what wrote the file.
const (
	SlotPage       = 1 << slotPageShift
	slotPageShift  = 13
	slotBlockShift = 26
	pagesPerBlock  = 1 << (slotBlockShift - slotPageShift)
)

// slots finds the blocks of runs: by a table of 4 bytes for each block and each
// page, or, where the runs are so far apart that it would be larger than the file,
// by searching.
type slots struct {
	file    []byte
	runs    []SlotRun
	offsets []uint32

	firstBlock uint64
	blocks     []uint32 // by 64 MiB after firstBlock: 1 + index of its pages
	pages      []uint32 // 1 + index of the run; nil to search
}

// freeTable is how large a table of pages may be whatever the size of the file.
const freeTable = 16 << 20

// SetSlots adds runs of blocks of file to the memory: they come before whatever
// else stands at their addresses. runs is sorted by Start; all blocks lie within
// the file. Everything is kept.
func (m *Memory) SetSlots(file []byte, runs []SlotRun, offsets []uint32) {
	if len(runs) == 0 {
		return
	}
	s := &slots{file: file, runs: runs, offsets: offsets}
	m.slots = s
	s.firstBlock = runs[0].Start >> slotBlockShift
	used, seen := uint64(0), s.firstBlock-1 // blocks that runs are in: they ascend
	for i := range runs {
		from, to := max(runs[i].Start>>slotBlockShift, seen+1), (runs[i].Start+runs[i].size()-1)>>slotBlockShift
		used += to + 1 - from
		seen = to
	}
	blocks := seen - s.firstBlock + 1
	if limit := (uint64(len(file)) + freeTable) / 4; blocks > limit || used > limit/pagesPerBlock {
		return
	}
	s.blocks = make([]uint32, blocks)
	s.pages = make([]uint32, used*pagesPerBlock)
	used = 0
	for i := range runs {
		for b := runs[i].Start >> slotBlockShift; b <= (runs[i].Start+runs[i].size()-1)>>slotBlockShift; b++ {
			if at := &s.blocks[b-s.firstBlock]; *at == 0 {
				used++
				*at = uint32(used)
			}
		}
		for a := runs[i].Start; a < runs[i].Start+runs[i].size(); a += SlotPage {
			s.pages[uint64(s.blocks[a>>slotBlockShift-s.firstBlock]-1)*pagesPerBlock+a>>slotPageShift%pagesPerBlock] = uint32(i + 1)
		}
	}
}

func (r *SlotRun) size() uint64 { return r.Elem * uint64(r.N) }

// run returns 1 + the index of the run that may hold addr, 0 for none.
func (s *slots) run(addr uint64) uint32 {
	if s.pages == nil {
		i, ok := slices.BinarySearchFunc(s.runs, addr, func(r SlotRun, a uint64) int { return cmp.Compare(r.Start, a) })
		if ok {
			i++
		}
		return uint32(i)
	}
	b := addr>>slotBlockShift - s.firstBlock
	if b >= uint64(len(s.blocks)) || s.blocks[b] == 0 {
		return 0
	}
	return s.pages[uint64(s.blocks[b]-1)*pagesPerBlock+addr>>slotPageShift%pagesPerBlock]
}

// at returns the block that holds addr, and where it starts; nil where none is.
func (s *slots) at(addr uint64) (start uint64, data []byte) {
	run := s.run(addr)
	if run == 0 {
		return 0, nil
	}
	r := &s.runs[run-1]
	if addr-r.Start >= r.size() {
		return 0, nil
	}
	i := uint64(0)
	if r.N > 1 {
		i = uint64(uint32(addr-r.Start) / uint32(r.Elem))
	}
	off := s.offsets[r.First+i]
	if off == 0 {
		return 0, nil
	}
	at := r.At + uint64(off)
	return r.Start + i*r.Elem, s.file[at : at+r.Elem : at+r.Elem]
}
