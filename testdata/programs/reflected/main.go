// Reflected keeps its data in types that package reflect has made, with interfaces in
// them, as interpreters and decoders without code of their own do. For one object of
// each kind it prints address, type and the Go expression that leads to it, as kinds
// does; there are many more of each.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Kind is one line, a said.Kind.
type Kind struct {
	Case string `json:"case"` // "kind"
	Name string `json:"name"`
	Addr string `json:"addr"`
	Type string `json:"type"`
	Path string `json:"path"`
}

// thing is what everything leads to.
type thing struct {
	id   int
	next *thing
	note string
}

func (t *thing) String() string { return t.note }

// count is how many objects of each kind there are.
const count = 300

// Each has one object of a kind in its last element, which the lines are about.
var l struct {
	plain, nested, wide, vast, arrays, ofAny, slices, long, maps, keyed, broad, chans, queues, funcs, pointers []any
	parts, lost                                                                                                []part
}

// pair is a type of the program that is a part of one that package reflect makes: there
// both words of its interfaces are marked, and elsewhere the second alone.
type pair struct {
	Any any
	N   int
	By  fmt.Stringer
}

// part leads into the middle of an object: to the value of an interface, and to a pair.
// Whole is nil where nothing else leads to the object.
type part struct {
	whole any
	one   *fmt.Stringer
	both  *pair
	some  []pair
}

var (
	said []Kind
	made int
)

func newThing() *thing {
	made++
	return &thing{id: made}
}

func say(name string, addr uintptr, typ, path string) {
	said = append(said, Kind{"kind", name, ready.Hex(addr), typ, path})
}

// isThing says that the thing in v, an interface, is at path.
func isThing(name string, v reflect.Value, path string) {
	say(name, uintptr(unsafe.Pointer(v.Elem().Interface().(*thing))), "main.thing", path)
}

// last is the expression for the last element of a list of values of type t.
func last(list string, t reflect.Type) string {
	return fmt.Sprintf("main.l.%s[%d].(%s)", list, count-1, t)
}

var (
	anyType    = reflect.TypeOf((*any)(nil)).Elem()
	stringer   = reflect.TypeOf((*fmt.Stringer)(nil)).Elem()
	stringType = reflect.TypeOf("")
	thingType  = reflect.TypeOf((*thing)(nil))
)

func field(name string, t reflect.Type) reflect.StructField {
	return reflect.StructField{Name: name, Type: t}
}

// plain is a struct of two interfaces, of which the second has methods, between words
// without pointers.
var plain = reflect.StructOf([]reflect.StructField{
	field("N", reflect.TypeOf(0)), field("A", anyType), field("M", reflect.TypeOf(0)), field("B", stringer), field("T", thingType),
})

// fill sets the pointers of a plain.
func fill(v reflect.Value) {
	v.Field(1).Set(reflect.ValueOf(newThing()))
	v.Field(3).Set(reflect.ValueOf(newThing()))
	v.Field(4).Set(reflect.ValueOf(newThing()))
}

// filled says of a plain at path where its pointers lead.
func filled(name string, v reflect.Value, path string) {
	isThing(name+", any", v.Field(1), path+".A.(*main.thing)")
	isThing(name+", Stringer", v.Field(3), path+".B.(*main.thing)")
	say(name+", pointer", v.Field(4).Pointer(), "main.thing", path+".T")
}

