package gocore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// everywhere looks at each byte of each live object.
func everywhere(p process, text []byte, align int) []gocore.Hit {
	var hits []gocore.Hit
	for _, e := range p.graph.Extents {
		for i := range e.Count {
			n := e.First + heap.Node(i)
			if !p.doms.Live(n) {
				continue
			}
			b := p.Hex(n, 0, e.Size)
			for off := 0; off+len(text) <= len(b); off++ {
				if off%align == 0 && bytes.Equal(b[off:off+len(text)], text) {
					hits = append(hits, gocore.Hit{Node: n, Offset: uint64(off)})
					off += len(text) - 1
				}
			}
		}
	}
	return hits
}

func TestSearch(t *testing.T) {
	p := open(t, "probe", testcore.Options{}, testcore.Kernel)
	ctx := t.Context()
	r := rand.New(rand.NewPCG(5, 6))
	var live []heap.Node
	for _, e := range p.graph.Extents {
		for i := range e.Count {
			if n := e.First + heap.Node(i); p.doms.Live(n) {
				live = append(live, n)
			}
		}
	}
	var found, followed int
	for range 15 {
		n := live[r.IntN(len(live))]
		size := p.graph.Size(n)
		length := min(uint64(1+r.IntN(12)), size)
		text := p.Hex(n, r.Uint64N(size-length+1), length)
		got, err := p.FindBytes(ctx, text, 1<<20)
		if want := everywhere(p, text, 1); err != nil || got.Missing != 0 || got.Total != uint64(len(want)) || !slices.Equal(got.List, want[:min(len(want), 1<<20)]) {
			t.Fatalf("%q: %d hits, %v; want %d", text, len(got.List), err, len(want))
		}
		found += len(got.List)

		// A pointer to an object is a word that its referrers have.
		address := p.Addr(n)
		got, err = p.FindWord(ctx, address, 1<<20)
		if want := everywhere(p, binary.LittleEndian.AppendUint64(nil, address), 8); err != nil || !slices.Equal(got.List, want) {
			t.Fatalf("%#x: %v, %v; want %v", address, got.List, err, want)
		}
		for _, h := range got.List {
			if p.FollowedAt(h.Node, h.Offset) {
				followed++
				if !slices.Contains(p.graph.Targets(h.Node), n) {
					t.Errorf("%#x: the word at %#x +%d is followed but no edge", address, p.Addr(h.Node), h.Offset)
				}
			}
		}
	}
	if found == 0 || followed == 0 {
		t.Errorf("%d hits, %d followed words: nothing was tried", found, followed)
	}

	// A list that is cut is the start of the whole one.
	all, err := p.FindBytes(ctx, []byte{0, 0}, 1<<30)
	if err != nil || all.Total != uint64(len(all.List)) {
		t.Fatal(err, all.Total)
	}
	some, err := p.FindBytes(ctx, []byte{0, 0}, 1000)
	if err != nil || some.Total != all.Total || !slices.Equal(some.List, all.List[:1000]) {
		t.Errorf("%d of %d hits, %v; want the first 1000 of %d", len(some.List), some.Total, err, all.Total)
	}
	for _, text := range [][]byte{nil, make([]byte, 1<<16+1)} {
		if _, err := p.FindBytes(ctx, text, 1); err == nil {
			t.Errorf("%d bytes can be searched for", len(text))
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := p.FindWord(cancelled, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
