package code

import (
	"debug/elf"
	"debug/gosym"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const entry = 0x1000

func follow(t *testing.T, text []byte, callee func(uint64) Callee) *Function {
	t.Helper()
	if callee == nil {
		callee = func(uint64) Callee { return Callee{Returns: true} }
	}
	return Follow(Config{Entry: entry, Text: text, Callee: callee, Unknown: Callee{Returns: true, Outgoing: 64}, MaxSteps: 1000})
}

// want says of the slots in front of an address which register they come from, at entry or
// behind a call.
func (f *Function) want(t *testing.T, pc uint64, want map[int64]Origin) {
	t.Helper()
	if f == nil {
		t.Fatal("the code is not followed")
	}
	got := map[int64]Origin{}
	for _, s := range f.At(pc) {
		o := f.Origins[s.Origin]
		o.Args = [MaxRegs]ID{}
		got[s.CFA] = o
	}
	if len(got) != len(want) {
		t.Errorf("at %#x %+v is known, want %+v", pc, got, want)
	}
	for at, o := range want {
		if got[at] != o {
			t.Errorf("at %#x the word at %d is %+v, want %+v", pc, at, got[at], o)
		}
	}
}

// code joins the bytes of instructions.
func code(parts ...[]byte) []byte { return slices.Concat(parts...) }

var (
	subSP    = []byte{0x48, 0x83, 0xec, 0x18}       // SUBQ $0x18, SP
	addSP    = []byte{0x48, 0x83, 0xc4, 0x18}       // ADDQ $0x18, SP
	axToCX   = []byte{0x48, 0x89, 0xc1}             // MOVQ AX, CX
	storeCX  = []byte{0x48, 0x89, 0x4c, 0x24, 0x10} // MOVQ CX, 0x10(SP)
	storeAX  = []byte{0x48, 0x89, 0x44, 0x24, 0x10} // MOVQ AX, 0x10(SP)
	storeBX  = []byte{0x48, 0x89, 0x5c, 0x24, 0x08} // MOVQ BX, 0x8(SP)
	storeAXL = []byte{0x89, 0x44, 0x24, 0x10}       // MOVL AX, 0x10(SP)
	call     = []byte{0xe8, 0xfb, 0x0f, 0x00, 0x00} // CALL 0x1000 bytes behind itself
	ret      = []byte{0xc3}
)

func TestParameterCopied(t *testing.T) {
	f := follow(t, code(subSP, axToCX, storeCX, storeBX, call, addSP, ret), nil)
	f.want(t, entry+4+3+5+5+5, map[int64]Origin{-16: {Kind: Param}, -24: {Kind: Param, Reg: 1}})
}

func TestResultStored(t *testing.T) {
	f := follow(t, code(subSP, call, storeAX, storeBX, call, addSP, ret), nil)
	result := Origin{Kind: Result, Call: entry + 9, Target: entry + 4 + 0x1000}
	second := result
	second.Reg = 1
	f.want(t, entry+4+5+5+5+5, map[int64]Origin{-16: result, -24: second})
}

func TestNarrowStoreForgets(t *testing.T) {
	f := follow(t, code(subSP, storeAX, storeAXL, call, addSP, ret), nil)
	f.want(t, entry+4+5+4+5, map[int64]Origin{})
}

// On one way a word has a parameter, on the other a result.
func TestWaysThatDiffer(t *testing.T) {
	je := []byte{0x74, 0x0a} // over the call and the store
	f := follow(t, code(subSP, storeAX, je, call, storeAX, storeBX, call, addSP, ret), nil)
	f.want(t, entry+4+5+2+5+5+5+5, map[int64]Origin{}) // behind the call BX is another one, too
	je = []byte{0x74, 0x05}                            // over the call alone
	f = follow(t, code(subSP, storeAX, je, call, call, addSP, ret), nil)
	f.want(t, entry+4+5+2+5+5, map[int64]Origin{-16: {Kind: Param}})
}

func TestCallThatNeverReturns(t *testing.T) {
	f := follow(t, code(subSP, storeAX, call, storeBX, call, addSP, ret), func(uint64) Callee { return Callee{} })
	if list := f.At(entry + 4 + 5 + 5 + 5 + 5); list != nil {
		t.Errorf("behind a call that never returns %v is known", list)
	}
}

func TestOutgoing(t *testing.T) {
	f := follow(t, code(subSP, storeAX, storeBX, call, addSP, ret), func(uint64) Callee { return Callee{Returns: true, Outgoing: 16} })
	for _, s := range f.At(entry + 4 + 5 + 5 + 5) {
		if s.Doubt != (s.CFA == -24) {
			t.Errorf("the word at %d is in doubt: %v", s.CFA, s.Doubt)
		}
	}
}

// What stands above the return address none that is called writes to.
func TestOutgoingEnds(t *testing.T) {
	above := []byte{0x48, 0x89, 0x44, 0x24, 0x28} // MOVQ AX, 0x28(SP)
	f := follow(t, code(subSP, above, storeBX, call, addSP, ret), func(uint64) Callee { return Callee{Returns: true, Outgoing: 192} })
	for _, s := range f.At(entry + 4 + 5 + 5 + 5) {
		if s.Doubt != (s.CFA == -24) {
			t.Errorf("the word at %d is in doubt: %v", s.CFA, s.Doubt)
		}
	}
}

func TestLost(t *testing.T) {
	for name, text := range map[string][]byte{
		"a jump through a register":         code(subSP, storeAX, []byte{0xff, 0xe0}, call, ret),
		"a stack pointer from elsewhere":    code([]byte{0x48, 0x89, 0xc4}, call, ret),
		"a jump into an instruction":        code(subSP, []byte{0xeb, 0x01}, storeAX, call, ret),
		"two stack pointers that meet":      code([]byte{0x74, 0x04}, subSP, call, ret),
		"no return":                         code(subSP, storeAX),
		"bytes that are no instruction":     {0x06, 0x06},
		"nothing":                           {},
		"a stack pointer from the frame":    code([]byte{0x5c}, call, ret), // POPQ SP
		"a prefix that ends with the bytes": {0x48},
	} {
		if f := follow(t, text, nil); f != nil {
			t.Errorf("%s is followed", name)
		}
	}
}

// All functions that the compiler has made for this test can be followed, but for those
// that jump through tables.
func TestOwn(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("this test looks into an ELF executable for amd64")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	section := e.Section(".text")
	text, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := e.Section(".gopclntab").Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(lines, section.Addr))
	if err != nil {
		t.Fatal(err)
	}
	names := map[uint64]string{}
	for _, f := range table.Funcs {
		names[f.Entry] = f.Name
	}
	callee := func(entry uint64) Callee {
		name := names[entry]
		return Callee{Returns: !strings.HasPrefix(name, "runtime.panic") && !strings.HasPrefix(name, "runtime.goPanic") && name != "runtime.gopanic" && name != "runtime.throw"}
	}
	all, followed := 0, 0
	for _, f := range table.Funcs {
		if !strings.HasPrefix(f.Name, "strings.") && !strings.HasPrefix(f.Name, "fmt.") && !strings.HasPrefix(f.Name, "goheap/") {
			continue
		}
		all++
		if Follow(Config{Entry: f.Entry, Text: text[f.Entry-section.Addr : f.End-section.Addr], Callee: callee, Unknown: Callee{Returns: true}, MaxSteps: 1 << 20}) != nil {
			followed++
		} else {
			t.Logf("%s is not followed", f.Name)
		}
	}
	t.Logf("%d of %d functions are followed", followed, all)
	if all == 0 || followed*10 < all*9 {
		t.Errorf("%d of %d functions are followed", followed, all)
	}
}

