package symbols

import (
	"slices"
	"testing"
)

// TestFuncVarsAreWhereTheProgramSays compares addresses. The frame's CFA is
// what makes the first variable agree; all others must follow.
func TestFuncVarsAreWhereTheProgramSays(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string, b build) {
		f := open(t, exe)
		said := run(t, exe)
		bias := bias(t, f, said)
		compared := 0
		for name, fr := range said.Frames {
			vars, err := f.FuncVars(fr.PC-bias, FrameState{CFA: 0, Bias: bias})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var cfa uint64
			for _, v := range vars {
				if v.Problem != nil {
					t.Errorf("%s.%s: %v", name, v.Name, v.Problem)
				}
				checkPieces(t, f, v)
				if v.Func == name && slices.Contains(fr.Hidden, v.Name) {
					t.Errorf("%s: %s is in scope", name, v.Name)
				}
				want, ok := fr.Vars[v.Name]
				if !ok || v.Func != name || len(v.Pieces) == 0 || v.Pieces[0].Kind != InMemory || v.Pieces[0].Offset != 0 {
					continue
				}
				if cfa == 0 {
					cfa = want - v.Pieces[0].Value
				}
				for _, p := range v.Pieces {
					if got := p.Value + cfa - p.Offset; p.Kind != InMemory || got != want {
						t.Errorf("%s.%s: piece %+v puts it at %#x, want %#x", name, v.Name, p, got, want)
					}
				}
				compared++
			}
			for want := range fr.Vars {
				if !slices.ContainsFunc(vars, func(v LocalVar) bool { return v.Name == want && v.Func == name }) {
					t.Errorf("%s has no %s among %+v", name, want, vars)
				}
			}
		}
		// Optimising compilers until Go 1.26 give no place to variables whose
		// address is taken; without optimisation all have one.
		if b.name == "go1.26plain" && compared != 8 {
			t.Errorf("compared %d variables, want 8", compared)
		}
	})
}

func TestFuncVarsFlags(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string, b build) {
		f := open(t, exe)
		said := run(t, exe)
		bias := bias(t, f, said)
		vars, err := f.FuncVars(said.Frames["main.outer"].PC-bias, FrameState{CFA: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]LocalVar{}
		for _, v := range vars {
			if v.Func == "main.outer" {
				byName[v.Name] = v
			}
		}
		if v := byName["a"]; !v.Param || v.Result || v.Inlined != 0 || f.Types().Type(v.Type).Name != "int64" || v.DeclLine == 0 {
			t.Errorf("a: %+v", v)
		}
		if v := byName["result"]; v.Param || !v.Result {
			t.Errorf("result: %+v", v)
		}
		if v := byName["local"]; v.Param || v.Result || f.Types().Type(v.Type).Name != "main.point" {
			t.Errorf("local: %+v", v)
		}
		inlined := said.Frames["main.inlined"]
		vars, err = f.FuncVars(inlined.PC-bias, FrameState{CFA: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(vars, func(v LocalVar) bool { return v.Name == "held" })
		depth := 1
		if b.name == "go1.26plain" {
			depth = 0
		}
		if i < 0 || vars[i].Func != "main.inlined" || vars[i].Inlined != depth {
			t.Errorf("variables of the inlined call: %+v", vars)
		}

		fn, ok := f.Symbol("main.escaping")
		if !ok {
			t.Fatal("no main.escaping")
		}
		kept := 0
		for pc := fn.Addr; pc < fn.Addr+fn.Size; pc++ {
			vars, err := f.FuncVars(pc, FrameState{CFA: 1 << 30})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range vars {
				if v.Name == "kept" && v.Func == "main.escaping" {
					if !v.Escaped || f.Types().Type(v.Type).Name != "*int" {
						t.Fatalf("kept: %+v", v)
					}
					kept++
				}
			}
		}
		if kept == 0 {
			t.Error("kept was never in scope")
		}
		if _, err := f.FuncVars(1, FrameState{}); err == nil {
			t.Error("a function at 1")
		}
	})
}

func TestCaptures(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string, b build) {
		f := open(t, exe)
		fn, ok := f.Symbol("main.escaping.func1")
		if !ok {
			t.Fatal("no closure")
		}
		captures, ok := f.Captures(fn.Addr)
		// DWARF may leave out a variable that the closure needs a part of.
		if !ok || len(captures) < 2 || b.name == "go1.26plain" && len(captures) != 3 {
			t.Fatalf("%v: %+v", ok, captures)
		}
		for i, c := range captures {
			want := []struct {
				name, typ string
				offset    uint64
			}{{"kept", "*int", 8}, {"count", "int", 16}, {"text", "string", 24}}[i]
			typ := f.Types().Type(c.Type).Name
			if c.Name != want.name || typ != want.typ || c.ByRef != (i == 0) || c.Offset != want.offset {
				t.Errorf("%+v of type %s, want %+v", c, typ, want)
			}
		}
		if _, ok := f.Captures(fn.Addr + 1); ok {
			t.Error("a closure one byte into its code")
		}
		outer, _ := f.Symbol("main.outer")
		if c, ok := f.Captures(outer.Addr); !ok || len(c) != 0 {
			t.Errorf("main.outer captures %+v, %v", c, ok)
		}
	})
}
