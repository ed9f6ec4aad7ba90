package corridor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// public names the packages that other modules may import.
var public = []string{"dump", "gocore", "gocore/account", "heap", "report"}

// api walks what an importer of a package can name, and notes each way to a named
// type of an internal package: nobody outside can name that.
type api struct {
	module string // types of its packages are walked into, others are just named
	seen   map[types.Type]bool
	found  []string
}

// internal reports whether only a part of a module may import a package.
func internal(p *types.Package) bool {
	return p != nil && slices.Contains(strings.Split(p.Path(), "/"), "internal")
}

func (a *api) walk(p *types.Package) {
	for _, name := range p.Scope().Names() {
		if o := p.Scope().Lookup(name); o.Exported() {
			a.visit(o.Type(), p.Name()+"."+name)
		}
	}
}

// name notes a type's name if it is internal, and reports whether there is more of it
// to see.
func (a *api) name(o *types.TypeName, args *types.TypeList, at string) bool {
	for i := range args.Len() {
		a.visit(args.At(i), at+"[…]")
	}
	if internal(o.Pkg()) {
		a.found = append(a.found, fmt.Sprintf("%s names %s.%s", at, o.Pkg().Path(), o.Name()))
		return false
	}
	return o.Pkg() != nil && (o.Pkg().Path() == a.module || strings.HasPrefix(o.Pkg().Path(), a.module+"/"))
}

func (a *api) visit(t types.Type, at string) {
	if a.seen[t] {
		return
	}
	if _, basic := t.(*types.Basic); !basic {
		a.seen[t] = true
	}
	switch t := t.(type) {
	case *types.Alias:
		delete(a.seen, t) // each way to it is noted
		if a.name(t.Obj(), t.TypeArgs(), at) {
			a.visit(t.Rhs(), at)
		}
	case *types.Named:
		if !a.name(t.Obj(), t.TypeArgs(), at) {
			delete(a.seen, t) // each way to it is noted
			return
		}
		a.typeParams(t.TypeParams(), at)
		a.visit(t.Underlying(), at)
		if types.IsInterface(t) {
			return
		}
		set := types.NewMethodSet(types.NewPointer(t)) // with those of embedded types
		for i := range set.Len() {
			if m := set.At(i).Obj(); m.Exported() {
				a.visit(set.At(i).Type(), at+"."+m.Name())
			}
		}
	case *types.Signature:
		a.typeParams(t.TypeParams(), at)
		a.visit(t.Params(), at+"(…)")
		a.visit(t.Results(), at+"() …")
	case *types.Tuple:
		for i := range t.Len() {
			a.visit(t.At(i).Type(), at)
		}
	case *types.Struct:
		for i := range t.NumFields() {
			// What is embedded gives its fields away, whatever its name.
			if f := t.Field(i); f.Exported() || f.Embedded() {
				a.visit(f.Type(), at+"."+f.Name())
			}
		}
	case *types.Interface:
		for i := range t.NumMethods() {
			if m := t.Method(i); m.Exported() {
				a.visit(m.Type(), at+"."+m.Name())
			}
		}
		for i := range t.NumEmbeddeds() {
			a.visit(t.EmbeddedType(i), at)
		}
	case *types.Union:
		for i := range t.Len() {
			a.visit(t.Term(i).Type(), at)
		}
	case *types.TypeParam:
		a.visit(t.Constraint(), at)
	case *types.Map:
		a.visit(t.Key(), at)
		a.visit(t.Elem(), at)
	case interface{ Elem() types.Type }: // pointers, slices, arrays, channels
		a.visit(t.Elem(), at)
	case *types.Basic:
	default:
		a.found = append(a.found, fmt.Sprintf("%s is a %T, which this test does not know", at, t))
	}
}

func (a *api) typeParams(list *types.TypeParamList, at string) {
	for i := range list.Len() {
		a.visit(list.At(i), at+"[…]")
	}
}

// Other modules can name all that the exported API of the public packages names.
func TestAPI(t *testing.T) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Export"}
	for _, p := range public {
		args = append(args, module+"/"+p)
	}
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
	}
	load := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, name := range public {
		p, err := load.Import(module + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		a := &api{module: module, seen: map[types.Type]bool{}}
		a.walk(p)
		for _, found := range a.found {
			t.Error(found)
		}
		if len(a.seen) < 40 {
			t.Errorf("only %d types are in %s", len(a.seen), name)
		}
	}
}

// The walk finds an internal type wherever one can stand, and nothing else.
func TestAPIWalk(t *testing.T) {
	const inside = `package inside
		type T struct{}
		func (T) Method() {}
		type Number interface{ ~int }
		type Of[V any] struct{}`
	for source, bad := range map[string]int{
		`func F(t *inside.T)`:                                            1,
		`func F() (int, []inside.T)`:                                     1,
		`func F(f func(map[string]chan inside.T))`:                       1,
		`func F(t ...inside.T)`:                                          1,
		`func F[N inside.Number](n N)`:                                   1,
		`func F[N int | inside.T](n N)`:                                  1,
		`var V inside.T`:                                                 1,
		`const C = inside.T2(1)`:                                         1,
		`type A = inside.T`:                                              1,
		`type A = []inside.T`:                                            1,
		`type S struct { F [3]inside.T }`:                                1,
		`type S struct { inside.T }`:                                     1,
		`type s struct { F inside.T }; type S struct { s }`:              1,
		`type s struct { F inside.T }; func F() s`:                       1,
		`type s struct{}; func (*s) M(inside.T) {}; var V s`:             1,
		`type s struct{}; func (s) M(inside.T) {}; type S struct { *s }`: 1,
		`type S struct{}; func (*S) M() *inside.T { return nil }`:        1,
		`type S inside.Of[int]`:                                          0, // a type of its own
		`type S []inside.Of[int]`:                                        1,
		`type G[V any] struct{}; var V G[inside.T]`:                      1,
		`type I interface { M(inside.T) }`:                               1,
		`type I interface { inside.Number }`:                             1,
		`type I interface { m(inside.T); M() }`:                          0,
		`func f(inside.T)`:                                               0,
		`var V struct { f inside.T; F int }`:                             0,
		`type S struct { f inside.T }`:                                   0,
		`type S struct{}; func (S) m(inside.T) {}`:                       0,
		`type R struct { Next *R; F func(R) error }`:                     0,
	} {
		set := token.NewFileSet()
		check := func(path, source string, using map[string]*types.Package) *types.Package {
			f, err := parser.ParseFile(set, path+".go", source, 0)
			if err != nil {
				t.Fatalf("%s: %v", source, err)
			}
			p, err := (&types.Config{Importer: packages(using), IgnoreFuncBodies: true, Error: func(err error) {
				if !strings.Contains(err.Error(), "missing function body") {
					t.Errorf("%s: %v", source, err)
				}
			}}).Check(path, set, []*ast.File{f}, nil)
			if p == nil {
				t.Fatalf("%s: %v", source, err)
			}
			return p
		}
		hidden := check("m/internal/inside", inside+"; type T2 int", nil)
		p := check("m/p", `package p; import "m/internal/inside"; `+source+`; var _ inside.T`, map[string]*types.Package{"m/internal/inside": hidden})
		a := &api{module: "m", seen: map[types.Type]bool{}}
		a.walk(p)
		if len(a.found) != bad {
			t.Errorf("%s: %q, want %d", source, a.found, bad)
		}
	}
}

type packages map[string]*types.Package

func (p packages) Import(path string) (*types.Package, error) { return p[path], nil }
