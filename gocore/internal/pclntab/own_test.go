package pclntab_test

import (
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"os"
	"reflect"
	"runtime"
	"testing"

	"goheap/gocore/internal/pclntab"
	"goheap/internal/arch"
)

// own is the table of the running test, read from its executable.
type own struct {
	table *pclntab.Table
	sym   *gosym.Table // the standard library's reading of the same section
}

// word indexes of fields in runtime.moduledata, Go 1.26 and 1.27.
const (
	mdText     = 1 + 6*3 + 3
	mdEText    = mdText + 1
	mdTypes    = mdText + 15
	mdGofunc26 = mdTypes + 3
	mdGofunc27 = mdTypes + 6
)

func readOwn(t *testing.T) own {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	section := func(name string) []byte {
		s := f.Section(name)
		if s == nil {
			t.Fatalf("no section %s", name)
		}
		b, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	md := section(".go.module")
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(md[8*i:]) }
	lines := f.Section(".gopclntab")
	b := section(".gopclntab")

	// gofunc is followed by its end, which is the end of the section.
	gofunc := mdGofunc26
	if word(gofunc+1) < word(gofunc) || word(gofunc) < lines.Addr || word(gofunc) >= lines.Addr+lines.Size {
		gofunc = mdGofunc27
	}
	blob, end := word(gofunc), word(gofunc+1)
	if blob < lines.Addr || end > lines.Addr+lines.Size || end < blob {
		t.Fatalf("the funcdata [%#x,%#x) is not in the section [%#x,%#x)", blob, end, lines.Addr, lines.Addr+lines.Size)
	}
	table, err := pclntab.New(pclntab.Config{
		Arch: arch.AMD64(), Pclntab: b, Text: word(mdText), EText: word(mdEText),
		FuncData: b[blob-lines.Addr : end-lines.Addr], FuncDataAddr: blob,
	})
	if err != nil {
		t.Fatal(err)
	}
	sym, err := gosym.NewTable(nil, gosym.NewLineTable(b, word(mdText)))
	if err != nil {
		t.Fatal(err)
	}
	return own{table, sym}
}

// Every function has the entry and the name that debug/gosym reads.
func TestFunctionsAgreeWithGosym(t *testing.T) {
	o := readOwn(t)
	if o.table.Len() != len(o.sym.Funcs) {
		t.Fatalf("%d functions, but gosym has %d", o.table.Len(), len(o.sym.Funcs))
	}
	if o.table.Len() < 1000 {
		t.Fatalf("only %d functions", o.table.Len())
	}
	i := 0
	for f := range o.table.All() {
		g := &o.sym.Funcs[i]
		if f.Entry != g.Entry || f.Name() != g.Name || f.End != g.End {
			t.Errorf("function %d is %s [%#x,%#x), gosym says %s [%#x,%#x)", i, f.Name(), f.Entry, f.End, g.Name, g.Entry, g.End)
		}
		if !f.NameIs(g.Name) || f.NameIs(g.Name+"x") || f.NameIs(g.Name[1:]) {
			t.Errorf("NameIs is wrong about %s", g.Name)
		}
		i++
	}
	if i != o.table.Len() {
		t.Fatalf("%d functions of %d are intact", i, o.table.Len())
	}
}

// The innermost frame at every address of every third function is the one
// that the runtime names, and the position of each address is gosym's.
func TestPositionsAgreeWithRuntime(t *testing.T) {
	o := readOwn(t)
	pcs, inlined := 0, 0
	for i := 0; i < o.table.Len(); i += 3 {
		f, ok := o.table.At(i)
		if !ok {
			t.Fatalf("function %d is damaged", i)
		}
		for pc := f.Entry; pc < f.End; pc += 1 + (f.End-f.Entry)/16 {
			if g, ok := o.table.Find(pc); !ok || g.Entry != f.Entry {
				t.Fatalf("Find(%#x) is %#x, want %s at %#x", pc, g.Entry, f.Name(), f.Entry)
			}
			file, line := f.FileLine(pc)
			gfile, gline, _ := o.sym.PCToLine(pc)
			if file != "" && (file != gfile || line != gline) {
				t.Errorf("%#x is %s:%d, gosym says %s:%d", pc, file, line, gfile, gline)
			}
			calls := f.Inlined(pc)
			// CallersFrames takes return addresses, one past the call.
			fr, _ := runtime.CallersFrames([]uintptr{uintptr(pc) + 1}).Next()
			if fr.PC == 0 {
				t.Fatalf("the runtime knows nothing of %#x", pc)
			}
			if pc+1 == f.End {
				continue // the runtime takes this for the next function
			}
			c := calls[0]
			if fr.Function == "" && f.NameOff() == 0 {
				fr.Function = c.Name // to the runtime, offset 0 is no name
			}
			if plain(c.Name) != fr.Function || c.Line != fr.Line || c.File != fr.File && fr.Line != 0 {
				t.Errorf("%#x is in %s at %s:%d, the runtime says %s at %s:%d", pc, c.Name, c.File, c.Line, fr.Function, fr.File, fr.Line)
			}
			if last := calls[len(calls)-1]; last.Inlined || last.Name != f.Name() {
				t.Errorf("%#x ends with %+v, want %s", pc, last, f.Name())
			}
			pcs++
			if len(calls) > 1 {
				inlined++
			}
		}
	}
	if pcs < 10000 || inlined < 1000 {
		t.Errorf("only %d addresses were compared, %d of them inlined", pcs, inlined)
	}
}

