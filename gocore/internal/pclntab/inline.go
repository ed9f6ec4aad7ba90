package pclntab

// An InlinedCall is one logical frame at a program counter: a function that
// was inlined, or last the function itself.
type InlinedCall struct {
	Name      string
	File      string // where this frame stands: empty when unknown
	Line      int
	StartLine int    // line of the func keyword; 0 when unknown
	ID        uint8  // internal/abi.FuncID
	PC        uint64 // an instruction at the position File:Line
	Inlined   bool   // false for the function itself
}

// maxInline bounds the depth of inlining that is believed; a damaged tree can
// be a circle.
const maxInline = 512

// Inlined returns the logical frames at pc, innermost first; the last is f
// itself. As for FileLine, pc lies in the call, not after it. A damaged tree
// leaves the frames found and f.
//
// The tree is found as runtime/symtabinl.go does: the innermost call's index
// is PCDATA_InlTreeIndex at pc, and its caller's that at the call site.
func (f Func) Inlined(pc uint64) []InlinedCall {
	var calls []InlinedCall
	tree := f.FuncDataBytes(FuncDataInlTree)
	l := &f.t.layout
	for tree != nil && len(calls) < maxInline {
		i := f.PCData(PCDataInlTreeIndex, pc)
		if i < 0 || (uint64(i)+1)*uint64(l.inlSize) > uint64(len(tree)) {
			break
		}
		e := tree[int(i)*l.inlSize:]
		c := InlinedCall{Name: f.t.name(f.t.u32(e[l.inlNameOff:])), PC: pc, Inlined: true}
		c.File, c.Line = f.FileLine(pc)
		if l.inlLine >= 0 {
			c.StartLine = int(int32(f.t.u32(e[l.inlLine:])))
			c.ID = e[0]
		} else {
			c.ID = e[2]
		}
		calls = append(calls, c)
		pc = f.Entry + uint64(int64(int32(f.t.u32(e[l.inlParentPC:]))))
	}
	c := InlinedCall{Name: f.Name(), PC: pc, ID: f.ID()}
	c.File, c.Line = f.FileLine(pc)
	c.StartLine, _ = f.StartLine()
	return append(calls, c)
}
