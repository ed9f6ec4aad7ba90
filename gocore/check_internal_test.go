package gocore

import (
	"io"
	"testing"

	"goheap/gocore/internal/corefile"
	"goheap/gocore/internal/doctored"
	"goheap/gocore/internal/image"
	"goheap/internal/testcore"
)

// checks compares the core as it is now with its runtime.
func checks(t testing.TB, p *doctored.Core) map[string]Check {
	t.Helper()
	d, err := corefile.Read(t.Context(), p.File, p.Exe)
	if err != nil {
		t.Fatal(err)
	}
	proc := &Process{file: io.NopCloser(nil)}
	proc.fill(d, Options{})
	defer func() {
		proc.exe = nil // others read with it
		proc.Close()
	}()
	h, err := proc.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]Check{}
	for _, c := range list {
		checks[c.Name] = c
	}
	return checks
}

// What no sound program can have done is a difference, in a core of one that is at
// rest and in one that has gone on.
func TestCheckDoctored(t *testing.T) {
	p := doctored.New(t, testcore.Options{})
	whole, err := corefile.Read(t.Context(), p.File, p.Exe)
	if err != nil {
		t.Fatal(err)
	}
	rt := whole.Layout
	for name, c := range checks(t, p) {
		if c.Status != CheckOK {
			t.Fatalf("the whole core: %s: %+v", name, c)
		}
	}
	controller := p.Addr(t, "runtime.gcController") + rt.GCController.HeapMarked.Offset
	sweepgen := p.Word(t, p.Addr(t, "runtime.mheap_")+rt.Mheap.Sweepgen.Offset) & (1<<32 - 1)

	// A span of live nodes, with the address of its record.
	var span image.Extent
	var mspan uint64
	mheap := p.Addr(t, "runtime.mheap_")
	list := p.Word(t, mheap+rt.Mheap.AllSpans.Offset)
	for i := range p.Word(t, mheap+rt.Mheap.AllSpans.Offset+8) {
		at := p.Word(t, list+8*i)
		e := whole.Image.ExtentAt(p.Word(t, at+rt.Mspan.StartAddr.Offset))
		if e != nil && e.Elem == 48 && e.Pointers == image.HeapBits && e.Freeindex == 0 && p.Word(t, e.AllocBits) == 1<<64-1 {
			span, mspan = *e, at
		}
	}
	if mspan == 0 {
		t.Fatal("no span of slots of 48 bytes is as the sweeper left it")
	}
	set32 := func(addr, v uint64) {
		word := p.Word(t, addr&^7)
		shift := addr % 8 * 8
		p.Set(t, addr&^7, word&^((1<<32-1)<<shift)|v<<shift)
	}
	// unsweep makes the marks of the last collection those of an unswept span.
	unsweep := func() {
		set32(mspan+rt.Mspan.Sweepgen.Offset, sweepgen-2)
		p.Set(t, mspan+rt.Mspan.GCMarkBits.Offset, span.AllocBits)
	}
	// What the runtime has counted of one class, and one M.
	counted := p.Addr(t, "runtime.memstats") + rt.Mstats.HeapStats.Offset + rt.HeapStats.SmallAllocCount.Offset + 8*5
	mallocing := p.Word(t, p.Addr(t, "runtime.allm")) + rt.M.Mallocing.Offset
	for _, c := range []struct {
		name    string
		differs string // the check, "" for none
		doctor  func()
	}{
		{"counted too little", image.MarksSum, func() { p.Set(t, controller, 1<<16) }},
		{"counted absurdly much", image.MarksSum, func() { p.Set(t, controller, 1<<60) }},
		{"counted a negative number", image.MarksSum, func() { p.Set(t, controller, 1<<64-1<<20) }},
		{"counted finalizers that are gone", "", func() { p.Set(t, controller, p.Word(t, controller)+1<<20) }},
		{"marks in an unswept span", "", unsweep},
		{"an unmarked slot", image.MarksUnseen, func() {
			unsweep()
			p.Set(t, span.AllocBits, p.Word(t, span.AllocBits)&^1)
		}},
		{"many unmarked slots", image.MarksUnseen, func() {
			unsweep()
			p.Set(t, span.AllocBits, 0)
		}},
		{"slots that nobody counted", "allocated slots", func() { p.Set(t, counted, p.Word(t, counted)-9) }},
		{"slots of a span that a thread has just given back", "", func() {
			p.Set(t, counted, p.Word(t, counted)-9)
			set32(mallocing, 2) // it died there
		}},
		{"more slots than a span of those has", "allocated slots", func() {
			p.Set(t, counted, p.Word(t, counted)-1<<12)
			set32(mallocing, 2) // it died there
		}},
		{"a free slot that is live", "reachable slots that are not allocated", func() {
			p.Set(t, span.AllocBits, p.Word(t, span.AllocBits)&^1)
		}},
		{"pointers where no type has any", claimsRejected, func() {
			for at := span.At; at < span.Base+span.Size; at += 8 {
				p.Set(t, at, 1<<64-1)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer p.Heal()
			c.doctor()
			for name, got := range checks(t, p) {
				if c.differs == "" && got.Status == CheckDiffers {
					t.Errorf("%s: %+v", name, got)
				}
				if name == c.differs && (got.Status != CheckDiffers || got.Reason == "") {
					t.Errorf("%s: %+v", name, got)
				}
			}
		})
	}
}