// plain is a name as runtime.Frame.Function has it: the type arguments of
// generic functions are left out.
func plain(name string) string {
	i, j := -1, -1
	for k := range name {
		if name[k] == '[' && i < 0 {
			i = k
		}
		if name[k] == ']' {
			j = k
		}
	}
	if i < 0 || j < i {
		return name
	}
	return name[:i] + "[...]" + name[j+1:]
}

var sink []uintptr

func innermost() { // small enough to be inlined
	sink = sink[:runtime.Callers(1, sink)]
}

func middle() { innermost() }

//go:noinline
func outermost() { middle() }

// The logical frames of one physical frame are those that runtime.Callers
// lists, each with the line of its call.
func TestInlinedAgreesWithCallers(t *testing.T) {
	o := readOwn(t)
	sink = make([]uintptr, 16)
	outermost()
	var want []runtime.Frame
	frames := runtime.CallersFrames(sink)
	for {
		f, more := frames.Next()
		want = append(want, f)
		if !more {
			break
		}
	}
	f, ok := o.table.Find(uint64(sink[0]))
	if !ok || !f.NameIs("goheap/gocore/internal/pclntab_test.outermost") {
		t.Fatalf("the caller is in %s", f.Name())
	}
	calls := f.Inlined(uint64(sink[0]) - 1)
	if len(calls) != 3 {
		t.Fatalf("%d logical frames, want innermost, middle and outermost: %+v", len(calls), calls)
	}
	for i, c := range calls {
		w := want[i]
		if c.Name != w.Function || c.File != w.File || c.Line != w.Line || c.Inlined != (i < 2) {
			t.Errorf("frame %d is %+v, want %s at %s:%d", i, c, w.Function, w.File, w.Line)
		}
		if start, ok := f.StartLine(); !ok || c.StartLine == 0 || i == 2 && c.StartLine != start {
			t.Errorf("frame %d starts at line %d, the function at %d", i, c.StartLine, start)
		}
	}
}

func TestFlagsAndTables(t *testing.T) {
	o := readOwn(t)
	one := func(name string) pclntab.Func {
		for f := range o.table.ByName(name) {
			return f
		}
		t.Fatalf("no function %s", name)
		return pclntab.Func{}
	}
	if f := one("runtime.goexit"); f.Flags() != pclntab.TopFrame|pclntab.Asm {
		t.Errorf("runtime.goexit has flags %b", f.Flags())
	}
	if f := one("runtime.gogo"); f.ID() == 0 {
		t.Errorf("runtime.gogo has ID %d", f.ID())
	}
	if f := one("runtime.systemstack"); f.Flags()&pclntab.SPWrite == 0 {
		t.Errorf("runtime.systemstack has flags %b", f.Flags())
	}
	f := one("runtime.main")
	if f.DeferReturn() == 0 {
		t.Error("runtime.main has no deferreturn, but it defers")
	}
	if d, ok := f.SPDelta(f.Entry); !ok || d != 0 {
		t.Errorf("at the entry of runtime.main the stack pointer has moved by %d", d)
	}
	if n, known := f.Args(); n != 0 || !known {
		t.Errorf("runtime.main has %d bytes of arguments (known: %v)", n, known)
	}
	reflect.MakeFunc(reflect.TypeFor[func()](), nil) // links the stub
	if n, known := one("reflect.makeFuncStub").Args(); known {
		t.Errorf("reflect.makeFuncStub has %d bytes of arguments", n)
	}
	if _, ok := f.FuncData(pclntab.FuncDataLocalsPointerMaps); !ok {
		t.Error("runtime.main has no map of its locals")
	}
	if v := f.PCData(99, f.Entry); v != -1 {
		t.Errorf("a table that does not exist says %d", v)
	}
	lo, hi := o.table.Text()
	for _, pc := range []uint64{0, lo - 1, hi, 1<<64 - 1} {
		if f, ok := o.table.Find(pc); ok {
			t.Errorf("%#x is found in %s", pc, f.Name())
		}
	}
}
