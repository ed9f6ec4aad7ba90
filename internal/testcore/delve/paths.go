package delve

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// draw chooses live objects by a seed: one of each type, then a second one, and so on up
// to each of them, so that a type of which there are thousands is not all; most in all.
func (c *comparison) draw(seed uint64, each, most int) []heap.Node {
	g, doms := c.h.Graph(), c.h.Dominators()
	r := rand.New(rand.NewPCG(seed, 0))
	byType := map[string][]heap.Node{}
	for n := range heap.Node(g.Len()) {
		if n != heap.SuperRoot && doms.Live(n) && c.h.KindOf(n) == gocore.NoRoot {
			t := c.h.Type(n)
			byType[t] = append(byType[t], n)
		}
	}
	types := slices.Sorted(maps.Keys(byType))
	for _, t := range types {
		list := byType[t]
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	var out []heap.Node
	for round := range each {
		for _, t := range types {
			if round < len(byType[t]) && len(out) < most {
				out = append(out, byType[t][round])
			}
		}
	}
	return out
}

// variablesOf compares the values of global variables, most of them by a seed.
func (c *comparison) variablesOf(seed uint64, most int) {
	list := slices.Clone(c.named)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, r := range list[:min(len(list), most)] {
		if c.suffixed[r.Name] {
			c.untranslated[byOtherPackage]++
			continue
		}
		expr, err := translate(r.Name, false, c.number(anywhere))
		var reason untranslatable
		if errors.As(err, &reason) {
			c.untranslated[reason]++
			continue
		}
		v, err := c.c.eval(anywhere, expr, loads)
		gv, ok := c.h.Value(r.Node)
		switch {
		case err != nil:
			c.disagree("Delve cannot evaluate: "+err.Error(), "%s: %s", c.name, r.Name)
		case !ok:
			c.disagree("global variable that has no value to goheap", "%s: %s", c.name, r.Name)
		default:
			c.paths++
			c.value(gv, v, r.Name, 0)
		}
	}
}

// path evaluates the path to an object, and compares what stands there. Where Delve has
// no words for the whole path, it is given the part behind, from an object in between.
func (c *comparison) path(n heap.Node) {
	nodes := c.h.Dominators().PathTo(n)
	if nodes == nil {
		c.disagree("a live object without a path", "%s: %s", c.name, c.h.Name(n))
		return
	}
	path := c.h.Path(nodes)
	reason := c.whole(nodes, path)
	if reason == "" {
		return
	}
	c.untranslated[reason]++
	for i := 1; i < len(nodes)-1; i++ {
		t := path.Hops[i].Type
		if v, ok := c.h.Value(nodes[i]); !ok || v.Type != t || !v.InPlace || v.Addr != c.h.Addr(nodes[i]) || !declared(t) {
			continue // not one value that Delve could be told the type of
		}
		part := c.h.Path(nodes[i:])
		switch ok, reason := c.evaluate(nodes[i:], []scope{anywhere}, part, part.Expression); {
		case reason != "":
			continue
		case ok:
			c.anchored++
		}
		return
	}
}

// declared reports whether a type has a name that Delve finds it by: none that goheap
// has made of the runtime's parts.
func declared(typ string) bool {
	return !strings.HasPrefix(typ, "[") && !strings.HasPrefix(typ, "closure ") && !strings.HasPrefix(typ, "map.") && !strings.Contains(typ, "<") && !strings.Contains(typ, "{")
}

// whole evaluates a path from its root; reason is why Delve has no words for it.
func (c *comparison) whole(nodes []heap.Node, path gocore.Path) (reason untranslatable) {
	if name := path.Hops[0].Expr; c.suffixed[name] {
		return byOtherPackage
	}
	goroutine := -1
	for i, g := range c.p.Goroutines() {
		if g.Node == nodes[0] {
			goroutine = i
		}
	}
	s, err := startOf(path, c.h.KindOf(nodes[0]), goroutine)
	at := []scope{anywhere}
	if err == nil && s.goroutine >= 0 {
		at, err = c.framesOf(s, path.Expression)
		if err == nil && len(at) == 0 {
			return ""
		}
	}
	if errors.As(err, &reason) {
		return reason
	}
	if err != nil {
		c.disagree("Delve has no stack: "+err.Error(), "%s: %s", c.name, path.Expression)
		return ""
	}
	ok, reason := c.evaluate(nodes, at, path, s.rest)
	if ok {
		c.paths++
	}
	return reason
}

// framesOf returns where in Delve's stack the frame of a path is. A function that calls
// itself may be there several times at one line.
func (c *comparison) framesOf(s start, expression string) (at []scope, err error) {
	id := int64(c.p.Goroutines()[s.goroutine].ID)
	frames, err := c.stackOf(id)
	if err != nil {
		return nil, err
	}
	for i := range frames {
		f := &frames[i]
		if sameFunction(s.function, f.name()) && fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line) == s.position {
			at = append(at, scope{GoroutineID: id, Frame: i})
		}
	}
	if len(at) == 0 {
		c.disagree("a frame of a path that Delve has not", "%s: %s: no %s at %s", c.name, expression, s.function, s.position)
	}
	return at, nil
}

