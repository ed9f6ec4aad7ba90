package corefile

import (
	"context"

	"goheap/dump"
	"goheap/gocore/internal/layout"
)

// readSched finds the records of threads and processors. Lists that are damaged give what
// there is of them: who reads counters or stacks tells of it.
func (d *decoder) readSched(ctx context.Context) error {
	im := d.Image
	add := func(addr uint64) { im.Records.Sched = append(im.Records.Sched, addr) }
	if _, err := d.records.EachThread(ctx, func(addr uint64, m []byte) {
		add(addr)
		for _, f := range []*layout.Field{&d.Layout.M.G0, &d.Layout.M.Gsignal} {
			if g, ok := im.Mem.Slice(f.Uint(im.Arch, m), uint64(d.Layout.G.Size)); ok {
				lo, hi := d.Layout.G.StackLo.Uint(im.Arch, g), d.Layout.G.StackHi.Uint(im.Arch, g)
				if lo < hi {
					d.systemStacks = append(d.systemStacks, dump.Range{Start: lo, End: hi})
				}
			}
		}
	}); err != nil {
		return err
	}
	d.processors = d.records.Processors()
	for _, p := range d.processors {
		add(p)
	}
	return d.records.ReadTimers(ctx, d.processors)
}
