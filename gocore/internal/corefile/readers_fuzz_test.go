package corefile

import (
	"cmp"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/internal/testcore"
)

// fuzzOp is how many bytes describe one damage, and maxFuzzOps how many of them one
// input has.
const (
	fuzzOp     = 10
	maxFuzzOps = 64
)

// place is memory of a core that a reader trusts.
type place struct{ addr, size uint64 }

// damage overwrites words of the regions as ops says: with numbers of all sizes,
// with what stands elsewhere in them, and with addresses that mean something.
func (p *patient) damage(t testing.TB, regions []place, addresses []uint64, ops []byte) {
	for n := 0; len(ops) >= fuzzOp && n < maxFuzzOps; ops, n = ops[fuzzOp:], n+1 {
		at := func(i int) uint64 {
			r := regions[int(ops[i])%len(regions)]
			return r.addr + uint64(binary.LittleEndian.Uint16(ops[i+1:]))%(r.size/8)*8
		}
		word := at(0)
		was := p.Word(t, word)
		v := uint64(binary.LittleEndian.Uint16(ops[7:])) | uint64(ops[9])<<16
		switch ops[3] % 8 {
		case 0:
			p.Set(t, word, v)
		case 1:
			p.Set(t, word, ^uint64(0)>>(v%64))
		case 2:
			p.Set(t, word, 1<<(v%64)|v>>8)
		case 3:
			p.Set(t, word, p.Word(t, at(4)))
		case 4:
			p.Set(t, word, was^1<<(v%64))
		case 5:
			p.Set(t, word, was+8*v)
		case 6:
			p.Set(t, word, addresses[v%uint64(len(addresses))])
		case 7:
			p.Set(t, word, at(4))
		}
	}
}

// mostAllocated is what reading a part of a small core may allocate, in bytes,
// however it is damaged: variables are put together in a copy, of maxData at most.
const mostAllocated = 256 << 20