// Whatever the bytes are, following them ends, and what is known comes from somewhere.
func FuzzFollow(f *testing.F) {
	f.Add(code(subSP, axToCX, storeCX, storeBX, call, addSP, ret), uint16(20))
	f.Add(code(subSP, storeAX, []byte{0x74, 0x0a}, call, storeAX, storeBX, call, addSP, ret), uint16(26))
	f.Fuzz(func(t *testing.T, text []byte, at uint16) {
		fn := follow(t, text, nil)
		if fn == nil {
			return
		}
		last := int64(-1 << 62)
		for _, s := range fn.At(entry + uint64(at)) {
			if s.CFA <= last || s.Origin <= zero || int(s.Origin) >= len(fn.Origins) {
				t.Fatalf("slot %+v of %d origins behind %d", s, len(fn.Origins), last)
			}
			last = s.CFA
			for id := s.Origin; fn.Origins[id].Base != none; id = fn.Origins[id].Base {
				if fn.Origins[id].Base >= id {
					t.Fatalf("origin %d is based on %d", id, fn.Origins[id].Base)
				}
			}
		}
		locks := fn.Locks(func(pc, target uint64) LockEffect {
			return LockEffect{Op: LockOp(pc % 3), Kind: uint8(pc % 2), Off: int64(pc%4) * 8, Slow: target%2 == 1}
		})
		if locks == nil {
			return
		}
		taken := locks.Events()
		held, dropped, _, _ := locks.During(entry + uint64(at))
		for _, list := range [][]Lock{held, dropped} {
			for i, x := range list {
				if !slices.Contains(taken, x) || i > 0 && compareLocks(list[i-1], x) >= 0 {
					t.Fatalf("locks %+v of %+v", list, taken)
				}
			}
		}
	})
}

// What a function returned is the same word after more has been found out of what it was
// called with: the call is followed again when another way to it is.
func TestResultStays(t *testing.T) {
	var (
		jneP   = []byte{0x75, 0x02}       // JNE over the next
		jmpL   = []byte{0xeb, 0x05}       // JMP over the next two
		axToBX = []byte{0x48, 0x89, 0xc3} // MOVQ AX, BX
		jmp    = []byte{0xeb, 0x00}       // JMP to the next
		jne    = []byte{0x75, 0x00}       // JNE to the next
	)
	f := follow(t, code(subSP, jneP, jmpL, axToBX, jmp, call, storeAX, jne, addSP, ret), nil)
	behind := uint64(entry + 4 + 2 + 2 + 3 + 2 + 5)
	f.want(t, behind+5+2, map[int64]Origin{-16: {Kind: Result, Call: behind, Target: behind + 0xffb}})
	for _, s := range f.At(behind + 5 + 2) {
		if args := f.Origins[s.Origin].Args; args[0] == none || args[1] != none {
			t.Errorf("called with %v, want the first parameter and a second one that is not known", args[:2])
		}
	}
}
