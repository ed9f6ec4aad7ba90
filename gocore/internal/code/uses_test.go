package code

import "testing"

var (
	leaDX   = []byte{0x48, 0x8d, 0x15, 0x00, 0x01, 0x00, 0x00} // LEAQ 0x100(IP), DX
	cmpAX   = []byte{0x48, 0x39, 0xd0}                         // CMPQ AX, DX
	cmpZero = []byte{0x48, 0x83, 0xf9, 0x00}                   // CMPQ CX, $0
	hashBX  = []byte{0x8b, 0x4b, 0x10}                         // MOVL 0x10(BX), CX
	fieldAX = []byte{0x48, 0x89, 0x58, 0x08}                   // MOVQ BX, 0x8(AX)
)

func TestUses(t *testing.T) {
	f := follow(t, code(subSP, leaDX, cmpAX, cmpZero, hashBX, fieldAX, call, addSP, ret), nil)
	var asked, returned []Origin
	var calls []Call
	var stores []Store
	f.Uses(Visitor{
		Call:   func(c Call) { calls = append(calls, c) },
		Store:  func(s Store) { stores = append(stores, s) },
		Return: func(regs [MaxRegs]ID) { returned = append(returned, f.Origins[regs[0]], f.Origins[regs[1]]) },
		Asked:  func(id ID) { asked = append(asked, f.Origins[id]) },
	})
	param := func(r uint8) Origin { return Origin{Kind: Param, Reg: r} }
	if len(asked) != 2 || asked[0] != param(0) || asked[1] != param(1) {
		t.Errorf("asked of %+v, want the first two parameters", asked)
	}
	if len(stores) != 1 || f.Origins[stores[0].To] != param(0) || stores[0].Off != 8 || f.Origins[stores[0].Value] != param(1) {
		t.Errorf("stores %+v, want the second parameter at 8 in what the first leads to", stores)
	}
	behind := uint64(entry + 4 + 7 + 3 + 4 + 3 + 4 + 5)
	if len(calls) != 1 || calls[0].Return != behind || calls[0].Target != behind+0xffb || f.Origins[calls[0].Args[0]] != param(0) {
		t.Errorf("calls %+v, want one that returns to %#x", calls, behind)
	}
	for r, o := range returned {
		if o.Kind != Result || int(o.Reg) != r || o.Call != behind {
			t.Errorf("register %d has %+v at the end, want what the call left", r, o)
		}
	}
	if len(returned) != 2 {
		t.Errorf("%d registers at the end of the function, want 2", len(returned))
	}
}

// Where two ways meet, a word that is one thing on one and another on the other has an origin
// of its own, with the alternatives; where one of them is not known, that is said.
func TestEither(t *testing.T) {
	var (
		test  = []byte{0x48, 0x85, 0xc9}       // TESTQ CX, CX
		je6   = []byte{0x74, 0x06}             // JE past the two moves
		movAX = []byte{0x48, 0x89, 0xd8}       // MOVQ BX, AX
		movBX = []byte{0x48, 0x89, 0xcb}       // MOVQ CX, BX
		load  = []byte{0x4a, 0x8b, 0x04, 0xc8} // MOVQ (AX)(R9*8), AX
		je4   = []byte{0x74, 0x04}             // JE past the load
		store = []byte{0x48, 0x89, 0x58, 0x08} // MOVQ BX, 0x8(AX)
	)
	text := code(test, je6, movAX, movBX, store, test, je4, load, store, ret)
	f := Follow(Config{Entry: entry, Text: text, Merges: true, MaxSteps: 100})
	if f == nil {
		t.Fatal("the function cannot be followed")
	}
	var stores []Store
	f.Uses(Visitor{Store: func(s Store) { stores = append(stores, s) }})
	if len(stores) != 2 {
		t.Fatalf("%d stores, want 2", len(stores))
	}
	for i, s := range stores {
		if k := f.Origins[s.To].Kind; k != Either {
			t.Fatalf("store %d goes to what is a %d, want an Either", i, k)
		}
	}
	list, all := f.Alternatives(stores[0].To)
	if len(list) != 2 || !all || f.Origins[list[0]] != (Origin{Kind: Param, Reg: 0}) && f.Origins[list[1]] != (Origin{Kind: Param, Reg: 0}) {
		t.Errorf("the first goes to %v, all %v, want one of the first two parameters", list, all)
	}
	if !f.Adjacent(stores[0].To, stores[0].Value) {
		t.Error("the first two parameters, or the second and the third, are not next to each other")
	}
	if list, all := f.Alternatives(stores[1].To); len(list) != 1 || all || list[0] != stores[0].To {
		t.Errorf("the second goes to %v, all %v, want what the first went to, or something that is not known", list, all)
	}
	if f := Follow(Config{Entry: entry, Text: text, MaxSteps: 100}); f == nil {
		t.Error("the function cannot be followed without Merges")
	} else {
		f.Uses(Visitor{Store: func(s Store) { t.Errorf("without Merges there is a store to %+v", f.Origins[s.To]) }})
	}
}