// structs has pointers to structs.
func structs() {
	for i := 0; i < count; i++ {
		v := reflect.New(plain)
		fill(v.Elem())
		l.plain = append(l.plain, v.Interface())
		if i == count-1 {
			path := last("plain", v.Type())
			say("StructOf", v.Pointer(), plain.String(), path)
			filled("StructOf", v.Elem(), path)
		}
	}

	nested := reflect.StructOf([]reflect.StructField{
		field("In", plain), field("Three", reflect.ArrayOf(3, plain)), field("Some", reflect.SliceOf(plain)),
		field("To", reflect.PointerTo(plain)), field("By", reflect.MapOf(stringType, plain)), field("On", reflect.ChanOf(reflect.BothDir, plain)),
	})
	for i := 0; i < count; i++ {
		v := reflect.New(nested)
		e := v.Elem()
		in := e.Field(0)
		fill(in)
		for k := 0; k < 3; k++ {
			fill(e.Field(1).Index(k))
		}
		e.Field(2).Set(reflect.MakeSlice(e.Field(2).Type(), 3, 3))
		fill(e.Field(2).Index(1))
		e.Field(3).Set(reflect.New(plain))
		fill(e.Field(3).Elem())
		e.Field(4).Set(reflect.MakeMap(e.Field(4).Type()))
		e.Field(4).SetMapIndex(reflect.ValueOf("key"), in)
		e.Field(5).Set(reflect.MakeChan(e.Field(5).Type(), 2))
		e.Field(5).Send(e.Field(1).Index(0))
		l.nested = append(l.nested, v.Interface())
		if i == count-1 {
			path := last("nested", v.Type())
			say("nested StructOf", v.Pointer(), nested.String(), path)
			filled("StructOf in it", in, path+".In")
			filled("ArrayOf in it", e.Field(1).Index(2), path+".Three[2]")
			say("SliceOf in it", e.Field(2).Pointer(), "[]"+plain.String(), path+".Some")
			filled("SliceOf in it", e.Field(2).Index(1), path+".Some[1]")
			say("PointerTo in it", e.Field(3).Pointer(), plain.String(), path+".To")
			filled("PointerTo in it", e.Field(3).Elem(), path+".To")
			say("MapOf in it", e.Field(4).Pointer(), e.Field(4).Type().String(), path+".By")
			say("ChanOf in it", e.Field(5).Pointer(), e.Field(5).Type().String(), path+".On")
		}
	}

	// Larger than what has heap bits, and, beyond 128 KiB of pointers, than what has a
	// mask (reflect/type.go, StructOf).
	for _, x := range []struct {
		name string
		list *[]any
		n    int
	}{{"wide", &l.wide, 50}, {"vast", &l.vast, 9000}} {
		t := reflect.StructOf([]reflect.StructField{
			field("A", anyType), field("P", plain), field("Fill", reflect.ArrayOf(x.n, anyType)), field("Z", stringer),
		})
		for i := 0; i < count; i++ {
			if x.n > 1000 && i < count-4 {
				*x.list = append(*x.list, nil)
				continue
			}
			v := reflect.New(t)
			e := v.Elem()
			e.Field(0).Set(reflect.ValueOf(newThing()))
			fill(e.Field(1))
			e.Field(2).Index(x.n - 1).Set(reflect.ValueOf(newThing()))
			e.Field(3).Set(reflect.ValueOf(newThing()))
			*x.list = append(*x.list, v.Interface())
			if i == count-1 {
				path := last(x.name, v.Type())
				say(x.name+" StructOf", v.Pointer(), t.String(), path)
				isThing(x.name+" StructOf, first", e.Field(0), path+".A.(*main.thing)")
				filled(x.name+" StructOf", e.Field(1), path+".P")
				isThing(x.name+" StructOf, array", e.Field(2).Index(x.n-1), fmt.Sprintf("%s.Fill[%d].(*main.thing)", path, x.n-1))
				isThing(x.name+" StructOf, last", e.Field(3), path+".Z.(*main.thing)")
			}
		}
	}
}

