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
