package program

import (
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
)

// spareRecords counts the live runtime._defer and runtime.sudog that nobody uses: each
// processor keeps some, and the scheduler has two lists of more, which a collection drops
// (runtime/panic.go, newdefer; runtime/proc.go, acquireSudog; runtime/mgc.go, clearpools).
// live has a bit for each node.
func spareRecords(d *Program, live []uint64) (defers, sudogs account.Spare) {
	l, im := d.Layout, d.Image
	if l == nil || !l.P.DeferPool.Has() {
		return defers, sudogs
	}
	w := uint64(im.Arch.PtrSize)
	seen := map[uint64]bool{}
	add := func(to *account.Spare, addr uint64) bool {
		n, ok := im.Pages.Lookup(addr)
		if !ok || addr == 0 || seen[addr] || !image.HasBit(live, n) {
			return false
		}
		seen[addr] = true
		to.Objects++
		to.Bytes += im.ExtentAt(addr).Elem
		return true
	}
	slice := func(to *account.Spare, at uint64) {
		array, _ := im.Mem.Word(at)
		n, _ := im.Mem.Word(at + w)
		list, _ := im.Mem.Items(array, n, w, MaxList)
		for i := uint64(0); i+w <= uint64(len(list)); i += w {
			add(to, im.Arch.Word(list[i:]))
		}
	}
	chain := func(to *account.Spare, at uint64, link layout.Field) {
		for addr, ok := im.Mem.Word(at); ok && add(to, addr); {
			addr, ok = im.Mem.Word(addr + link.Offset)
		}
	}
	records := &Records{Program: d}
	for _, p := range records.Processors() {
		slice(&defers, p+l.P.DeferPool.Offset)
		slice(&sudogs, p+l.P.SudogCache.Offset)
	}
	if sched, err := d.Global("runtime.sched"); err == nil {
		chain(&defers, sched+l.Sched.DeferPool.Offset, l.Defer.Link)
		chain(&sudogs, sched+l.Sched.SudogCache.Offset, l.Sudog.Next)
	}
	return defers, sudogs
}