// sequences has arrays and slices.
func sequences() {
	for _, x := range []struct {
		name string
		list *[]any
		n    int
		make bool
	}{{"arrays", &l.arrays, 4, false}, {"slices", &l.slices, 5, true}, {"long", &l.long, 40, true}} {
		for i := 0; i < count; i++ {
			v := reflect.New(reflect.ArrayOf(x.n, plain))
			e, typ, held := v.Elem(), v.Type().Elem().String(), v
			if x.make {
				e = reflect.MakeSlice(reflect.SliceOf(plain), x.n, x.n)
				held, typ = e, "[]"+plain.String()
			}
			fill(e.Index(x.n - 2))
			*x.list = append(*x.list, held.Interface())
			if i == count-1 {
				path := last(x.name, held.Type())
				say(x.name, held.Pointer(), typ, path)
				filled(x.name, e.Index(x.n-2), fmt.Sprintf("%s[%d]", path, x.n-2))
			}
		}
	}
	// The elements have a mask of the compiler's.
	ofAny := reflect.ArrayOf(13, anyType)
	for i := 0; i < count; i++ {
		v := reflect.New(ofAny)
		v.Elem().Index(12).Set(reflect.ValueOf(newThing()))
		l.ofAny = append(l.ofAny, v.Interface())
		if i == count-1 {
			path := last("ofAny", v.Type())
			say("ArrayOf any", v.Pointer(), ofAny.String(), path)
			isThing("ArrayOf any, element", v.Elem().Index(12), path+"[12].(*main.thing)")
		}
	}
}

// tables has maps and channels.
func tables() {
	key := reflect.StructOf([]reflect.StructField{field("S", stringType), field("A", anyType)})
	broad := reflect.StructOf([]reflect.StructField{field("P", plain), field("Fill", reflect.ArrayOf(15, reflect.TypeOf(0))), field("Z", anyType)})
	for _, x := range []struct {
		name string
		list *[]any
		typ  reflect.Type
		n    int
	}{
		{"maps", &l.maps, reflect.MapOf(stringType, plain), 1},
		{"keyed", &l.keyed, reflect.MapOf(key, thingType), 100},
		{"broad", &l.broad, reflect.MapOf(reflect.TypeOf(0), broad), 40},
	} {
		for i := 0; i < count; i++ {
			v := reflect.MakeMap(x.typ)
			*x.list = append(*x.list, v.Interface())
			for k := 0; k < x.n; k++ {
				var key, elem reflect.Value
				switch x.name {
				case "maps":
					key, elem = reflect.ValueOf("only"), reflect.New(plain).Elem()
					fill(elem)
				case "keyed":
					key = reflect.New(x.typ.Key()).Elem()
					key.Field(0).SetString(fmt.Sprint("key ", k))
					key.Field(1).Set(reflect.ValueOf(newThing()))
					elem = reflect.ValueOf(newThing())
				case "broad":
					key, elem = reflect.ValueOf(k), reflect.New(broad).Elem()
					fill(elem.Field(0))
					elem.Field(2).Set(reflect.ValueOf(newThing()))
				}
				v.SetMapIndex(key, elem)
			}
			if i == count-1 {
				path := last(x.name, x.typ)
				say("MapOf, "+x.name, v.Pointer(), x.typ.String(), path)
				switch x.name {
				case "maps":
					filled("MapOf", v.MapIndex(reflect.ValueOf("only")), path+`["only"]`)
				case "broad":
					e := v.MapIndex(reflect.ValueOf(7))
					filled("MapOf, large elements", e.Field(0), path+"[7].P")
					isThing("MapOf, large elements, last", e.Field(2), path+"[7].Z.(*main.thing)")
				case "keyed":
					for _, k := range v.MapKeys() {
						say("MapOf, behind a key", uintptr(unsafe.Pointer(k.Field(1).Interface().(*thing))), "main.thing", "")
						break
					}
				}
			}
		}
	}
	for i := 0; i < count; i++ {
		v := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, plain), 5)
		e := reflect.New(plain).Elem()
		fill(e)
		v.Send(e)
		l.chans = append(l.chans, v.Interface())
		if i == count-1 {
			path := last("chans", v.Type())
			say("ChanOf", v.Pointer(), v.Type().String(), path)
			filled("ChanOf", e, "(<-"+path+"[0])")
		}
		v = reflect.MakeChan(reflect.ChanOf(reflect.BothDir, reflect.PointerTo(plain)), 5)
		p := reflect.New(plain)
		fill(p.Elem())
		v.Send(p)
		l.queues = append(l.queues, v.Interface())
		if i == count-1 {
			path := "<-" + last("queues", v.Type()) + "[0]"
			say("ChanOf pointers, sent", p.Pointer(), plain.String(), path)
			filled("ChanOf pointers", p.Elem(), "("+path+")")
		}
	}
}

