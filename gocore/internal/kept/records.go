package kept

import (
	"context"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/later"
	"goheap/heap"
)

// records finds finalizers, cleanups and weak pointers: those that wait to run in the
// runtime's queues, and the others on their objects.
func (f *finder) records(ctx context.Context) error {
	im := f.Image
	for i := range im.Queued {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		s := &im.Queued[i]
		if len(s.Keeps) == 0 {
			continue // since Go 1.26 one that runs leaves its place empty
		}
		r := later.Record{Kind: later.Finalizer, Stage: later.Queued, Object: heap.None, Root: heap.None}
		// Until Go 1.24 cleanups wait among the finalizers, without an object
		// (runtime/mheap.go, freeSpecial, Go 1.24).
		if s.Kind == image.CleanupSpecial || s.Object == 0 {
			r.Kind = later.Cleanup
		} else {
			r.Object = f.node(s.Object)
			r.Type = f.typeOf(s, r.Object)
		}
		if s.Root != 0 {
			r.Root = s.Root
		}
		r.Func = f.runs(s, r.Kind)
		f.out.Records = append(f.out.Records, r)
	}
	roots := f.rootsOfDue()
	for i := range im.Specials {
		if s := &im.Specials[i]; s.Kind == image.CleanupSpecial && strings.HasPrefix(f.runs(s, later.Cleanup), "unique.") {
			f.canonical[s.Object] = true
		}
	}
	if err := f.findInterned(ctx); err != nil {
		return err
	}
	freed := heap.NewBits(f.Graph.Len())
	defer freed.Close()
	for i := range im.Specials {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		s := &im.Specials[i]
		r := later.Record{Stage: later.Set, Object: f.node(s.Object), Root: heap.None}
		k := rootKey{s.Kind, s.Object}
		if list := roots[k]; len(list) > 0 {
			r.Stage, r.Root = later.Due, list[0]
			if r.Object != heap.None && f.Dominators.Live(r.Object) {
				r.Stage = later.Never
			}
			roots[k] = list[1:]
		}
		r.Type = f.typeOf(s, r.Object)
		switch s.Kind {
		case image.FinalizerSpecial:
			r.Kind = later.Finalizer
			r.Func = f.runs(s, r.Kind)
		case image.CleanupSpecial:
			r.Kind = later.Cleanup
			r.Func = f.runs(s, r.Kind)
		case image.WeakHandleSpecial:
			r.Kind = later.Weak
			if f.isUnique(s) {
				r.Kind = later.Unique
			}
			if r.Object != heap.None && !f.Dominators.Live(r.Object) {
				r.Stage = later.Due
				var err error
				if r.Freed, err = f.garbageFrom(ctx, r.Object, freed); err != nil {
					return err
				}
			}
		}
		f.out.Records = append(f.out.Records, r)
	}
	return nil
}

type rootKey struct {
	kind   image.SpecialKind
	object uint64
}

// rootsOfDue are the roots of specials whose objects nothing else reaches: in the order of
// the specials of each object.
func (f *finder) rootsOfDue() map[rootKey][]heap.Node {
	roots := map[rootKey][]heap.Node{}
	queued := map[heap.Node]bool{}
	for i := range f.Image.Queued {
		queued[f.Image.Queued[i].Root] = true
	}
	for i := range f.Image.Roots {
		r, n := &f.Image.Roots[i], heap.Node(i+1)
		var k rootKey
		switch r.Kind {
		case image.FinalizerRoot:
			k = rootKey{image.FinalizerSpecial, r.Addr}
		case image.CleanupRoot:
			k = rootKey{image.CleanupSpecial, r.Addr}
		case image.WeakHandleRoot:
			k = rootKey{image.WeakHandleSpecial, r.Addr}
		default:
			continue
		}
		if !queued[n] {
			roots[k] = append(roots[k], n)
		}
	}
	return roots
}

// typeOf names the type of the object of a special: what typing knows of it, or what the
// finalizer gets a pointer to.
func (f *finder) typeOf(s *image.Special, object heap.Node) string {
	if s.PointerType != 0 {
		if t, ok := f.Library.Types.ByRuntimeType(s.PointerType); ok {
			if p := f.Library.Types.Type(t); p.Kind == types.Pointer {
				return f.Library.Types.Type(p.Elem).Name
			}
		}
	}
	return f.typeName(object)
}

