package typing

// ClosurePrefix starts the names of the types of closures.
const ClosurePrefix = "closure "

// PointClosure claims a closure, whose first word is the address of its code.
func (t *Typer) PointClosure(p uint64) {
	if t.Config.Capture == nil {
		return
	}
	b := t.Mem.Bytes(p, uint64(t.arch.PtrSize))
	if b == nil {
		return
	}
	if id := t.Config.Capture(t.arch.Word(b), p); id != 0 {
		t.point(claim{p: p, n: 1, x: t.compile(id), evidence: ByContainer})
	}
}
