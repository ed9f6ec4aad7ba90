package gocore_test

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// mapBuilds are the implementations of maps and of sync.Map: the classic ones
// until Go 1.23, whose objects have their pointers in three places, the same on request in the two versions after it, and those of today.
func mapBuilds() []build { return few(allMaps(), "go1.18", "go1.22", "go1.26", "go1.27") }

func allMaps() []build {
	classic := []string{"GOEXPERIMENT=noswissmap,nosynchashtriemap"}
	return []build{
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.18-pie-gcore", testcore.Options{Go: "go1.18.10", PIE: true}, testcore.Gcore},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Kernel},
		{"go1.21-pie-gcore", testcore.Options{Go: "go1.21.13", PIE: true}, testcore.Gcore},
		{"go1.22-noallocheaders", testcore.Options{Go: "go1.22.12", Env: []string{"GOEXPERIMENT=noallocheaders"}}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
		{"go1.23-pie-gcore", testcore.Options{Go: "go1.23.12", PIE: true}, testcore.Gcore},
		{"go1.24-classic", testcore.Options{Go: "go1.24.6", Env: classic}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Kernel},
		{"go1.25-classic", testcore.Options{Go: "go1.25.0", Env: classic}, testcore.Kernel},
		{"go1.25", testcore.Options{Go: "go1.25.0"}, testcore.Kernel},
		{"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Kernel},
		{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel},
	}
}

func (b *build) hasClassicMaps() bool { return b.opt.Go < "go1.24" || len(b.opt.Env) > 0 }

// mapped is a line of testdata/programs/oldmaps.
type mapped struct {
	Case, Name, Addr, Type, Path string
	Held                         map[string]string
}

// What maps hold has the type and the path that the program says, whatever
// implements the maps and whatever state they are in.
func TestMaps(t *testing.T) {
	t.Parallel()
	for _, b := range mapBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "oldmaps", b.opt, b.kind)
			states := map[string]int{}
			for i, o := range decode[mapped](t, p.said, "") {
				if o.Addr == "" {
					continue
				}
				states[o.Case]++
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok || !p.doms.Live(n) {
					t.Errorf("%s: %s at %s: found %t, but not live", o.Case, o.Path, o.Addr, ok)
					continue
				}
				if typ := p.Type(n); typ != o.Type {
					t.Errorf("%s: %s at %s is %s by %s, want %s", o.Case, o.Path, o.Addr, typ, p.Evidence(n), o.Type)
				}
				if path := p.Path(p.doms.PathTo(n)); path.Expression != o.Path {
					t.Errorf("%s at %s: the path is %s, want %s", o.Case, o.Addr, path.Expression, o.Path)
				}
				if i%7 != 0 {
					continue // to look all up would take long
				}
				if found, err := p.Lookup(o.Path); err != nil || found != n {
					t.Errorf("%s: Lookup(%s): %s, %v", o.Case, o.Path, p.Name(found), err)
				}
			}
			if len(states) < 12 {
				t.Errorf("the program names objects in %d states: %v", len(states), states)
			}
			if n := p.Typing().Conflicts; n > 0 {
				t.Errorf("%d claims contradicted a pointer map", n)
			}
			for _, pr := range p.Problems() {
				t.Errorf("a whole core has a problem: %+v", pr)
			}
			p.checkTyping(t)
		})
	}
}