// runs names the function of a finalizer or cleanup. A cleanup is called by generic code:
// until Go 1.25 a closure of runtime.AddCleanup, which has captured the function, since
// then a closure beside it (runtime/mcleanup.go, cleanupFn).
func (f *finder) runs(s *image.Special, kind later.Kind) string {
	switch {
	case len(s.Keeps) == 0:
		return ""
	case kind == later.Finalizer:
		return f.closureName(s.Keeps[0])
	case len(s.Keeps) >= 2:
		return f.closureName(s.Keeps[1])
	}
	if fn := program.CleanupIn(f.Program, s.Keeps[0]); fn != 0 {
		return f.closureName(fn)
	}
	return f.closureName(s.Keeps[0])
}

// isUnique reports whether package unique has made a weak pointer: since Go 1.25 the object
// has a cleanup that takes it out of its table (unique/canonmap.go); before, its tables lead
// to the word that has the address (unique/handle.go).
func (f *finder) isUnique(s *image.Special) bool {
	if f.canonical[s.Object] {
		return true
	}
	for _, k := range s.Keeps {
		if f.interned[k] {
			return true
		}
	}
	return false
}

// maxEntry is more than a part of a table of package unique has.
const maxEntry = 4 << 10

// findInterned notes the words that the tables of package unique consist of, going through
// their parts, but not through the values in them. Several of the words that have the
// addresses of weak pointers lie in one slot until Go 1.26, so that it takes the words
// themselves to tell them apart.
func (f *finder) findInterned(ctx context.Context) error {
	im, w := f.Image, uint64(f.Image.Arch.PtrSize)
	var open []heap.Node
	lead := func(word uint64) {
		if n := f.node(word); n != heap.None {
			open = append(open, n)
		}
	}
	for i := range im.Roots {
		if r := &im.Roots[i]; r.Kind == image.GlobalRoot && strings.HasPrefix(r.Name, "unique.") {
			for _, p := range im.Pieces[r.First : r.First+r.N] {
				lead(p.Value)
			}
		}
	}
	followed := heap.NewBits(f.Graph.Len())
	defer followed.Close()
	for visited := 0; len(open) > 0; visited++ {
		if err := program.Look(ctx, visited); err != nil {
			return err
		}
		n := open[len(open)-1]
		open = open[:len(open)-1]
		if followed.Has(n) || f.Graph.Offset[n] == f.Graph.Offset[n+1] || f.bytesOf(n) > maxEntry || !f.ofTable(n) {
			continue
		}
		followed.Set(n)
		addr, _ := f.slotOf(n)
		for off := uint64(0); off+w <= f.bytesOf(n); off += w {
			if word, ok := im.Mem.Word(addr + off); ok && word != 0 {
				f.interned[word] = true
				lead(word)
			}
		}
	}
	return nil
}

// ofTable reports whether a table of package unique may consist of a node: what is not known
// may be one of its entries.
func (f *finder) ofTable(n heap.Node) bool {
	if int(n) >= len(f.IDs) || f.IDs[n] == 0 || f.IDs[n] >= typing.FirstUnknown {
		return true
	}
	t, _ := typing.SplitTypeID(f.IDs[n])
	switch f.Library.Types.Type(t).Package {
	case "unique", "internal/sync", "internal/concurrent":
		return true
	}
	return false
}

// garbageFrom sums up what dies with an object that nothing reaches: all that it leads to
// and that is not alive, as far as seen does not have it.
func (f *finder) garbageFrom(ctx context.Context, n heap.Node, seen heap.Bits) (bytes uint64, err error) {
	open := []heap.Node{n}
	for visited := 0; len(open) > 0; visited++ {
		if err := program.Look(ctx, visited); err != nil {
			return 0, err
		}
		n, open = open[len(open)-1], open[:len(open)-1]
		if seen.Has(n) || f.Dominators.Live(n) || !image.HasBit(f.Image.Allocated, n) {
			continue
		}
		seen.Set(n)
		bytes += f.bytesOf(n)
		open = append(open, f.Graph.Targets(n)...)
	}
	return bytes, nil
}
