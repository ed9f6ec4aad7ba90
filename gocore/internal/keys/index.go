package keys

import (
	"hash/maphash"
	"sync"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
)

// Index finds entries of containers by the texts of their keys, for who looks up many: a
// program has names for all objects behind a map, and a walk over the map for each would
// take as long as the square of their number. Goroutines may share it; the zero Index is
// ready.
type Index struct {
	mu      sync.Mutex
	seed    maphash.Seed
	indexed map[container]*texts
	entries int // of all that are indexed
}

type container struct {
	t    types.ID
	addr uint64
}

// texts are the entries of a container by the hashes of their texts: of several with one
// hash the first. nil is a container that was walked once, and had many.
type texts map[uint64]inferior.Entry

const (
	// fewEntries are walked as fast as they are looked up.
	fewEntries = 32
	// maxIndexed bounds how many entries are kept, of all containers together. Those of
	// larger ones are walked each time.
	maxIndexed = 1 << 20
)

// Entries returns a walk over the entries of a container of a given type at an address, as
// inferior.Space.Entries is, that begins with the entry whose key has the text want, where
// that is known. That one comes again in its place. A container is indexed when it is
// asked for the second time, if it has many entries.
func (x *Index) Entries(r *Reader, want string) func(t types.ID, addr uint64, f func(inferior.Entry) bool) {
	return func(t types.ID, addr uint64, f func(inferior.Entry) bool) {
		c := container{t, addr}
		known, asked := x.find(c)
		if asked && known == nil {
			known = x.add(r, c)
		}
		if known != nil {
			if e, ok := (*known)[maphash.String(x.seed, want)]; ok && !f(e) {
				return
			}
		}
		n := 0
		r.Space.Entries(t, addr, func(e inferior.Entry) bool {
			if n++; n == fewEntries && !asked {
				x.note(c)
			}
			return f(e)
		})
	}
}

// find returns what is known of a container, and whether it was noted before.
func (x *Index) find(c container) (*texts, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	known, asked := x.indexed[c]
	return known, asked
}

// note keeps in mind that a container was asked for.
func (x *Index) note(c container) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.indexed == nil {
		x.seed, x.indexed = maphash.MakeSeed(), map[container]*texts{}
	}
	if len(x.indexed) == maxIndexed/fewEntries {
		clear(x.indexed)
		x.entries = 0
	}
	x.indexed[c] = nil
}

// add indexes a container, unless it is too large: then it returns nil.
func (x *Index) add(r *Reader, c container) *texts {
	known := texts{}
	n := 0
	r.Space.Entries(c.t, c.addr, func(e inferior.Entry) bool {
		n++
		h := maphash.String(x.seed, r.Text(e))
		if _, ok := known[h]; !ok {
			known[h] = e
		}
		return n <= maxIndexed
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if n > maxIndexed {
		known = texts{} // nobody tries again
	}
	if x.entries += len(known); x.entries > maxIndexed {
		clear(x.indexed)
		x.entries = len(known)
	}
	x.indexed[c] = &known
	return &known
}
