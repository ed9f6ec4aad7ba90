package program

import (
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/pclntab"
)

// uniqueMaps is the variable with the tables of package unique (unique/handle.go).
const uniqueMaps = "unique.uniqueMaps"

// findUniqueMaps returns the address of that variable by the functions that are made of
// unique.Make in each program anew, so that their code is not recorded: what they call
// methods of a hash trie on is the variable (internal/sync, internal/concurrent in Go 1.23),
// or where that has a pointer to the trie, as in Go 1.23, what it leads to. All have to name
// the same.
func (d bare) findUniqueMaps(table *pclntab.Table) (addr uint64, ok bool) {
	if !code.Follows(d.Image.Arch.Name) {
		return 0, false
	}
	callee := func(entry uint64) code.Callee {
		if fn, ok := table.Find(entry); ok && fn.Entry == entry {
			return calleeOf(fn)
		}
		return unknownCallee
	}
	for fn := range table.All() {
		if !strings.HasPrefix(fn.Name(), "unique.Make[") || fn.End-fn.Entry > maxCode {
			continue
		}
		text, ok := d.Image.Mem.Slice(fn.Entry, fn.End-fn.Entry)
		if !ok {
			continue
		}
		f := code.Follow(code.Config{Entry: fn.Entry, Text: text, Callee: callee, Unknown: unknownCallee, MaxSteps: maxClosureSteps})
		if f == nil {
			continue
		}
		several := false
		f.Uses(code.Visitor{Call: func(c code.Call) {
			called, found := table.Find(c.Target)
			if name := called.Name(); !found || !strings.HasPrefix(name, "internal/sync.(*HashTrieMap[") && !strings.HasPrefix(name, "internal/concurrent.(*HashTrieMap[") {
				return
			}
			o := f.Origins[c.Args[0]]
			if o.Kind == code.Load && o.Off == 0 {
				o = f.Origins[o.Base]
			}
			if o.Kind != code.Static {
				return
			}
			several = several || addr != 0 && addr != o.Addr
			addr = o.Addr
		}})
		if several {
			return 0, false
		}
	}
	return addr, addr != 0
}
