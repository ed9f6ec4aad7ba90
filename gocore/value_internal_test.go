package gocore

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"testing"
	"unicode/utf8"

	"goheap/dump"
	"goheap/gocore/internal/frames"
	"goheap/heap"
	"goheap/internal/testcore"
)

// target is memory that values are decoded from.
type target struct{ addr, size uint64 }

// targets are the variable n and the objects that values below it stand in.
func targets(p *Heap, n heap.Node) (list []target, total uint64) {
	v, _ := p.Value(n)
	list = []target{{v.Addr, v.Size}}
	seen := map[heap.Node]bool{}
	for queue, k := []Value{v}, 0; k < len(queue) && k < 2000; k++ {
		queue = append(queue, p.Children(queue[k], 0, 300)...)
		if e, addr, ok := p.slot(queue[k].Target); ok && !seen[queue[k].Target] {
			seen[queue[k].Target] = true
			list = append(list, target{addr, min(e.Elem, 4096)})
		}
	}
	for _, t := range list {
		total += t.size
	}
	return list, total
}

// damagedProcess is p with other words in its memory. Each 12 bytes of ops are
// one: where in the targets, and what. It shares all else with p, the types of
// objects among it, so that what is decoded has little to do with what is there.
func damagedProcess(p *Heap, list []target, total uint64, ops []byte) *Heap {
	const pageSize = 4096
	address := func(n uint64) uint64 {
		n %= total
		for _, t := range list {
			if n < t.size {
				return t.addr + n
			}
			n -= t.size
		}
		return 0
	}
	pages := map[uint64][]byte{}
	for ; len(ops) >= 12; ops = ops[12:] {
		at := address(uint64(binary.LittleEndian.Uint32(ops))*8) &^ 7
		value := binary.LittleEndian.Uint64(ops[4:])
		if value>>56 == 1 { // a pointer, so that there are some
			value = address(value << 8 >> 8)
		}
		page := pages[at&^(pageSize-1)]
		if page == nil {
			whole, ok := p.im.Mem.Slice(at&^(pageSize-1), pageSize)
			if !ok {
				continue
			}
			page = append([]byte(nil), whole...)
			pages[at&^(pageSize-1)] = page
		}
		binary.LittleEndian.PutUint64(page[at%pageSize:], value)
	}
	mem := dump.NewMemory(p.im.Arch.Machine, p.im.Arch.Order(), p.im.Arch.PtrSize, nil)
	for at, page := range pages {
		mem.Fill(at, page)
	}
	for _, r := range p.im.Mem.Ranges() {
		for at := r.Start; at < r.End; {
			start, data := p.im.Mem.Segment(at)
			mem.Fill(start, data)
			at = start + uint64(len(data))
		}
	}
	im := *p.im
	im.Mem = mem
	decoder := *p.decoder
	decoder.Image = &im
	c := newContents(&decoder, nil)
	c.space.Mem = mem
	return &Heap{naming: naming{&values{&objects{
		stacks: &stacks{contents: c, vars: frames.New(c.decoder, &im, c.closures)},
		im:     &im, graph: p.graph, live: p.live, typing: p.typing,
	}}, &nameIndex{}}}
}

// valueCost is how much memory describing one value may take: its text is short,
// but errors and numbers are put together from longer parts.
const valueCost = 1 << 15

// exploreValues opens what n leads to, most values at most, and returns how many
// there were.
func exploreValues(t *testing.T, p *Heap, n heap.Node, most int) int {
	v, ok := p.Value(n)
	if !ok {
		return 0
	}
	seen := 0
	queue := []Value{v}
	for len(queue) > 0 && seen < most {
		v := queue[0]
		queue = queue[1:]
		seen++
		if len(v.Text) > 4*maxLine+1024 {
			t.Fatalf("%s: a text of %d bytes", v.Type, len(v.Text))
		}
		for _, r := range v.Text { // a character U+FFFD is one
			if !utf8.ValidString(v.Text) || r != ' ' && !strconv.IsGraphic(r) {
				t.Fatalf("%s: %q is not printable", v.Type, v.Text)
			}
		}
		if v.Children < 0 || v.Target != heap.None && int(v.Target) >= p.im.Nodes {
			t.Fatalf("%+v", v)
		}
		page := 5
		if seen == 1 {
			page = 300 // all of the first one
		}
		children := p.Children(v, 0, page)
		if len(children) > page || len(children) > v.Children && !v.More {
			t.Fatalf("%s: %d children of %d", v.Type, len(children), v.Children)
		}
		queue = append(queue, children...)
		if v.Map && seen < 50 {
			chosen, sum, err := p.Choose(t.Context(), v, Choice{ByKey: true})
			if got := p.Children(chosen, 0, 3); err != nil || sum.Kept != sum.Passed || chosen.Children+sum.Left != sum.Kept || len(got) != min(3, chosen.Children) {
				t.Fatalf("%+v, %d of %d entries, %v", sum, len(got), chosen.Children, err)
			}
		}
		queue = append(queue, p.Children(v, v.Children-1, 5)...)
	}
	return seen
}

// FuzzValue decodes the values of a program whose memory holds anything.
func FuzzValue(f *testing.F) { fuzzValues(f, "values", testcore.Options{}) }

// FuzzOpened is FuzzValue for the containers and wrappers of the library.
func FuzzOpened(f *testing.F) { fuzzValues(f, "opened", testcore.Options{}) }

// FuzzOpenedBefore is FuzzOpened for those of an older version.
func FuzzOpenedBefore(f *testing.F) { fuzzValues(f, "opened", testcore.Options{Go: "go1.22.12"}) }

func fuzzValues(f *testing.F, program string, opt testcore.Options) {
	d := testcore.Core(f, program, opt, testcore.Kernel)
	proc, err := Open(f.Context(), d.Core, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { proc.Close() })
	p, err := proc.Analyse(f.Context(), nil)
	if err != nil {
		f.Fatal(err)
	}
	all, err := p.Lookup("main.all")
	if err != nil {
		f.Fatal(err)
	}
	list, total := targets(p, all)
	f.Add([]byte{}, uint32(0))
	f.Add(binary.LittleEndian.AppendUint64(make([]byte, 4, 12), 1<<63), uint32(3))
	seed := make([]byte, 12*400)
	for i := range seed {
		seed[i] = byte(i * i >> 3 * 7)
		if i%12 == 11 {
			seed[i] = byte(i / 12 % 2)
		}
	}
	f.Add(seed, uint32(77))
	f.Fuzz(func(t *testing.T, ops []byte, from uint32) {
		q := damagedProcess(p, list, total, ops)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		values := exploreValues(t, q, all, 1500)
		n := 1 + heap.Node(from)%heap.Node(q.im.Nodes-1)
		values += exploreValues(t, q, n, 100)
		lines, _ := q.Fields(n, 50)
		q.FieldsFrom(all, int(from%512), 50)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(values+len(lines)+51)*valueCost {
			t.Fatalf("%d values took %d bytes", values, used)
		}
	})
}
