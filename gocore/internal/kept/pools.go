package kept

import (
	"cmp"
	"context"
	"slices"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/later"
	"goheap/heap"
)

// maxPools bounds the list of pools of a damaged core.
const maxPools = 1 << 24

// pools reads what lies in the pools that package sync lists: allPools has those that were
// used since the last collection, oldPools those that the one before it had (sync/pool.go,
// poolCleanup).
func (f *finder) pools(ctx context.Context) error {
	if f.Program.Exe == nil || !f.Library.Layout.Library.Pool.Local.Has() {
		return nil
	}
	l, mem, w := &f.Library.Layout.Library.Pool, f.Image.Mem, uint64(f.Image.Arch.PtrSize)
	var addrs []uint64
	for _, name := range [...]string{"sync.allPools", "sync.oldPools"} {
		list, err := f.Program.Global(name)
		if err != nil {
			return nil
		}
		data, _ := mem.Word(list)
		n, _ := mem.Word(list + w)
		all, ok := mem.Items(data, n, w, maxPools)
		if !ok && n > 0 {
			return nil
		}
		for i := uint64(0); i+w <= uint64(len(all)); i += w {
			if addr := f.Image.Arch.Word(all[i:]); addr != 0 {
				addrs = append(addrs, addr)
			}
		}
	}
	f.out.PoolsKnown = true
	slices.Sort(addrs)
	for i, addr := range slices.Compact(addrs) {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		local, ok := mem.Word(addr + l.Local.Offset)
		victim, ok2 := mem.Word(addr + l.Victim.Offset)
		if !ok || !ok2 {
			continue
		}
		p := later.Pool{Addr: addr, Local: f.node(local), Victim: f.node(victim)}
		if size, _ := mem.Word(addr + l.VictimSize.Offset); size == 0 {
			p.Victim = heap.None // they are dropped: see docs/runtime.md
		}
		items := 0
		inferior.Pooled(f.Library.Space, addr, func(t types.ID, at uint64, dropped bool) bool {
			item := later.Item{Node: heap.None, Victim: dropped}
			if dyn, in, ok := f.Library.Dynamic(f.Library.Types.Type(t), at); ok {
				item.Type = f.Library.Types.Type(dyn).Name
				if word := f.Library.DirectWord(dyn); word != nil {
					in, _ = mem.Word(in)
				}
				item.Node = f.node(in)
			}
			p.Items = append(p.Items, item)
			items++
			return program.Look(ctx, items) == nil
		})
		f.out.Pools = append(f.out.Pools, p)
	}
	slices.SortFunc(f.out.Pools, func(a, b later.Pool) int { return cmp.Compare(a.Addr, b.Addr) })
	return ctx.Err()
}