// Everything that the program's variables hold has a type, overflow buckets and
// the lists of them too.
func TestMapPartsAreTyped(t *testing.T) {
	t.Parallel()
	for _, b := range mapBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "oldmaps", b.opt, b.kind)
			held := func(name string) map[string]int { // how many objects of each type
				root, err := p.Lookup(name)
				if err != nil {
					t.Fatal(err)
				}
				types := map[string]int{}
				seen := map[heap.Node]bool{root: true}
				for queue := []heap.Node{root}; len(queue) > 0; queue = queue[1:] {
					if n := queue[0]; n != root {
						types[p.Type(n)]++
						if strings.Contains(p.Type(n), "map.bucket[int]int") {
							// What is but a part of a map has its name.
							if expr := p.Expr(p.doms.PathTo(n)); expr != "main.numbers" && expr != "main.ngrowing" {
								t.Errorf("the path to the buckets at %#x is %s", p.Addr(n), expr)
							}
						}
						if !p.TypeOf(n).Known {
							t.Errorf("%s holds %s, which has no type", name, p.Name(n))
						}
					}
					for _, to := range p.graph.Targets(queue[0]) {
						if !seen[to] {
							seen[to] = true
							queue = append(queue, to)
						}
					}
				}
				return types
			}
			for _, name := range []string{
				"main.small", "main.full", "main.growing", "main.several", "main.again", "main.moving", "main.deleted", "main.ngrowing", "main.set", "main.bytes",
				"main.points", "main.pairs", "main.wide", "main.wideGrown", "main.wideKeys", "main.wideBoth", "main.slices", "main.maps", "main.boxes",
				"main.promoted", "main.amended", "main.dirty", "main.erased",
			} {
				if len(held(name)) == 0 {
					t.Errorf("%s holds nothing", name)
				}
			}
			numbers := held("main.numbers")
			if !b.hasClassicMaps() {
				return
			}
			// 13312 entries in 2048 buckets of 8: some 290 of them overflow, for
			// 128 of which there is room behind the array.
			if n := numbers["map.bucket[int]int"]; n < 50 || n > 1000 || numbers["[]map.bucket[int]int"] != 1 || numbers["runtime.mapextra"] != 1 {
				t.Errorf("main.numbers holds %v", numbers)
			}
			for _, name := range []string{"main.several", "main.again", "main.moving"} {
				if n := held(name)["[]map.bucket[int]*main.Item"]; n != 2 {
					t.Errorf("%s has %d arrays of buckets, want 2: it should be growing", name, n)
				}
			}
			if wide := held("main.wideKeys"); wide["main.WideKey"] != 20 || wide["main.Item"] != 20 {
				t.Errorf("main.wideKeys holds %v", wide)
			}
		})
	}
}

// A map opens into the entries that the program says it has, each once.
func TestMapEntries(t *testing.T) {
	t.Parallel()
	for _, b := range mapBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "oldmaps", b.opt, b.kind)
			for _, o := range decode[mapped](t, p.said, "entries") {
				n, err := p.Lookup(o.Path)
				if err != nil {
					if len(o.Held) > 0 {
						t.Error(err)
					}
					continue
				}
				v, ok := p.Value(n)
				if !ok || v.Children != len(o.Held) {
					t.Errorf("%s: %d entries, want %d", o.Path, v.Children, len(o.Held))
				}
				entries := p.Children(v, 0, len(o.Held)+1)
				got := map[string]string{}
				for _, e := range entries {
					key := strings.TrimSuffix(strings.TrimPrefix(e.Name, "["), "]")
					if _, twice := got[key]; twice {
						t.Errorf("%s: two entries %s", o.Path, key)
					}
					got[key] = p.number(e)
				}
				if len(got) != len(o.Held) {
					t.Errorf("%s: %d entries, want %d", o.Path, len(got), len(o.Held))
				}
				for k, want := range o.Held {
					if got[k] != want {
						t.Errorf("%s[%s]: %q, want %q", o.Path, k, got[k], want)
					}
				}
			}
		})
	}
}

// What was deleted from a sync.Map is not found there, before and after it is
// promoted: at most the entry that it has left, which is empty.
func TestErased(t *testing.T) {
	t.Parallel()
	for _, b := range mapBuilds() {
		p := open(t, "oldmaps", b.opt, b.kind)
		for i := range 12 {
			n, err := p.Lookup(fmt.Sprintf("main.erased[%d]", i))
			left := err == nil && p.Type(n) == "sync.entry"
			if want := i != 1 && i != 2 && i != 10; (err == nil && !left) != want {
				t.Errorf("%s: main.erased[%d]: found %t, want %t: %v", b.name, i, err == nil, want, err)
			}
		}
	}
}

// number returns the number in an element: its own text, or that of its first
// field.
func (p process) number(v gocore.Value) string {
	if fields := p.Children(v, 0, 1); len(fields) > 0 {
		return fields[0].Text
	}
	return v.Text
}