// stackOf is the stack of a goroutine, asked for once.
func (c *comparison) stackOf(id int64) ([]stackframe, error) {
	if s, ok := c.stacks[id]; ok {
		return s, nil
	}
	s, err := c.c.stack(id, loads)
	if err != nil {
		return nil, err
	}
	c.stacks[id] = s
	return s, nil
}

// number evaluates what is an integer.
func (c *comparison) number(at scope) func(expr string) (int64, error) {
	return func(expr string) (int64, error) {
		v, err := c.c.eval(at, expr, headers)
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(v.number(), 0, 64)
	}
}

// evaluate has Delve evaluate rest, the part of a path's expression that is not its
// frame, in one of several frames, and compares what is there with the object to which it
// leads in goheap. ok says that Delve has found that too; reason is why it has no words
// for the path.
func (c *comparison) evaluate(nodes []heap.Node, at []scope, path gocore.Path, rest string) (ok bool, reason untranslatable) {
	var v *variable
	var expr string
	var err error
	for _, s := range at {
		for _, untyped := range []bool{false, true} {
			if expr, err = translate(rest, untyped, c.number(s)); errors.As(err, &reason) {
				return false, reason
			}
			if err != nil {
				break
			}
			if v, err = c.c.eval(s, expr, loads); err == nil || !misnamed(err, rest) {
				break
			}
		}
		if err != nil {
			if errors.As(refused(err), &reason) {
				return false, reason
			}
			continue
		}
		last := len(nodes) - 1
		for {
			if to, ok := c.leadsTo(v, nodes[last]); ok {
				c.object(nodes[last], to, path.Expression)
				return true, ""
			}
			// A part of a map or channel has the expression of the whole.
			if last == 1 || path.Hops[last].Expr != "" || v.Kind != reflect.Map && v.Kind != reflect.Chan {
				break
			}
			last--
		}
		if v.Kind == reflect.UnsafePointer && path.Hops[len(nodes)-1].Expr == "" {
			return false, byHidden
		}
		if name, _, _ := strings.Cut(v.Type, "["); name == "sync.Map" || name == "internal/sync.HashTrieMap" {
			return false, bySyncMap
		}
	}
	n := nodes[len(nodes)-1]
	if err != nil && at[0] != anywhere && strings.HasPrefix(err.Error(), "could not find symbol ") {
		c.disagree("Delve does not find the local variable that a path begins with", "%s: %s\n\t\t%v", c.name, path.Expression, err)
		return false, ""
	}
	if err != nil {
		c.disagree("Delve cannot evaluate: "+err.Error(), "%s: %s\n\t\tas %s\n\t\t%v", c.name, path.Expression, expr, err)
		return false, ""
	}
	c.disagree(fmt.Sprintf("Delve is led elsewhere by a %s", v.Kind), "%s: %s\n\t\tas %s\n\t\tgoheap %s, Delve %s at %#x → %#x, %#x", c.name, path.Expression, expr, c.h.Name(n), v.Type, v.Addr, v.Base, v.target())
	return false, ""
}

// destination is what an expression leads to: n values of a type from addr.
type destination struct {
	addr  uint64
	typ   string
	value *variable  // of that type, nil for none or several
	list  []variable // the several
	bytes bool       // the value is that of a string whose bytes stand there
}

