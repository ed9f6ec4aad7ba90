package symbols

import (
	"debug/dwarf"
	"encoding/binary"
	"reflect"
	"slices"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/loclist"
	"github.com/go-delve/delve/pkg/dwarf/op"

	"goheap/gocore/internal/types"
)

// oracle finds variables with debug/dwarf and evaluates their locations with
// delve.
type oracle struct {
	data     *dwarf.Data
	addr     *godwarf.DebugAddrSection
	old, new loclist.Reader
	cfa      int64
}

func newOracle(t *testing.T, f *File) *oracle {
	t.Helper()
	data, err := f.ELF().DWARF()
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{data: data, cfa: 1 << 40}
	l := f.readLists()
	if b, err := f.debugSection("addr"); err == nil && len(b) > 0 {
		o.addr = godwarf.ParseAddr(b)
	}
	o.old = loclist.NewDwarf2Reader(l.loc, 8)
	o.new = loclist.NewDwarf5Reader(l.loclists)
	return o
}

type place struct {
	Name   string
	Pieces []Piece
}

// vars lists the variables in scope at pc with the places that are not empty.
func (o *oracle) vars(t *testing.T, cu, fn *dwarf.Entry, pc uint64) []place {
	t.Helper()
	r := o.data.Reader()
	r.Seek(fn.Offset)
	r.Next()
	var list []place
	for depth := 1; depth > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			t.Fatal(err)
		}
		switch e.Tag {
		case 0:
			depth--
			continue
		case dwarf.TagLexDwarfBlock, dwarf.TagInlinedSubroutine:
			ranges, err := o.data.Ranges(e)
			if err != nil {
				t.Fatal(err)
			}
			in := false
			for _, rg := range ranges {
				in = in || pc >= rg[0] && pc < rg[1]
			}
			if !in {
				r.SkipChildren()
			} else if e.Children {
				depth++
			}
			continue
		case dwarf.TagFormalParameter, dwarf.TagVariable:
			list = append(list, place{o.name(t, e), o.pieces(t, cu, e, pc)})
		}
		if e.Children {
			r.SkipChildren()
		}
	}
	return list
}

func (o *oracle) name(t *testing.T, e *dwarf.Entry) string {
	for {
		if n, ok := e.Val(dwarf.AttrName).(string); ok {
			return n
		}
		off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			return ""
		}
		r := o.data.Reader()
		r.Seek(off)
		var err error
		if e, err = r.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *oracle) pieces(t *testing.T, cu, e *dwarf.Entry, pc uint64) []Piece {
	var expr []byte
	switch v := e.Val(dwarf.AttrLocation).(type) {
	case []byte:
		expr = v
	case int64:
		base, _ := cu.Val(dwarf.AttrLowpc).(uint64)
		var found *loclist.Entry
		var err error
		if addrBase, ok := cu.Val(dwarf.AttrAddrBase).(int64); ok {
			found, err = o.new.Find(int(v), 0, base, pc, o.addr.GetSubsection(uint64(addrBase)))
		} else {
			found, err = o.old.Find(int(v), 0, base, pc, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if found == nil {
			return nil
		}
		expr = found.Instr
	}
	if len(expr) == 0 {
		return nil
	}
	regs := op.NewDwarfRegisters(0, nil, binary.LittleEndian, 16, 7, 6, 0)
	regs.CFA, regs.FrameBase = o.cfa, o.cfa
	addr, pieces, err := op.ExecuteStackProgram(*regs, expr, 8, nil)
	if err != nil {
		return nil
	}
	if pieces == nil {
		return []Piece{{Kind: InMemory, Value: uint64(addr)}}
	}
	var list []Piece
	offset := uint64(0)
	for _, p := range pieces {
		kind := map[op.PieceKind]PieceKind{op.AddrPiece: InMemory, op.RegPiece: InRegister, op.ImmPiece: Immediate}[p.Kind]
		if kind != Immediate || p.Val != 0 { // delve has 0 for what is nowhere
			list = append(list, Piece{Kind: kind, Offset: offset, Value: p.Val})
		}
		offset += uint64(p.Size)
	}
	return list
}

// TestFuncVarsAgreeWithDelve looks at places all over the program.
func TestFuncVarsAgreeWithDelve(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string, b build) {
		f := open(t, exe)
		o := newOracle(t, f)
		r := o.data.Reader()
		var cu *dwarf.Entry
		functions, variables, placed := 0, 0, 0
		for {
			e, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if e == nil {
				break
			}
			if e.Tag == dwarf.TagCompileUnit {
				cu = e
				continue
			}
			if e.Tag != dwarf.TagSubprogram {
				r.SkipChildren()
				continue
			}
			ranges, err := o.data.Ranges(e)
			if err != nil {
				t.Fatal(err)
			}
			r.SkipChildren()
			if len(ranges) != 1 || !e.Children {
				continue
			}
			functions++
			if functions%7 != 0 {
				continue // as many as the time of a test allows
			}
			low, high := ranges[0][0], ranges[0][1]
			for pc := low; pc < high; pc += max(1, (high-low)/5) {
				want := o.vars(t, cu, e, pc)
				vars, err := f.FuncVars(pc, FrameState{CFA: uint64(o.cfa)})
				if err != nil {
					t.Fatalf("pc %#x: %v", pc, err)
				}
				var got []place
				for i, v := range vars {
					checkPieces(t, f, v)
					name := v.Name
					if v.Escaped {
						name = "&" + name
					}
					p := place{Name: name}
					for _, piece := range v.Pieces {
						if piece.Kind != Immediate || piece.Value != 0 {
							piece.Size = 0
							p.Pieces = append(p.Pieces, piece)
						}
					}
					if typ := f.Types().Type(v.Type); typ.Kind == types.Invalid {
						t.Fatalf("pc %#x: %s has no type", pc, v.Name)
					} else if typ.Size == 0 && i < len(want) {
						p.Pieces = want[i].Pieces // nothing is nowhere
					}
					for _, part := range partsOf(f.Types(), v.Type, 0, nil) {
						if part.size%8 != 0 && i < len(want) {
							// The list of parts leaves out the padding between
							// them, and delve adds them up.
							p.Pieces, want[i].Pieces = withoutOffsets(p.Pieces), withoutOffsets(want[i].Pieces)
						}
					}
					variables++
					if len(p.Pieces) > 0 {
						placed++
					}
					got = append(got, p)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("pc %#x:\ngot  %+v\nwant %+v", pc, got, want)
				}
			}
		}
		if functions < 1000 || variables < 5000 || placed < 1000 {
			t.Errorf("%d functions, %d variables, %d of them placed", functions, variables, placed)
		}
	})
}

func withoutOffsets(list []Piece) []Piece {
	list = slices.Clone(list)
	for i := range list {
		list[i].Offset = 0
	}
	return list
}