// The live set is the collector's, and the sums are the runtime's, in the older
// versions too.
func TestCheckOlder(t *testing.T) {
	t.Parallel()
	for _, b := range mapBuilds() {
		for _, program := range []string{"oldmaps", "quiet"} {
			if program == "quiet" && b.opt.Go < "go1.24" {
				continue // it needs package weak
			}
			t.Run(b.name+"/"+program, func(t *testing.T) {
				t.Parallel()
				p := open(t, program, b.opt, b.kind)
				checks, err := p.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(checks) != len(checkNames) {
					t.Fatalf("%d checks, want %d", len(checks), len(checkNames))
				}
				for _, c := range checks {
					if b.opt.Go == "go1.24.6" && program == "quiet" && c.Name == checkNames[3] && c.Ours <= 3 {
						// The goroutine that package unique wakes in each
						// collection had closures while it was marked
						// (runtime/mgc.go, clearpools; unique/handle.go,
						// registerCleanup, Go 1.23 and 1.24).
						continue
					}
					if c.Status != gocore.CheckOK || slices.Contains(exact, c.Name) && c.Difference != 0 {
						t.Errorf("%+v", c)
					}
				}
			})
		}
	}
}

// Headers and buckets of maps may hold anything: nothing panics, loops or takes
// all memory.
func TestScribbledMaps(t *testing.T) {
	t.Parallel()
	good := testcore.Core(t, "oldmaps", testcore.Options{Go: "go1.22.12"}, testcore.Kernel)
	path := filepath.Join(t.TempDir(), "core")
	clone(t, path, good.Core)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	layout, err := elf.NewFile(file)
	if err != nil {
		t.Fatal(err)
	}
	offset := func(addr uint64) int64 {
		for _, s := range layout.Progs {
			if s.Type == elf.PT_LOAD && addr >= s.Vaddr && addr < s.Vaddr+s.Filesz {
				return int64(s.Off + addr - s.Vaddr)
			}
		}
		t.Fatalf("%#x is not in the core", addr)
		return 0
	}
	// The words of everything that maps consist of, a few of each object.
	var words []uint64
	p := open(t, "oldmaps", testcore.Options{Go: "go1.22.12"}, testcore.Kernel)
	r := rand.New(rand.NewPCG(7, 8))
	for _, e := range p.graph.Extents {
		for i := range e.Count {
			n := e.First + heap.Node(i)
			typ := p.Type(n)
			switch {
			case strings.HasPrefix(typ, "map["), typ == "runtime.mapextra", typ == "sync.readOnly", typ == "sync.entry":
				for at := uint64(0); at < p.graph.Size(n); at += 8 {
					words = append(words, p.Addr(n)+at)
				}
			case strings.Contains(typ, "map.bucket["), strings.Contains(typ, "runtime.bmap"):
				for range 20 {
					words = append(words, p.Addr(n)+8*r.Uint64N(p.graph.Size(n)/8))
				}
			}
		}
	}
	if len(words) < 1000 {
		t.Fatalf("only %d words belong to maps", len(words))
	}
	for round := range 40 {
		old := map[int64][8]byte{}
		for range 1 << r.IntN(10) {
			at := offset(words[r.IntN(len(words))])
			var was, now [8]byte
			if _, err := file.ReadAt(was[:], at); err != nil {
				t.Fatal(err)
			}
			now = was
			switch r.IntN(4) {
			case 0:
				binary.LittleEndian.PutUint64(now[:], r.Uint64())
			case 1: // another of them, so that chains end in themselves
				binary.LittleEndian.PutUint64(now[:], words[r.IntN(len(words))])
			case 2: // a header says that it has other buckets
				now[r.IntN(8)] = byte(r.IntN(64))
			case 3:
				binary.LittleEndian.PutUint64(now[:], ^uint64(0)>>r.IntN(64))
			}
			if _, ok := old[at]; !ok {
				old[at] = was
			}
			if _, err := file.WriteAt(now[:], at); err != nil {
				t.Fatal(err)
			}
		}
		func() {
			opened, err := gocore.Open(t.Context(), path, gocore.Options{Exe: good.Exe})
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			defer opened.Close()
			survey(t, opened)
			p := analysed(t, opened)
			for _, name := range []string{"main.erased[0]", "main.amended[24]", `main.growing["the key number 7"]`, "main.full[1663]"} {
				p.Lookup(name)
			}
			for _, root := range p.Roots() {
				if v, ok := p.Value(root.Node); ok && strings.HasPrefix(v.Type, "map[") {
					p.Children(v, 0, 1000)
				}
			}
		}()
		for at, was := range old {
			if _, err := file.WriteAt(was[:], at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