// functions has functions whose parameters and results are made types, which have been
// called, and pointers to pointers.
func functions() {
	t := reflect.FuncOf([]reflect.Type{plain, anyType}, []reflect.Type{plain}, false)
	for i := 0; i < count; i++ {
		held := newThing()
		f := reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
			in[0].Field(0).Int()
			runtime.KeepAlive(held)
			return in[:1]
		})
		f.Call([]reflect.Value{reflect.New(plain).Elem(), reflect.New(anyType).Elem()})
		l.funcs = append(l.funcs, f.Interface())
		if i == count-1 {
			path := last("funcs", t)
			say("MakeFunc", (*[2]uintptr)(unsafe.Pointer(&l.funcs[i]))[1], "reflect.makeFuncImpl", path)
		}
		p := reflect.New(reflect.PointerTo(plain))
		p.Elem().Set(reflect.New(plain))
		fill(p.Elem().Elem())
		l.pointers = append(l.pointers, p.Interface())
		if i == count-1 {
			path := last("pointers", p.Type())
			say("PointerTo", p.Pointer(), "*"+plain.String(), "*"+path)
			say("PointerTo, on", p.Elem().Pointer(), plain.String(), "*"+path)
		}
	}
}

// middles has pointers into the middle of structs.
func middles() {
	t := reflect.StructOf([]reflect.StructField{
		field("N", reflect.TypeOf(0)), field("A", anyType), field("B", stringer),
		field("P", reflect.TypeOf(pair{})), field("Two", reflect.TypeOf([2]pair{})), field("T", thingType),
	})
	for i := 0; i < count+3; i++ {
		v := reflect.New(t)
		e := v.Elem()
		e.Field(1).Set(reflect.ValueOf(newThing()))
		p := part{
			one: e.Field(2).Addr().Interface().(*fmt.Stringer), both: e.Field(3).Addr().Interface().(*pair),
			some: e.Field(4).Slice(0, 2).Interface().([]pair), whole: v.Interface(),
		}
		*p.one = newThing()
		*p.both = pair{Any: newThing(), By: newThing()}
		p.some[1] = pair{Any: newThing(), By: newThing()}
		list, name := &l.parts, "parts"
		if i >= count {
			list, name, p.whole = &l.lost, "lost", nil
		}
		*list = append(*list, p)
		n := len(*list) - 1
		if i != count-1 && i != count+2 {
			continue
		}
		path := fmt.Sprintf("main.l.%s[%d]", name, n)
		if p.whole != nil {
			say("pointers into the middle, all of it", v.Pointer(), t.String(), path+".whole.(*"+t.String()+")")
			isThing("beside pointers into the middle", e.Field(1), path+".whole.(*"+t.String()+").A.(*main.thing)")
		}
		for _, x := range []struct {
			name string
			at   any
		}{{"an interface", *p.one}, {"a struct, any", p.both.Any}, {"a struct, Stringer", p.both.By}, {"a slice, any", p.some[1].Any}, {"a slice, Stringer", p.some[1].By}} {
			say("pointers into the middle, "+name+", "+x.name, uintptr(unsafe.Pointer(x.at.(*thing))), "main.thing", "")
		}
	}
}

func main() {
	structs()
	middles()
	sequences()
	tables()
	functions()
	for _, k := range said {
		ready.Say(k)
	}
	said = nil
	ready.Wait()
}
