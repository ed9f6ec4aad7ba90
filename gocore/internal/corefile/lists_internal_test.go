package corefile

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/internal/testcore"
)

// impatient is a context that is cancelled when it has been looked at so many times.
type impatient struct {
	context.Context
	looks, left int
}

func (c *impatient) Err() error {
	c.looks++
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// found is what a decoder has found of the lists of the runtime.
type found struct {
	goroutines []uint64 // addresses
	extents    int
	specials   int
	modules    int
	roots      int
}

func foundBy(d *decoder) found {
	f := found{extents: len(d.Image.Extents), specials: len(d.Image.Specials), modules: len(d.Modules)}
	for _, g := range d.Image.Goroutines {
		f.goroutines = append(f.goroutines, g.Addr)
	}
	for _, r := range d.Image.Roots {
		if r.Name == "queued finalizer" || r.Name == "queued cleanup" {
			f.roots++
		}
	}
	return f
}

// spare is memory of the heap without pointers, for a test to write lists to.
func (p *patient) spare(d *decoder) uint64 {
	var largest image.Extent
	for _, e := range d.Image.Extents {
		if e.Pointers == image.NoPointers && e.Size > largest.Size {
			largest = e
		}
	}
	return largest.Base
}

// Whatever names an item of a list twice, or leads back, it counts once, and that is
// told of.
func TestLists(t *testing.T) {
	p := newPatient(t, testcore.Options{})
	whole := p.decode(t)
	rt, want := whole.Layout, foundBy(whole)
	if len(whole.Problems) > 0 || want.specials == 0 || len(want.goroutines) < 3 || want.modules != 1 {
		t.Fatalf("the whole core: %+v, %+v", want, whole.Problems)
	}
	spare := p.spare(whole)
	allgs, mheap := p.Addr(t, "runtime.allgs"), p.Addr(t, "runtime.mheap_")
	allspans := mheap + rt.Mheap.AllSpans.Offset
	gs, ng := p.Word(t, allgs), p.Word(t, allgs+8)
	spans, ns := p.Word(t, allspans), p.Word(t, allspans+8)
	// The spans with specials: where their lists begin.
	var heads []uint64
	for i := range ns {
		mspan := p.Word(t, spans+8*i)
		if p.Bytes(mspan+rt.Mspan.State.Offset, 1)[0] == spanInUse && p.Word(t, mspan+rt.Mspan.Specials.Offset) != 0 {
			heads = append(heads, mspan+rt.Mspan.Specials.Offset)
		}
	}
	copyOf := func(to, from, size uint64) {
		for off := uint64(0); off < size; off += 8 {
			p.Set(t, to+off, p.Word(t, from+off))
		}
	}
	for _, c := range []struct {
		name, says string
		count      int
		break_     func(want *found)
	}{
		{"goroutines named twice", "in runtime.allgs more than once", int(ng), func(want *found) {
			copyOf(spare, gs, 8*ng)
			copyOf(spare+8*ng, gs, 8*ng)
			p.Set(t, allgs, spare)
			p.Set(t, allgs+8, 2*ng)
		}},
		{"a goroutine beside its copy", "a stack that is another one's too", 1, func(want *found) {
			copyOf(spare, gs, 8*ng)
			copyOf(spare+8*ng+64, want.goroutines[1], uint64(rt.G.Size)&^7)
			p.Set(t, spare+8*ng, spare+8*ng+64)
			p.Set(t, allgs, spare)
			p.Set(t, allgs+8, ng+1)
		}},
		{"spans named twice", "in the list of all spans more than once", int(ns), func(*found) {
			copyOf(spare, spans, 8*ns)
			copyOf(spare+8*ns, spans, 8*ns)
			p.Set(t, allspans, spare)
			p.Set(t, allspans+8, 2*ns)
		}},
		{"specials in a ring", "runtime.special) stand in two lists", 1, func(want *found) {
			head := p.Word(t, heads[0])
			last := head
			for next := last; next != 0; next = p.Word(t, next+rt.Special.Next.Offset) {
				last = next
			}
			p.Set(t, last+rt.Special.Next.Offset, head)
		}},
		{"specials of two spans", "runtime.special) stand in two lists", 1, func(want *found) {
			for i := range ns { // a span that has none
				mspan := p.Word(t, spans+8*i)
				if p.Bytes(mspan+rt.Mspan.State.Offset, 1)[0] == spanInUse && p.Word(t, mspan+rt.Mspan.Specials.Offset) == 0 && i > ns/2 {
					p.Set(t, mspan+rt.Mspan.Specials.Offset, p.Word(t, heads[0]))
					want.specials = -1 // whose they are cannot be told
					return
				}
			}
		}},
		{"a special behind its span", "or belong to no object of their span", 1, func(want *found) {
			p.Set(t, p.Word(t, heads[len(heads)-1])+rt.Special.Offset.Offset, 1<<40)
			want.specials = -1
		}},
		{"threads in a ring", "the list of threads", 1, func(*found) {
			allm := p.Addr(t, "runtime.allm")
			last := p.Word(t, allm)
			for next := last; next != 0; next = p.Word(t, next+rt.M.Alllink.Offset) {
				last = next
			}
			p.Set(t, last+rt.M.Alllink.Offset, p.Word(t, allm))
		}},
		{"finalizers in a ring", "the list of runtime.allfin leads back", 1, func(*found) {
			copyOf(spare, spare+1<<16, uint64(rt.FinBlock.Size))
			p.Set(t, spare+rt.FinBlock.Alllink.Offset, spare)
			p.Set(t, p.Addr(t, "runtime.allfin"), spare)
		}},
		{"cleanups in a ring", "the list of runtime.gcCleanups leads back", 1, func(*found) {
			p.Set(t, spare+rt.CleanupBlock.Alllink.Offset, spare)
			p.Set(t, p.Addr(t, "runtime.gcCleanups")+rt.CleanupQueue.All.Offset, spare)
		}},
		{"modules in a ring", "the list of modules does not end", 1, func(*found) {
			first := p.Addr(t, "runtime.firstmoduledata")
			p.Set(t, first+rt.Moduledata.Next.Offset, first)
		}},
		{"a module beside its copy", "overlaps another", 1, func(*found) {
			first := p.Addr(t, "runtime.firstmoduledata")
			copyOf(spare, first, uint64(rt.Moduledata.Size)&^7)
			p.Set(t, first+rt.Moduledata.Next.Offset, spare)
		}},
		{"a module with the same data", "overlaps one that was read", 2, func(want *found) {
			first := p.Addr(t, "runtime.firstmoduledata")
			copyOf(spare, first, uint64(rt.Moduledata.Size)&^7)
			p.Set(t, first+rt.Moduledata.Next.Offset, spare)
			p.Set(t, spare+rt.Moduledata.Text.Offset, 1<<40)
			p.Set(t, spare+rt.Moduledata.Etext.Offset, 1<<40+4096)
			want.modules = 2
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer p.Heal()
			want := want
			c.break_(&want)
			d := p.decode(t)
			got := foundBy(d)
			if want.specials < 0 {
				want.specials = got.specials
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("found %+v, want %+v", got, want)
			}
			count := 0
			for _, pr := range told(d, c.says) {
				count += pr.Count
			}
			if count != c.count {
				t.Errorf("%d are told of, want %d: %+v", count, c.count, d.Problems)
			}
		})
	}
}

// decode reads the core as it is now.
func (p *patient) decode(t testing.TB) *decoder {
	t.Helper()
	d, err := decodeCore(t.Context(), p.File, p.Exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Image.Free)
	return d
}

// Whenever a context is cancelled, reading a core ends with its error at once: at most
// those look again who called who saw it. Long lists are not read without a look.
func TestListsCancelled(t *testing.T) {
	p := newPatient(t, testcore.Options{})
	whole := p.decode(t)
	usual := &impatient{Context: t.Context(), left: 1 << 30}
	if _, err := decodeCore(usual, p.File, p.Exe); err != nil {
		t.Fatal(err)
	}
	for left := 0; left < usual.looks; left += 1 + left/8 {
		c := &impatient{Context: t.Context(), left: left}
		if _, err := decodeCore(c, p.File, p.Exe); !errors.Is(err, context.Canceled) || c.looks > left+3 {
			t.Errorf("cancelled at look %d: %v after %d", left, err, c.looks)
		}
	}
	// Lists of distinct addresses, 8 bytes apart: nothing of it makes sense.
	const n = 1 << 16
	spare := p.spare(whole)
	for i := range uint64(n) {
		p.Set(t, spare+8*i, spare+8*(n-i))
	}
	defer p.Heal()
	for name, at := range map[string]uint64{
		"allgs":    p.Addr(t, "runtime.allgs"),
		"allspans": p.Addr(t, "runtime.mheap_") + whole.Layout.Mheap.AllSpans.Offset,
	} {
		ptr, count := p.Word(t, at), p.Word(t, at+8)
		p.Set(t, at, spare)
		p.Set(t, at+8, n)
		long := &impatient{Context: t.Context(), left: 1 << 30}
		if d, err := decodeCore(long, p.File, p.Exe); err == nil {
			d.Image.Free()
		}
		if long.looks < n/program.LookEvery {
			t.Errorf("%s: a list of %d was read with %d looks, an ordinary one with %d", name, n, long.looks, usual.looks)
		}
		p.Set(t, at, ptr)
		p.Set(t, at+8, count)
	}
}
