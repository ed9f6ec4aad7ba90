package gocore_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"goheap/internal/testcore"
)

// kindObject is a line of testdata/programs/kinds.
type kindObject struct {
	Name, Addr, Type, Path string
	Tiny, Interior, Shape  bool
	Parted                 bool
	Missing                string
}

// kindBuilds are the ways in which the program with every kind of object is
// tried: how code is optimised decides where variables are.
func kindBuilds() []build {
	var all []build
	for _, v := range []string{"go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v}, testcore.Kernel},
			build{v + "-gcore", testcore.Options{Go: v}, testcore.Gcore},
			build{v + "-pie", testcore.Options{Go: v, PIE: true}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel})
	}
	return all
}

// Of every kind of object that a program can have, the type and the one path are
// what the program says, and the path leads back.
func TestKinds(t *testing.T) {
	for _, b := range kindBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "kinds", b.opt, b.kind)
			seen, wrong := map[string]bool{}, 0
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if seen[o.Name] {
					t.Errorf("%s: said twice", o.Name)
				}
				seen[o.Name] = true
				if o.Missing != "" {
					t.Logf("%s: none, %s", o.Name, o.Missing)
					continue
				}
				if why := p.kind(t, o); len(why) > 0 {
					wrong++
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			t.Logf("%d kinds, %d wrong", len(seen), wrong)
			if len(seen) < 200 {
				t.Errorf("the program has only %d kinds", len(seen))
			}
		})
	}
}

// kind says what is wrong about one object.
func (p process) kind(t *testing.T, o kindObject) (why []string) {
	wrong := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	n, ok := p.NodeAt(address(t, o.Addr))
	if !ok {
		return []string{"no object at " + o.Addr}
	}
	if !p.doms.Live(n) {
		return []string{"not live"}
	}
	switch typ := p.Type(n); {
	case o.Interior:
		if p.Evidence(n) != "interior" || !strings.HasSuffix(typ, ", contains "+o.Type+")") {
			wrong("type %s by %s, want a part of type %s", typ, p.Evidence(n), o.Type)
		}
	case o.Tiny:
		if !p.TypeOf(n).Known {
			wrong("type %s, want one of a tiny block", typ)
		}
	case (o.Shape || o.Parted) && !p.TypeOf(n).Known:
	case typ != o.Type:
		wrong("type %s by %s, want %s", typ, p.Evidence(n), o.Type)
	}
	nodes := p.doms.PathTo(n)
	path := p.Path(nodes)
	unknownPart := o.Path[:strings.LastIndexByte(o.Path, '.')+1] + "?"
	if !samePath(path.Expression, o.Path) && !(o.Parted && path.Expression == unknownPart) {
		wrong("path %s\n\twant %s", path.Expression, o.Path)
	}
	if p.KindOf(nodes[0]) == "global" {
		// What is but a pointer, string or slice shares its expression with what
		// it leads to.
		if got, err := p.Lookup(path.Expression); err != nil || got != n && !p.boxOf(n, got) {
			wrong("%s is found to be %s (%v)", path.Expression, p.Name(got), err)
		}
	}
	return why
}

// samePath reports whether an expression is the one that is wanted, in which [?]
// stands for any index.
func samePath(got, want string) bool {
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), `\[\?\]`, `\[\d+\]`) + "$"
	return regexp.MustCompile(pattern).MatchString(got)
}
