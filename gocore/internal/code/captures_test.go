package code

import "testing"

var (
	loadAX  = []byte{0x48, 0x8b, 0x42, 0x08}                               // MOVQ 0x8(DX), AX
	leaCX   = []byte{0x48, 0x8d, 0x4a, 0x10}                               // LEAQ 0x10(DX), CX
	axToDX  = []byte{0x48, 0x89, 0xc2}                                     // MOVQ AX, DX
	stackOK = []byte{0x76, 0x18}                                           // JBE over what follows
	more    = []byte{0xe8, 0xdd, 0x0f, 0x00, 0x00, 0xeb, 0xdf, 0x90, 0x90} // CALL, JMP to the entry
)

// want is what is known of AX and CX.
func (w Window) want(t *testing.T, at string, ax, cx Captured) {
	t.Helper()
	for reg, want := range map[uint64]Captured{0: ax, 2: cx} {
		got, _, ok := w.Register(reg)
		if ok != (want != Captured{}) || got != want {
			t.Errorf("%s: register %d has %+v, want %+v", at, reg, got, want)
		}
	}
}

func TestCaptured(t *testing.T) {
	f := follow(t, code(subSP, loadAX, leaCX, storeAX, call, addSP, ret), nil)
	for at, want := range map[uint64][2]Captured{
		entry + 4:               {},
		entry + 4 + 4:           {{8, false}},
		entry + 4 + 4 + 4:       {{8, false}, {16, true}},
		entry + 4 + 4 + 4 + 5:   {{8, false}, {16, true}},
		entry + 4 + 4 + 4 + 5*2: {},
	} {
		w, ok := f.Window(at)
		if !ok {
			t.Fatalf("nothing is known at %#x", at)
		}
		w.want(t, "", want[0], want[1])
	}
	w, _ := f.Window(f.Prologue())
	if c, _, ok := w.Word(-16); !ok || c != (Captured{8, false}) {
		t.Errorf("behind the prologue the word has %+v", c)
	}
	if _, ok := f.Window(entry + 5); ok {
		t.Error("something is known inside of an instruction")
	}
	if _, known, _ := w.Register(17); known {
		t.Error("something is known of a register that does not exist")
	}
}

// What is loaded from elsewhere is none of the closure's, though it was before.
func TestCapturedNoMore(t *testing.T) {
	f := follow(t, code(subSP, axToDX, loadAX, call, addSP, ret), nil)
	w, _ := f.Window(entry + 4 + 3 + 4)
	if c, known, ok := w.Register(0); ok || !known {
		t.Errorf("AX has %+v of the closure", c)
	}
}

// A function that has needed more stack begins again, with the address of its closure.
func TestCapturedBehindMoreStack(t *testing.T) {
	text := code(stackOK, subSP, loadAX, storeAX, call, addSP, ret, ret, more)
	for _, keeps := range []bool{true, false} {
		f := follow(t, text, func(to uint64) Callee { return Callee{Returns: true, KeepsContext: keeps} })
		w, ok := f.Window(entry + 2 + 4 + 4)
		if !ok {
			t.Fatal("the code is not followed")
		}
		if _, _, ok := w.Register(0); ok != keeps {
			t.Errorf("the register of the closure stays (%v), and what it loads is known: %v", keeps, ok)
		}
	}
}
