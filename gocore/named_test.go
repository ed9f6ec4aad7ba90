package gocore_test

import (
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// namedValue is a line of testdata/programs/named.
type namedValue struct {
	Name, Addr, Text, Type, Refuse string
	Path                           bool
}

// Each name that the program says leads to what it says.
func TestNamed(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
		all = append(all, build{v, testcore.Options{Go: v}, testcore.Kernel}, build{v + "-noopt", testcore.Options{Go: v, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel})
	}
	for _, b := range few(all, "go1.18.10", "go1.22.12", "go1.26.8-noopt", "go1.27.0") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "named", b.opt, b.kind)
			for _, o := range decode[namedValue](t, p.said, "name") {
				place, err := p.Resolve(o.Name)
				if o.Refuse != "" {
					if err == nil || !strings.Contains(err.Error(), o.Refuse) {
						t.Errorf("%s: %v, want an error that says %q", o.Name, err, o.Refuse)
					}
					continue
				}
				if err != nil {
					t.Error(err)
					continue
				}
				addr, typ, text := p.described(place)
				if o.Path {
					if path := p.Expr(p.doms.PathTo(place.Node)); path != o.Name {
						t.Errorf("the path to %s is %s", o.Name, path)
					}
				}
				if want := address(t, o.Addr); addr != want || o.Type != "" && typ != o.Type || o.Text != "" && text != o.Text {
					t.Errorf("%s: %s %s at %#x, want %s %s at %#x", o.Name, typ, text, addr, o.Type, o.Text, want)
				}
			}
			for text, want := range mistyped() {
				_, err := p.Resolve(text)
				if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
					t.Errorf("%.100q: %.1000v, want a short error that says %q", text, err, want)
				}
			}
			p.roundTrip(t, everyName())
		})
	}
}

// mistyped are targets that the program cannot say itself, as they are long or no UTF-8,
// or that need what it has said before, with a part of the answer.
func mistyped() map[string]string {
	many := strings.Repeat(".x", 60_000)
	return map[string]string{
		"main.coun" + many:          "did you mean main.count?",
		"main.count" + many:         `int has no field "x"`,
		"nothing" + many:            "…",
		"main.byText[\"\xff\xfe\"]": `the text in the brackets is no UTF-8: such a key is written ["\xff\xfe"]`,
		"main.byText[\xff\xfe]":     `is written ["\xff\xfe"]`,
		`main.byK[K{,,,}]`:          "is not how a key is written",
		`main.byAny[{1 "q"}]`:       `is written with its type: did you mean [main.K{1 "q"}]?`,
	}
}

// described is the address, the type and the value of a place.
func (p process) described(place gocore.Place) (addr uint64, typ, text string) {
	if place.Part {
		return place.Value.Addr, place.Value.Type, place.Value.Text
	}
	v, ok := p.Value(place.Node)
	if !ok {
		return p.ValueAddr(place.Node), p.Type(place.Node), ""
	}
	return v.Addr, v.Type, v.Text
}

// In a long chain of data the names do not grow with each step.
func TestDataNames(t *testing.T) {
	p := open(t, "named", testcore.Options{}, testcore.Kernel)
	longest := 0
	for _, r := range p.Roots() {
		longest = max(longest, len(r.Name))
	}
	if longest < 500 || longest > 5000 {
		t.Errorf("the longest name has %d bytes", longest)
	}
}

// A place without a node is data of the program that holds nothing on the heap.
func TestPlaceWithoutNode(t *testing.T) {
	p := open(t, "named", testcore.Options{}, testcore.Kernel)
	place, err := p.Resolve("main.count")
	if err != nil || place.Node != heap.None || !place.Part || place.Variable != "main.count" {
		t.Errorf("%+v, %v", place, err)
	}
	if n, err := p.Lookup("main.count"); err == nil || n != heap.None {
		t.Errorf("found node %d", n)
	}
}

// The shapes of generic code are not meant by the names of the types they stand for.
func TestShapesAreNotMeant(t *testing.T) {
	t.Parallel()
	p := open(t, "typed", testcore.Options{}, testcore.Captured)
	if _, err := p.Resolve("(*[]any)(0xc000000000)"); err != nil && strings.Contains(err.Error(), "may be") {
		t.Error(err)
	}
}
