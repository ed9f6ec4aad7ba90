package code

import "testing"

// An address that a register has leaks by what is done with it.
func TestLeaks(t *testing.T) {
	lea := []byte{0x48, 0x8d, 0x54, 0x24, 0x08} // LEAQ 0x8(SP), DX
	for name, test := range map[string]struct {
		text  []byte
		leaks bool
	}{
		"it is written through": {code(subSP, lea, []byte{0x44, 0x0f, 0x11, 0x3a}, // MOVUPS X15, 0(DX)
			[]byte{0x48, 0x89, 0x42, 0x08},        // MOVQ AX, 0x8(DX)
			[]byte{0x31, 0xd2}, call, addSP, ret), // XORL DX, DX
			false},
		"it is moved and compared": {code(subSP, lea, []byte{0x48, 0x89, 0xd1}, // MOVQ DX, CX
			[]byte{0x48, 0x39, 0xc1},                                  // CMPQ AX, CX
			[]byte{0x31, 0xd2}, []byte{0x31, 0xc9}, call, addSP, ret), // and cleared
			false},
		"it is there in a call":   {code(subSP, lea, call, addSP, ret), true},
		"it is stored":            {code(subSP, lea, []byte{0x48, 0x89, 0x54, 0x24, 0x10}, []byte{0x31, 0xd2}, call, addSP, ret), true}, // MOVQ DX, 0x10(SP)
		"it is stored elsewhere":  {code(subSP, lea, []byte{0x48, 0x89, 0x10}, []byte{0x31, 0xd2}, call, addSP, ret), true},             // MOVQ DX, 0(AX)
		"it is computed with":     {code(subSP, lea, []byte{0x48, 0x01, 0xd0}, []byte{0x31, 0xd2}, call, addSP, ret), true},             // ADDQ DX, AX
		"something is added":      {code(subSP, lea, []byte{0x48, 0x01, 0xc2}, []byte{0x31, 0xd2}, call, addSP, ret), true},             // ADDQ AX, DX
		"an element is chosen":    {code(subSP, []byte{0x48, 0x8d, 0x54, 0xc4, 0x08}, []byte{0x31, 0xd2}, call, addSP, ret), true},      // LEAQ 0x8(SP)(AX*8), DX
		"it goes to a vector":     {code(subSP, lea, []byte{0x66, 0x48, 0x0f, 0x6e, 0xc2}, []byte{0x31, 0xd2}, call, addSP, ret), true}, // MOVQ DX, X0
		"it is lost on one way":   {code(subSP, lea, []byte{0x74, 0x02}, []byte{0x89, 0xc2}, []byte{0x48, 0x89, 0x02}, []byte{0x31, 0xd2}, ret), true},
		"it is the stack pointer": {code(subSP, []byte{0x48, 0x89, 0xe2}, []byte{0x48, 0x83, 0xc2, 0x08}, call, addSP, ret), true}, // MOVQ SP, DX; ADDQ $8, DX
	} {
		f := follow(t, test.text, nil)
		if f == nil {
			t.Fatalf("%s: the code is not followed", name)
		}
		if got := f.Leaks(-24, -8); got != test.leaks { // 0x8(SP) is 24 below the CFA
			t.Errorf("%s: it leaks: %v, want %v", name, got, test.leaks)
		}
		if f.Leaks(-16, -8) {
			t.Errorf("%s: the word behind it leaks", name)
		}
	}
}

// What runtime.duffzero and duffcopy fill is something else.
func TestDuffForgets(t *testing.T) {
	lea := []byte{0x48, 0x8d, 0x7c, 0x24, 0x08} // LEAQ 0x8(SP), DI
	f := follow(t, code(subSP, storeAX, lea, call, call, addSP, ret), func(uint64) Callee { return Callee{Returns: true, KeepsRegisters: true} })
	f.want(t, entry+4+5+5+5, map[int64]Origin{})
}
