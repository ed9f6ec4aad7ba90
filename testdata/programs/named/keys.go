package main

import (
	"math"
	"time"
)

type Complex complex64

// Maps by complex numbers and by types without a name.
var (
	byComplex   = map[complex128]*Session{}
	byComplex64 = map[complex64]*Session{}
	byOwn       = map[Complex]*Session{}
	byFloat32   = map[float32]*Session{}
	byF         = map[struct{ F, G float32 }]*Session{}
	byStruct    = map[struct {
		A int
		B string
	}]*Session{}
	byTagged = map[struct {
		A int `json:"a b"`
		b bool
	}]*Session{}
	byNested = map[struct {
		In  struct{ X [2]complex64 }
		Any interface{}
	}]*Session{}
	byStructs  = map[[2]struct{ A int }]*Session{}
	byEmbedded = map[struct {
		K
		Z time.Duration
	}]*Session{}
	byEmpty   = map[struct{}]*Session{}
	byAnyKind = map[interface{}]*Session{}
)

func kindsOfKeys() {
	keyed(byComplex, complex(1, 2), `main.byComplex[(1+2i)]`, `main.byComplex[1+2i]`, `main.byComplex[complex(1,2)]`, `main.byComplex[complex(1, 2.0)]`,
		`main.byComplex[complex128(1+2i)]`, `main.byComplex[(1 + 2i)]`, `main.byComplex[complex(where.at, 2)]`)
	keyed(byComplex, complex(-0.5, -1e100), `main.byComplex[(-0.5-1e+100i)]`, `main.byComplex[complex(-.5, -1e100)]`)
	keyed(byComplex, complex(3, 0), `main.byComplex[(3+0i)]`, `main.byComplex[3]`, `main.byComplex[complex(3, 0)]`)
	keyed(byComplex, complex(0, 4), `main.byComplex[(0+4i)]`, `main.byComplex[4i]`)
	keyed(byComplex, complex(math.Inf(1), math.Inf(-1)), `main.byComplex[(+Inf-Infi)]`, `main.byComplex[complex(+Inf, -Inf)]`)
	keyed(byComplex, complex(math.NaN(), 1))
	keyed(byComplex, complex(math.NaN(), 1))
	keyed(byComplex64, complex64(complex(0.1, 0.2)), `main.byComplex64[(0.1+0.2i)]`, `main.byComplex64[complex(0.1, 0.2)]`, `main.byComplex64[complex64(complex(0.1, 0.2))]`)
	keyed(byOwn, Complex(complex(7, 8)), `main.byOwn[(7+8i)]`, `main.byOwn[complex(7, 8)]`, `main.byOwn[Complex(complex(7, 8))]`, `main.byOwn[main.Complex(7+8i)]`)
	keyed(byFloat32, float32(0.1), `main.byFloat32[0.1]`, `main.byFloat32[float32(0.1)]`, `main.byFloat32[0.10000000149]`)
	keyed(byF, struct{ F, G float32 }{0.1, 2}, `main.byF[{0.1 2}]`, `main.byF[{0.1, 2}]`, `main.byF[struct{ F, G float32 }{0.1, 2}]`)

	type key = struct {
		A int
		B string
	}
	keyed(byStruct, key{3, "x"}, `main.byStruct[{3 "x"}]`, `main.byStruct[struct{ A int; B string }{3,"x"}]`, `main.byStruct[struct { A int; B string }{3 "x"}]`,
		`main.byStruct[struct{A int;B string}{B: "x", A: 3}]`)
	keyed(byStruct, key{3, "} ] { ["}, `main.byStruct[{3 "} ] { ["}]`, `main.byStruct[struct{ A int; B string }{3, "} ] { ["}]`)
	keyed(byTagged, struct {
		A int `json:"a b"`
		b bool
	}{4, true}, `main.byTagged[{4 true}]`, `main.byTagged[struct{ A int; b bool }{4, true}]`, "main.byTagged[struct{ A int `json:\"a b\"`; b bool }{4, true}]")
	nested := struct {
		In  struct{ X [2]complex64 }
		Any interface{}
	}{Any: struct{ D time.Duration }{5 * time.Second}}
	nested.In.X[1] = 1i
	keyed(byNested, nested, `main.byNested[{{{(0+0i) (0+1i)}} struct { D time.Duration }{5000000000}}]`,
		`main.byNested[{{{0, 1i}}, struct{ D time.Duration }{5s}}]`, `main.byNested[{In: {X: {0, complex(0, 1)}}, Any: struct{ D time.Duration }{D: 5*time.Second}}]`)
	keyed(byStructs, [2]struct{ A int }{{1}, {2}}, `main.byStructs[{{1} {2}}]`, `main.byStructs[[2]struct{ A int }{{1}, {2}}]`, `main.byStructs[{struct{ A int }{1}, {2}}]`)
	embedded := struct {
		K
		Z time.Duration
	}{K{3, "s"}, 5 * time.Second}
	keyed(byEmbedded, embedded, `main.byEmbedded[{{3 "s"} 5000000000}]`, `main.byEmbedded[{K{3, "s"}, 5s}]`, `main.byEmbedded[{K: {3, "s"}, Z: 5s}]`, `main.byEmbedded[struct{ K; Z time.Duration }{K{3, "s"}, 5s}]`)
	keyed(byEmpty, struct{}{}, `main.byEmpty[{}]`, `main.byEmpty[struct{}{}]`)

	keyed(byAnyKind, complex(1, 2), `main.byAnyKind[complex128((1+2i))]`, `main.byAnyKind[(1+2i)]`, `main.byAnyKind[complex(1, 2)]`, `main.byAnyKind[1+2i]`)
	keyed(byAnyKind, complex64(complex(1, 2)), `main.byAnyKind[complex64((1+2i))]`, `main.byAnyKind[complex64(complex(1, 2))]`, `main.byAnyKind[complex64(1+2i)]`)
	keyed(byAnyKind, Complex(complex(1, 2)), `main.byAnyKind[main.Complex((1+2i))]`, `main.byAnyKind[Complex(1+2i)]`)
	keyed(byAnyKind, key{3, "x"}, `main.byAnyKind[struct { A int; B string }{3 "x"}]`, `main.byAnyKind[struct{ A int; B string }{3, "x"}]`)
	keyed(byAnyKind, struct{ A, B int }{3, 4}, `main.byAnyKind[struct { A int; B int }{3 4}]`, `main.byAnyKind[struct{ A, B int }{3, 4}]`)
	keyed(byAnyKind, struct{ A, B int8 }{3, 4}, `main.byAnyKind[struct { A int8; B int8 }{3 4}]`, `main.byAnyKind[struct{ A, B int8 }{3, 4}]`)
	keyed(byAnyKind, struct{}{}, `main.byAnyKind[struct {}{}]`, `main.byAnyKind[struct{}{}]`)
	keyed(byAnyKind, [1]struct{ C complex128 }{{complex(1, 2)}}, `main.byAnyKind[[1]struct { C complex128 }{{(1+2i)}}]`, `main.byAnyKind[[1]struct{ C complex128 }{{complex(1, 2)}}]`)
	keyed(byAnyKind, [2]interface{}{1, 2i}, `main.byAnyKind[[2]interface {}{1 complex128((0+2i))}]`, `main.byAnyKind[[2]any{1, 2i}]`)
	keyed(byAnyKind, embedded, `main.byAnyKind[struct { main.K; Z time.Duration }{{3 "s"} 5000000000}]`, `main.byAnyKind[struct{ K; Z time.Duration }{{3, "s"}, 5s}]`)
}