// leadsTo returns what an expression of Delve's leads to, if that is in the object n:
// what a pointer, slice or such holds, or the value itself where it stands there.
func (c *comparison) leadsTo(v *variable, n heap.Node) (destination, bool) {
	var d destination
	switch v.Kind {
	case reflect.Ptr, reflect.UnsafePointer:
		if len(v.Children) == 1 {
			d = destination{addr: v.Children[0].Addr, typ: v.Children[0].Type, value: &v.Children[0]}
		}
	case reflect.Slice:
		d = destination{addr: v.Base, list: v.Children}
	case reflect.String:
		d = destination{addr: v.Base, value: v, bytes: true}
	case reflect.Map, reflect.Chan:
		d = destination{addr: v.Base, typ: v.Type, value: v}
	case reflect.Func:
		// Base is its code: the closure's address is the word itself.
		if to, ok := c.word(v.Addr); ok && v.Flags&flagFakeAddress == 0 {
			d = destination{addr: to, value: v}
		}
	}
	if m, ok := c.h.NodeAt(d.addr); ok && m == n && d.addr != 0 {
		return d, true
	}
	if m, ok := c.h.NodeAt(v.Addr); ok && m == n {
		return destination{addr: v.Addr, typ: v.Type, value: v}, true
	}
	return destination{}, false
}

// object compares the value of an object, or of the part of it that Delve was led to.
func (c *comparison) object(n heap.Node, d destination, path string) {
	if !c.h.TypeOf(n).Known {
		c.unknown++
		return
	}
	whole, _ := c.h.Value(n)
	switch {
	case d.bytes:
		if whole.Type == "string data" && whole.Addr == d.addr {
			if same := sameBytes(whole.Text, d.value); same != nil {
				c.disagree("bytes of a string", "%s: %s: goheap %s, Delve %v", c.name, path, whole.Text, same)
			} else {
				c.values["string data"]++
			}
		}
		return
	case d.value != nil && d.value.Kind == reflect.Func && d.typ == "":
		if whole.Addr == d.addr {
			c.captures(whole, d.value, path, 0)
		}
		return
	case d.value != nil && d.value.Kind == reflect.Chan && d.addr == d.value.Base,
		d.value != nil && d.value.Kind == reflect.Map && d.addr == d.value.Base:
		if whole.Addr != d.addr || !sameType(whole.Type, d.typ) {
			c.disagree(fmt.Sprintf("type of an object: goheap %s, Delve %s", whole.Type, d.typ), "%s: %s", c.name, path)
			return
		}
		c.parts(whole, d.value, path, 0)
		return
	case d.list != nil:
		for i := range d.list {
			e := &d.list[i]
			gv, ok := c.at(n, e.Addr, e.Type)
			if !ok {
				c.typeDiffers(n, whole, e.Type, path)
				return
			}
			c.value(gv, e, fmt.Sprintf("%s[%d]", path, i), 0)
		}
		return
	case d.value == nil || d.typ == "void":
		return
	}
	gv, ok := c.at(n, d.addr, d.typ)
	if !ok {
		c.typeDiffers(n, whole, d.typ, path)
		return
	}
	if !d.value.OnlyAddr {
		c.value(gv, d.value, path, 0)
	}
}

// stands are types of the library and the runtime that stand for another one, which
// goheap knows.
var stands = []string{"reflect.rtype", "runtime.hchan", "time.Timer", "time.Ticker"}

// typeDiffers notes an object in which goheap has no value of Delve's type.
func (c *comparison) typeDiffers(n heap.Node, whole gocore.Value, typ, path string) {
	switch {
	case c.h.Evidence(n) == gocore.EvidenceInterior:
		c.skipped["objects known by a pointer into them alone"]++
	case c.h.Graph().Size(n) == tinySize && !c.h.FollowedAt(n, 0) && !c.h.FollowedAt(n, 8):
		// One of several values is that of the object.
		c.skipped["values of the tiny allocator, which share a slot"]++
	case typ == "*"+whole.Type && strings.Contains(path, " captured "):
		c.untranslated[byValue]++ // it is led to the object, and takes that for the pointer
	case isShape(whole.Type, typ):
		c.skipped[shapes]++
	case slices.Contains(stands, typ):
		c.disagree("type of an object: Delve has "+typ+", goheap what it stands for", "%s: %s: %s", c.name, path, whole.Type)
	default:
		c.disagree(fmt.Sprintf("type of an object: goheap %s, Delve %s", whole.Type, typ), "%s: %s: %s", c.name, path, c.h.Evidence(n))
	}
}

// tinySize is the size of the slots in which the runtime puts several small values
// without pointers (runtime/malloc.go, maxTinySize).
const tinySize = 16

// sameBytes compares the text of a string's bytes with the string.
func sameBytes(text string, dv *variable) any {
	q, err := strconv.QuotedPrefix(text)
	if err != nil {
		return differs(text)
	}
	got, _ := strconv.Unquote(q)
	want := dv.text()
	// The object may have more bytes than the string, and both may be cut.
	if n := min(len(got), len(want)); n == 0 || got[:n] != want[:n] {
		return differs(strconv.Quote(want))
	}
	return nil
}
