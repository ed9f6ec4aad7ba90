package types

import "testing"

func TestGoName(t *testing.T) {
	for _, c := range []struct{ dwarf, name, pkg string }{
		{"int", "int", ""},
		{"error", "error", ""},
		{"main.Session", "main.Session", "main"},
		{"*main.Session", "*main.Session", ""},
		{"example.com/a/b.T", "example.com/a/b.T", "example.com/a/b"},
		{"gopkg.in/yaml%2ev3.Node", "gopkg.in/yaml.v3.Node", "gopkg.in/yaml.v3"},
		{"map[string]gopkg.in/yaml%2ev3.Node", "map[string]gopkg.in/yaml.v3.Node", ""},
		{"main.Pair[int,example.com/x.T]", "main.Pair[int,example.com/x.T]", "main"},
		{"main.local·1", "main.local", "main"},
		{"main.G[main.local·12]", "main.G[main.local]", "main"},
		{"unsafe.Pointer", "unsafe.Pointer", "unsafe"},
		{"go.shape.int", "go.shape.int", ""},
		{"hchan<main.T>", "hchan<main.T>", ""},
		{"noalg.map.group[string]main.T", "map.group[string]main.T", ""},
		{"func(main.T) string", "func(main.T) string", ""},
		{"struct {}", "struct {}", ""},
		{"struct { main.n int; X string }", "struct { n int; X string }", ""},
		{`struct { X int "json:\"x%2e\""; main.y int "; a.b c" }`, `struct { X int "json:\"x%2e\""; y int "; a.b c" }`, ""},
		{"struct { unique.node = unique.node[int]; unique.m sync.Mutex }", "struct { unique.node[int]; m sync.Mutex }", ""},
		{"struct { sync.Mutex; a/b.x []struct { a/b.y interface {} } }", "struct { sync.Mutex; x []struct { y interface {} } }", ""},
		{`struct { sync.Mutex "tag"; *a.T }`, `struct { sync.Mutex "tag"; *a.T }`, ""},
		{"interface { reflect.common() *reflect.rtype; String() string }", "interface { common() *reflect.rtype; String() string }", ""},
		{"struct {", "struct {", ""},
		{"struct { ", "struct { ", ""},
		{"}", "}", ""},
		{`struct { "`, `struct { "`, ""},
	} {
		name, pkg := goName(c.dwarf)
		if name != c.name || pkg != c.pkg {
			t.Errorf("%s is %s of package %q, want %s of %q", c.dwarf, name, pkg, c.name, c.pkg)
		}
	}
}

func TestBehindBracket(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"string]*main.T", "*main.T"},
		{"[2]int]bool", "bool"},
		{"main.Pair[int,[]string]]map[string]int", "map[string]int"},
		{`struct { X int "a]b\"" }]string`, "string"},
		{"string", ""},
		{"[", ""},
		{`"`, ""},
	} {
		if got := behindBracket(c.in); got != c.want {
			t.Errorf("behind the bracket of %q is %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzGoName(f *testing.F) {
	f.Add(`struct { main.n int "a"; main.T = main.T; f interface { a.b() } }`)
	f.Fuzz(func(t *testing.T, s string) {
		if name, pkg := goName(s); len(name) > len(s) || len(pkg) > len(s) {
			t.Errorf("%q became longer: %q of %q", s, name, pkg)
		}
	})
}

func TestLayoutOf(t *testing.T) {
	for _, c := range []struct {
		version string
		want    DescriptorLayout
	}{
		{"go1.18.10", DescriptorLayout{MapTypeSize: 88, DirectFlag: false, OffsetAnon: true}},
		{"go1.19", DescriptorLayout{MapTypeSize: 88, DirectFlag: false, OffsetAnon: false}},
		{"go1.24.6 X:noswissmap", DescriptorLayout{MapTypeSize: 88, DirectFlag: false, OffsetAnon: false}},
		{"go1.24.6", DescriptorLayout{MapTypeSize: 112, DirectFlag: false, OffsetAnon: false}},
		{"go1.26.8", DescriptorLayout{MapTypeSize: 112, DirectFlag: true, OffsetAnon: false}},
		{"go1.27rc1", DescriptorLayout{MapTypeSize: 136, DirectFlag: true, OffsetAnon: false}},
		{"devel +abcdef", DescriptorLayout{MapTypeSize: 136, DirectFlag: true, OffsetAnon: false}},
		{"", DescriptorLayout{MapTypeSize: 136, DirectFlag: true, OffsetAnon: false}},
	} {
		if got := LayoutOf(c.version); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.version, got, c.want)
		}
	}
}
