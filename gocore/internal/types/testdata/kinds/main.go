// Command kinds has a type of every sort and prints, one JSON document, what
// reflect and unsafe say of them.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"reflect"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type User struct {
	Name, Email string
	Tags        []string
	Mgr         *User
}

type Node[K comparable, V any] struct {
	Key         K
	Val         V
	left, right *Node[K, V]
}

type (
	Bytes  []byte
	Text   string
	Index  map[string]*User
	Queue  chan *User
	Hook   func(*User, ...int) (string, error)
	Shape  interface{ Area() float64 }
	Any    interface{}
	Ref    *User
	Grid   [3][4]User
	Empty  struct{}
	Number float32
	Opaque unsafe.Pointer
)

type embedded struct{ A, B int32 }

type Everything struct {
	embedded
	*User
	io.Reader
	b    bool
	i8   int8
	i64  int64
	u    uint
	up   uintptr
	f    float32
	c    complex128
	s    Text
	raw  Bytes
	ix   Index
	m    map[int][2]string
	big  map[[200]byte]User
	q    Queue
	in   <-chan int
	out  chan<- []string
	hook Hook
	sh   Shape
	any  any
	ref  Ref
	grid Grid
	none Empty
	last [0]*int
	anon struct {
		x, y int
		Next *Everything `json:"next,omitempty"`
	}
	un     unsafe.Pointer
	node   Node[string, *User]
	nodes  *Node[int, Node[Text, []any]]
	mu     sync.Mutex
	once   sync.Once
	ptr    atomic.Pointer[User]
	t      time.Time
	addr   netip.Addr
	large  [3000]*User
	larger [5][700]struct {
		n int
		p *int
	}
	_    [3]byte
	tail Empty
}

type local interface{ Local() any }

type A struct{ v int }

func (a A) Local() any {
	type Inner struct {
		a A
		p *A
	}
	return &Inner{a: a}
}

var everything Everything

type field struct {
	Name     string
	Offset   uint64
	Type     string
	Embedded bool
}

type typ struct {
	Name, Package string
	Kind          int
	Size, Len     uint64
	Elem, Key     string
	Fields        []field
}

// name writes a type with full package paths, "" if that is too long to tell.
func name(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.String()
		}
		return t.PkgPath() + "." + t.Name()
	}
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
		return "interface {}"
	}
	var prefix, elem string
	switch t.Kind() {
	case reflect.Pointer:
		prefix = "*"
	case reflect.Slice:
		prefix = "[]"
	case reflect.Array:
		prefix = "[" + strconv.Itoa(t.Len()) + "]"
	case reflect.Map:
		key := name(t.Key())
		if key == "" {
			return ""
		}
		prefix = "map[" + key + "]"
	case reflect.Chan:
		prefix = map[reflect.ChanDir]string{reflect.BothDir: "chan ", reflect.RecvDir: "<-chan ", reflect.SendDir: "chan<- "}[t.ChanDir()]
	default:
		return ""
	}
	if elem = name(t.Elem()); elem == "" {
		return ""
	}
	return prefix + elem
}

func main() {
	var local local = A{}
	seen := map[reflect.Type]bool{}
	var all []typ
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		r := typ{Name: name(t), Kind: int(t.Kind()), Size: uint64(t.Size())}
		if t.Name() != "" {
			r.Package = t.PkgPath()
		}
		switch t.Kind() {
		case reflect.Array, reflect.Chan, reflect.Map, reflect.Pointer, reflect.Slice:
			r.Elem = name(t.Elem())
			visit(t.Elem())
		}
		switch t.Kind() {
		case reflect.Array:
			r.Len = uint64(t.Len())
		case reflect.Map:
			r.Key = name(t.Key())
			visit(t.Key())
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				r.Fields = append(r.Fields, field{f.Name, uint64(f.Offset), name(f.Type), f.Anonymous})
				visit(f.Type)
			}
		}
		if r.Name != "" {
			all = append(all, r)
		}
	}
	visit(reflect.TypeOf(&everything))
	visit(reflect.TypeOf(local.Local()))
	visit(reflect.TypeOf(os.Stdout))
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	b, err := json.Marshal(map[string]any{
		"types": all,
		"offsets": map[string]uint64{
			".anon.Next":      uint64(unsafe.Offsetof(everything.anon) + unsafe.Offsetof(everything.anon.Next)),
			".embedded.B":     uint64(unsafe.Offsetof(everything.embedded) + unsafe.Offsetof(everything.embedded.B)),
			".grid[2][1].Mgr": uint64(uintptr(unsafe.Pointer(&everything.grid[2][1].Mgr)) - uintptr(unsafe.Pointer(&everything))),
			".large[2999]":    uint64(uintptr(unsafe.Pointer(&everything.large[2999])) - uintptr(unsafe.Pointer(&everything))),
			".larger[4][9].p": uint64(uintptr(unsafe.Pointer(&everything.larger[4][9].p)) - uintptr(unsafe.Pointer(&everything))),
			".node.Val":       uint64(unsafe.Offsetof(everything.node) + unsafe.Offsetof(everything.node.Val)),
		},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
}