// read runs f on a decoder that has read nothing.
func (p *patient) read(t *testing.T, f func(d *decoder) error) *decoder {
	d := p.decoder(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f(d)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > mostAllocated {
		t.Errorf("%d bytes were allocated", used)
	}
	for _, pr := range d.Problems {
		if pr.Count < 1 || pr.Message == "" || pr.Severity == "" {
			t.Errorf("a problem that says nothing: %+v", pr)
		}
	}
	if err != nil {
		if !errors.Is(err, program.ErrVersion) && !errors.Is(err, program.ErrDamaged) && !errors.Is(err, program.ErrNoDWARF) && !errors.Is(err, dump.ErrTruncated) && !errors.Is(err, dump.ErrUnsupported) {
			t.Errorf("an error of no kind: %v", err)
		}
		return nil
	}
	return d
}

// seeds adds inputs of one damage each, to every region.
func seeds(f *testing.F, regions []place) {
	for i := range regions {
		for kind := range byte(8) {
			f.Add([]byte{byte(i), byte(7 * i), 0, kind, byte(i / 2), byte(3 * i), 0, byte(5 * i), 0, 0})
		}
	}
	f.Add([]byte{})
}

// checkExtents holds for the extents of any core.
func checkExtents(t *testing.T, im *image.Image) {
	t.Helper()
	if len(im.Extents) == 0 {
		t.Error("no extents, and no error")
	}
	end := uint64(0)
	for i := range im.Extents {
		e := &im.Extents[i]
		if e.Base < end || e.Base%image.PageSize != 0 || e.Size == 0 || e.N == 0 || e.Elem == 0 || e.Elem*uint64(e.N) > e.Size || e.Freeindex > e.N {
			t.Errorf("extent %d, behind %#x: %+v", i, end, *e)
		}
		if end = e.Base + e.Size; end > image.MaxAddr || !im.Mem.Present(e.Base, e.Size) {
			t.Errorf("extent %d is not in memory: %+v", i, *e)
		}
	}
}

func FuzzSpans(f *testing.F) {
	p := newPatient(f, testcore.Options{})
	whole := p.decode(f)
	rt := whole.Layout
	mheap := p.Addr(f, "runtime.mheap_")
	list, count := p.Word(f, mheap+rt.Mheap.AllSpans.Offset), p.Word(f, mheap+rt.Mheap.AllSpans.Offset+8)
	regions := []place{{mheap + rt.Mheap.AllSpans.Offset, 24}, {list, 8 * count}, {mheap + rt.Mheap.Sweepgen.Offset&^7, 8}}
	var addresses []uint64
	for i := range count {
		mspan := p.Word(f, list+8*i)
		addresses = append(addresses, mspan, p.Word(f, mspan+rt.Mspan.StartAddr.Offset))
		if special := p.Word(f, mspan+rt.Mspan.Specials.Offset); special != 0 && len(regions) < 100 {
			regions = append(regions, place{special, uint64(rt.SpecialFinalizer.Size)}, place{mspan, uint64(rt.Mspan.Size) &^ 7})
			addresses = append(addresses, special)
		} else if i%8 == 0 && len(regions) < 200 {
			regions = append(regions, place{mspan, uint64(rt.Mspan.Size) &^ 7})
		}
	}
	seeds(f, regions)
	f.Fuzz(func(t *testing.T, ops []byte) {
		defer p.Heal()
		p.damage(t, regions, addresses, ops)
		d := p.read(t, func(d *decoder) error { return d.readSpans(t.Context()) })
		if d == nil {
			return
		}
		defer d.Image.Free()
		checkExtents(t, d.Image)
		im := d.Image
		last := uint64(0)
		for _, s := range im.Specials {
			if e := im.ExtentAt(s.Object); e == nil || s.Object < last || s.Object-e.Base >= e.Elem*uint64(e.N) {
				t.Errorf("a special of %#x, behind one of %#x", s.Object, last)
			}
			last = s.Object
		}
		if len(im.Specials)+len(im.Samples) > len(d.specials) {
			t.Errorf("%d specials and samples of %d records", len(im.Specials)+len(im.Samples), len(d.specials))
		}
		if !im.Number(0) {
			t.Fatal("too many slots")
		}
		d.readBits()
		r, err := d.readRecorded(t.Context())
		if err != nil || r == nil {
			t.Fatal(err)
		}
		all, _ := im.CountSlots(im.Allocated)
		fresh, _ := im.CountSlots(im.Fresh)
		slots := uint64(0)
		for _, e := range im.Extents {
			slots += uint64(e.N)
		}
		if lost, _, _ := im.Difference(0, im.Fresh, im.Allocated); lost > 0 || fresh > all || all > slots {
			t.Errorf("%d slots, %d allocated, %d fresh, of which %d are not allocated", slots, all, fresh, lost)
		}
		// As many are told of as the list is longer than what came of it.
		told := 0
		for _, pr := range d.Problems {
			told += pr.Count
		}
		if len(ops) < fuzzOp && told > 0 {
			t.Errorf("a whole core has problems: %+v", d.Problems)
		}
	})
}

func FuzzGoroutines(f *testing.F) {
	p := newPatient(f, testcore.Options{})
	whole := p.decode(f)
	rt := whole.Layout
	allgs := p.Addr(f, "runtime.allgs")
	list, count := p.Word(f, allgs), p.Word(f, allgs+8)
	regions := []place{{allgs, 24}, {list, 8 * count}}
	addresses := []uint64{p.spare(whole), whole.Modules[0].Text, list}
	for _, g := range whole.Image.Goroutines {
		regions = append(regions, place{g.Addr, 64}, place{g.Addr, uint64(rt.G.Size) &^ 7}, place{g.State.SP &^ 7, (g.StackHi - g.State.SP) &^ 7})
		addresses = append(addresses, g.Addr, g.StackLo, g.StackHi, g.State.SP, g.State.PC)
	}
	for m := p.Word(f, p.Addr(f, "runtime.allm")); m != 0; m = p.Word(f, m+rt.M.Alllink.Offset) {
		regions = append(regions, place{m, uint64(rt.M.Size) &^ 7})
		addresses = append(addresses, m)
	}
	seeds(f, regions)
	f.Fuzz(func(t *testing.T, ops []byte) {
		defer p.Heal()
		p.damage(t, regions, addresses, ops)
		d := p.read(t, func(d *decoder) error {
			d.Modules, d.Image.Extents = whole.Modules, whole.Image.Extents
			if err := d.readGoroutines(t.Context()); err != nil {
				return err
			}
			_, err := d.mallocing(t.Context())
			return err
		})
		if d == nil {
			return
		}
		im := d.Image
		seen := map[uint64]bool{}
		stacks := slices.Clone(im.Goroutines)
		for i, g := range im.Goroutines {
			if seen[g.Addr] || image.HasNoStack(g.Status) || g.Root < 0 || g.Root >= len(im.Roots) || int(im.Roots[g.Root].Goroutine) != i {
				t.Errorf("goroutine %d: %+v", i, g)
			}
			seen[g.Addr] = true
		}
		stacks = slices.DeleteFunc(stacks, func(g image.Goroutine) bool { return g.StackLo >= g.StackHi })
		slices.SortFunc(stacks, func(a, b image.Goroutine) int { return cmp.Compare(a.StackLo, b.StackLo) })
		for i := 1; i < len(stacks); i++ {
			if stacks[i].StackLo < stacks[i-1].StackHi {
				t.Errorf("two goroutines have a stack at %#x: %#x to %#x, %#x to %#x", stacks[i].StackLo, stacks[i-1].StackLo, stacks[i-1].StackHi, stacks[i].StackLo, stacks[i].StackHi)
			}
		}
		at := 0
		for _, r := range im.Roots {
			if r.First != at {
				t.Errorf("a root starts at piece %d, the one before ends at %d", r.First, at)
			}
			at += r.N
		}
		for _, x := range im.Pieces {
			if !im.InHeap(x.Value) {
				t.Errorf("a piece leads to %#x, which is not in the heap", x.Value)
			}
		}
		if at != len(im.Pieces) {
			t.Errorf("%d pieces, of which roots have %d", len(im.Pieces), at)
		}
		if len(ops) < fuzzOp && (len(d.Problems) > 0 || len(im.Goroutines) != len(whole.Image.Goroutines)) {
			t.Errorf("a whole core has problems: %+v", d.Problems)
		}
	})
}

func FuzzModules(f *testing.F) {
	p := newPatient(f, testcore.Options{})
	whole := p.decode(f)
	rt := whole.Layout
	first := p.Addr(f, "runtime.firstmoduledata")
	spare := p.spare(whole)
	size := uint64(rt.Moduledata.Size) &^ 7
	fin, cleanups := p.Addr(f, "runtime.allfin"), p.Addr(f, "runtime.gcCleanups")
	regions := []place{{first, size}, {spare, size}, {spare + 1<<14, 256}, {spare + 1<<15, 256}, {fin, 8}, {cleanups + rt.CleanupQueue.All.Offset, 8}}
	addresses := []uint64{first, spare, spare + 8, spare + 1<<14, spare + 1<<15, p.spare(whole) - 64}
	for off := uint64(0); off < size; off += 8 {
		addresses = append(addresses, p.Word(f, first+off))
	}
	seeds(f, regions)
	f.Fuzz(func(t *testing.T, ops []byte) {
		defer p.Heal()
		for off := uint64(0); off < size && len(ops) >= fuzzOp; off += 8 { // a second module to link to
			p.Set(t, spare+off, p.Word(t, first+off))
		}
		p.damage(t, regions, addresses, ops)
		d := p.read(t, func(d *decoder) error {
			d.Image.Extents = whole.Image.Extents
			if err := d.ReadModules(t.Context(), d.loadPlugin); err != nil {
				return err
			}
			if err := d.readGlobals(t.Context()); err != nil {
				return err
			}
			return d.readQueues(t.Context())
		})
		if d == nil {
			return
		}
		if len(d.Modules) == 0 || d.Modules[0].Table == nil || len(d.Modules) > program.MaxModules {
			t.Fatalf("%d modules", len(d.Modules))
		}
		for i, m := range d.Modules {
			for _, o := range d.Modules[:i] {
				if m.Text < o.Etext && o.Text < m.Etext {
					t.Errorf("two modules have the code at %#x", m.Text)
				}
			}
		}
		held := map[uint64]bool{}
		for _, r := range d.Image.Roots {
			for _, x := range d.Image.Pieces[r.First : r.First+r.N] {
				if !d.Image.InHeap(x.Value) || r.Kind == image.GlobalRoot && held[x.Slot] {
					t.Errorf("the word at %#x leads to %#x, twice: %t", x.Slot, x.Value, held[x.Slot])
				}
				held[x.Slot] = r.Kind == image.GlobalRoot || held[x.Slot]
			}
		}
		if len(ops) < fuzzOp && len(d.Problems) > 0 {
			t.Errorf("a whole core has problems: %+v", d.Problems)
		}
	})
}
