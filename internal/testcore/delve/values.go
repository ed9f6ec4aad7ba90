package delve

import (
	"fmt"
	"math"
	"math/big"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"goheap/gocore"
	"goheap/heap"
)

// comparison holds one core, as goheap has it, against Delve.
type comparison struct {
	*findings
	name   string // of the core, for examples
	p      *gocore.Process
	h      *gocore.Heap
	c      *client
	stacks map[int64][]stackframe // by goroutine, as Delve has them
	// suffixed are the names of global variables that others end in, behind a slash.
	suffixed map[string]bool
	// named are the roots that are global variables to both.
	named []gocore.Root
}

// newComparison compares what h has with what c says.
func newComparison(name string, p *gocore.Process, h *gocore.Heap, c *client) (*comparison, error) {
	x := &comparison{findings: newFindings(), name: name, p: p, h: h, c: c, stacks: map[int64][]stackframe{}, suffixed: map[string]bool{}}
	globals, err := c.globals()
	if err != nil {
		return nil, err
	}
	byName := map[string]*variable{}
	for i := range globals {
		v := &globals[i]
		byName[v.Name] = v
		for rest := v.Name; ; {
			_, after, ok := strings.Cut(rest, "/")
			if rest = after; !ok {
				break
			}
			x.suffixed[rest] = true
		}
	}
	x.globals(byName)
	return x, nil
}

// globals compares the addresses and types of the global variables.
func (c *comparison) globals(theirs map[string]*variable) {
	for _, r := range c.h.Roots() {
		if r.Kind != gocore.GlobalRoot || r.Type == "" {
			continue
		}
		v := theirs[r.Name]
		switch {
		case v == nil:
			c.skipped["roots that are no variables of a package to Delve"]++
		case v.Addr != r.Addr && c.holds(v, r.Addr):
			c.values["static data, by the variable that leads to it"]++
		case v.Addr != r.Addr:
			c.disagree("address of a global variable", "%s: %s: goheap %#x, Delve %#x", c.name, r.Name, r.Addr, v.Addr)
		case !sameType(r.Type, v.Type):
			c.disagree(fmt.Sprintf("type of a global variable: goheap %s, Delve %s", r.Type, v.Type), "%s: %s", c.name, r.Name)
		default:
			c.values["global variable"]++
			c.named = append(c.named, r)
		}
	}
}

// holds reports whether a variable is a pointer, slice or interface that leads to an
// address.
func (c *comparison) holds(v *variable, addr uint64) bool {
	at := v.Addr
	if v.Kind == reflect.Interface {
		at += 8
	}
	word, ok := c.word(at)
	return ok && word == addr
}

// loads is how much of a value Delve is asked for: nothing in it may be so much that
// it is not worth its time.
var loads = loadConfig{FollowPointers: true, MaxVariableRecurse: 2, MaxStringLen: 150, MaxArrayValues: 24, MaxStructFields: -1}

// headers loads nothing but the value itself.
var headers = loadConfig{MaxStructFields: -1}

const (
	maxCompareDepth = 6
	maxEntries      = 20000 // of a map, in search of those that Delve has loaded
)

// value compares one value, and all in it that both have. path is for examples.
func (c *comparison) value(gv gocore.Value, dv *variable, path string, depth int) {
	if dv.Unreadable != "" {
		if !strings.Contains(gv.Text, "not in the core") {
			c.disagree("unreadable to Delve: "+dv.Unreadable, "%s: %s: goheap has %s", c.name, path, gv.Text)
		}
		return
	}
	if isShape(gv.Type, dv.Type) {
		c.skipped[shapes]++
		return
	}
	if !sameType(gv.Type, dv.Type) {
		c.disagree(fmt.Sprintf("type of a part: goheap %s, Delve %s", gv.Type, dv.Type), "%s: %s", c.name, path)
		return
	}
	if dv.Addr != 0 && dv.Flags&flagFakeAddress == 0 && gv.Addr != dv.Addr {
		c.disagree("address of a part of type "+dv.Type, "%s: %s: goheap %#x, Delve %#x", c.name, path, gv.Addr, dv.Addr)
		return
	}
	dv = peeled(dv)
	kind, same := c.text(gv, dv)
	switch {
	case kind == "":
	case same != nil:
		c.disagree(fmt.Sprintf("%s of type %s", kind, dv.Type), "%s: %s: goheap %s, Delve %v", c.name, path, gv.Text, same)
		return
	default:
		c.values[kind]++
	}
	if depth < maxCompareDepth {
		c.parts(gv, dv, path, depth+1)
	}
}

// peeled takes off the types around one value that goheap looks through.
func peeled(dv *variable) *variable {
	for range 4 {
		inner := ""
		switch name, _, _ := strings.Cut(dv.Type, "["); name {
		case "sync/atomic.Int32", "sync/atomic.Int64", "sync/atomic.Uint32", "sync/atomic.Uint64", "sync/atomic.Uintptr",
			"sync/atomic.Pointer", "sync/atomic.Value":
			inner = "v"
		case "unique.Handle":
			inner = "value"
		}
		f := dv.field(inner)
		if inner == "" || f == nil {
			return dv
		}
		dv = f
	}
	return dv
}

// field returns the field of a struct by name, nil for none.
func (v *variable) field(name string) *variable {
	for i := range v.Children {
		if v.Kind == reflect.Struct && v.Children[i].Name == name {
			return &v.Children[i]
		}
	}
	return nil
}

// number is the value of an integer; Delve puts the name of a constant in front:
// "main.Running (3)".
func (v *variable) number() string {
	s := v.Value
	if open := strings.LastIndexByte(s, '('); open >= 0 && strings.HasSuffix(s, ")") {
		s = s[open+1 : len(s)-1]
	}
	return s
}

// target is the address that a pointer holds.
func (v *variable) target() uint64 {
	if len(v.Children) == 0 {
		return 0
	}
	return v.Children[0].Addr
}

var (
	// Delve names the unexported fields of a struct without a name with the package.
	fieldPackage = regexp.MustCompile(`([{;] )[\w./-]*\.(\w+ )`)
	// Of the types of functions, DWARF tells those of one name apart by a number.
	localType = regexp.MustCompile(`·\d+`)
	direction = regexp.MustCompile(`<-chan |chan<- `)
	// The linker makes a type of its own of the runtime's for each type of channel
	// (cmd/link/internal/ld/dwarf.go, synthesizechantypes).
	ofChannel = regexp.MustCompile(`\b(sudog|waitq|hchan)<.*>`)
)

const shapes = "values of generic code, whose type is a shape to Delve"

// isShape reports whether Delve has but the shape of a type that goheap has found in the
// dictionary of the generic function.
func isShape(goheap, delve string) bool {
	return strings.Contains(delve, "go.shape.") && !strings.Contains(goheap, "go.shape.")
}

// opened reports whether a type is one of those of the library that goheap opens into what
// they hold, where Delve has the fields of a struct.
func opened(typ string) bool {
	typ, _, _ = strings.Cut(typ, "[")
	switch typ {
	case "sync.Map", "internal/sync.HashTrieMap", "sync.Pool", "container/list.List", "container/ring.Ring", "reflect.Value", "weak.Pointer":
		return true
	}
	return false
}

// sameType compares types by their names, which differ in how they are written.
func sameType(goheap, delve string) bool {
	return goheap == delve || plainType(goheap) == plainType(delve)
}

func plainType(name string) string {
	for before := ""; before != name; { // what follows a field may be one
		before, name = name, fieldPackage.ReplaceAllString(name, "$1$2")
	}
	name = ofChannel.ReplaceAllString(name, "runtime.$1")
	return direction.ReplaceAllString(localType.ReplaceAllString(name, ""), "chan ")
}

// differs is what Delve has, where that is another.
type differs string

func (d differs) String() string { return string(d) }

var (
	sliceText = regexp.MustCompile(`^len (\d+) cap (\d+)`)
	mapText   = regexp.MustCompile(`^len (\d+)`)
	chanText  = regexp.MustCompile(`^(\d+)/(\d+)(, closed)?`)
)

// text compares what goheap writes of a value with Delve's. kind names what was
// compared, "" for nothing; different is nil where they agree.
func (c *comparison) text(gv gocore.Value, dv *variable) (kind string, different any) {
	text := gv.Text
	is := func(want string) any {
		if text == want {
			return nil
		}
		return differs(want)
	}
	begins := func(want string) any {
		if text == want || strings.HasPrefix(text, want+" ") {
			return nil
		}
		return differs(want)
	}
	pointer := func(to uint64) any {
		if to == 0 {
			return is("nil")
		}
		return begins(fmt.Sprintf("%#x", to))
	}
	switch dv.Kind {
	case reflect.Bool:
		return "bool", is(dv.Value)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, name, ok := integer(gv.Type, text)
		theirs, _, named := strings.Cut(dv.Value, " (")
		switch {
		case !ok || n.String() != dv.number():
			return "integer", differs(dv.Value)
		case name == "" || !named:
			return "integer", nil
		case name != theirs:
			return "name of a constant", differs(dv.Value)
		}
		return "name of a constant", nil
	case reflect.Float32, reflect.Float64:
		return "float", is(floatText(dv.Value, dv.Kind))
	case reflect.Complex64, reflect.Complex128:
		if len(dv.Children) != 2 {
			return "", nil
		}
		bits := 64
		if dv.Kind == reflect.Complex128 {
			bits = 128
		}
		got, err := strconv.ParseComplex(text, bits)
		re, err1 := strconv.ParseFloat(dv.Children[0].Value, bits/2)
		im, err2 := strconv.ParseFloat(dv.Children[1].Value, bits/2)
		if err != nil || err1 != nil || err2 != nil || !sameFloat(real(got), re) || !sameFloat(imag(got), im) {
			return "complex", differs(dv.Children[0].Value + " + " + dv.Children[1].Value + "i")
		}
		return "complex", nil
	case reflect.String:
		return "string", sameString(text, dv)
	case reflect.Ptr:
		return "pointer", pointer(dv.target())
	case reflect.UnsafePointer:
		return "unsafe pointer", pointer(dv.target())
	case reflect.Slice:
		return c.sliceText(text, dv)
	case reflect.Map:
		if dv.Base == 0 {
			return "nil map", is("nil")
		}
		if m := mapText.FindStringSubmatch(text); m == nil || m[1] != fmt.Sprint(dv.Len) {
			return "map", differs(fmt.Sprintf("len %d", dv.Len))
		}
		return "map", nil
	case reflect.Chan:
		if dv.Base == 0 {
			return "nil channel", is("nil")
		}
		q := ring(dv)
		if q == nil {
			return "", nil
		}
		closed := ""
		if q.closed {
			closed = ", closed"
		}
		if m := chanText.FindStringSubmatch(text); m == nil || m[1] != fmt.Sprint(q.queued) || m[2] != fmt.Sprint(q.size) || m[3] != closed {
			return "channel", differs(fmt.Sprintf("%d/%d%s", q.queued, q.size, closed))
		}
		return "channel", nil
	case reflect.Func:
		if dv.Value == "" && dv.Base == 0 {
			return "nil function", is("nil")
		}
		return "function", begins(bareName(dv.Value))
	case reflect.Interface:
		if len(dv.Children) == 0 {
			return "", nil
		}
		if dv.Children[0].Kind == reflect.Invalid {
			return "nil interface", is("nil")
		}
		if dyn, ok := dynamicType(text); !ok || !sameType(dyn, dv.Children[0].Type) {
			return "interface", differs("(" + dv.Children[0].Type + ")")
		}
		return "interface", nil
	case reflect.Struct:
		return c.structText(gv, dv)
	}
	return "", nil
}

// sliceText compares slices, and the addresses of package net by what their own
// method says.
func (c *comparison) sliceText(text string, dv *variable) (kind string, different any) {
	if dv.Type == "net.IP" || dv.Type == "net.IPMask" {
		if int64(len(dv.Children)) != dv.Len {
			return "", nil
		}
		if dv.Base == 0 {
			if text != "nil" {
				return "network address", differs("nil")
			}
			return "network address", nil
		}
		var b []byte
		for i := range dv.Children {
			n, _ := strconv.ParseUint(dv.Children[i].number(), 10, 8)
			b = append(b, byte(n))
		}
		want := net.IP(b).String()
		if dv.Type == "net.IPMask" {
			want = net.IPMask(b).String()
		}
		if text != want {
			return "network address", differs(want)
		}
		return "network address", nil
	}
	if dv.Base == 0 {
		if text != "nil" {
			return "nil slice", differs("nil")
		}
		return "nil slice", nil
	}
	if m := sliceText.FindStringSubmatch(text); m == nil || m[1] != fmt.Sprint(dv.Len) || m[2] != fmt.Sprint(dv.Cap) {
		return "slice", differs(fmt.Sprintf("len %d cap %d", dv.Len, dv.Cap))
	}
	return "slice", nil
}

// structText compares the texts of structs of the library that have one.
func (c *comparison) structText(gv gocore.Value, dv *variable) (kind string, different any) {
	switch dv.Type {
	case "time.Time":
		if dv.Value == "" {
			return "", nil
		}
		got, _, _ := strings.Cut(gv.Text, " (")
		ours, err := time.Parse(time.RFC3339Nano, got)
		clock, _, _ := strings.Cut(dv.Value, ",")
		theirs, err2 := time.Parse(time.RFC3339Nano, clock)
		// Delve formats to the second, and adds the monotonic clock behind a comma
		// (proc/variables.go, formatTime).
		if got == clock {
			return "time", nil // in a year that RFC 3339 does not have
		}
		if err != nil || err2 != nil || !ours.Truncate(time.Second).Equal(theirs.Truncate(time.Second)) {
			return "time", differs(dv.Value)
		}
		return "time", nil
	case "sync/atomic.Bool":
		if f := dv.field("v"); f != nil {
			if want := strconv.FormatBool(f.number() != "0"); gv.Text != want {
				return "bool", differs(want)
			}
			return "bool", nil
		}
	case "math/big.Int":
		abs, neg := dv.field("abs"), dv.field("neg")
		if abs == nil || neg == nil || int64(len(abs.Children)) != abs.Len {
			return "", nil
		}
		var words []big.Word
		for i := range abs.Children {
			n, _ := strconv.ParseUint(abs.Children[i].number(), 10, 64)
			words = append(words, big.Word(n))
		}
		x := new(big.Int).SetBits(words)
		if neg.Value == "true" {
			x.Neg(x)
		}
		if gv.Text != x.String() {
			return "big integer", differs(x.String())
		}
		return "big integer", nil
	}
	return "", nil // its fields are compared
}

// integer reads an integer out of its text: "-3", "0x10", "2 (no such file)", "1.5s",
// "main.Running (2)", whose name it returns too.
func integer(typ, text string) (n *big.Int, name string, ok bool) {
	if typ == "time.Duration" {
		d, err := time.ParseDuration(text)
		return big.NewInt(int64(d)), "", err == nil
	}
	number, rest, _ := strings.Cut(text, " (")
	if n, ok = new(big.Int).SetString(number, 0); ok {
		return n, "", true
	}
	n, ok = new(big.Int).SetString(strings.TrimSuffix(rest, ")"), 0)
	return n, number, ok
}

// floatText is a float of Delve's as goheap writes it: Delve formats with 'f'
// (service/api/conversions.go, convertFloatValue).
func floatText(s string, kind reflect.Kind) string {
	bits := 64
	if kind == reflect.Float32 {
		bits = 32
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// sameString compares a quoted string, perhaps cut, with Delve's, perhaps cut too.
func sameString(text string, dv *variable) any {
	q, err := strconv.QuotedPrefix(text)
	if err != nil {
		return differs(strconv.Quote(dv.text()))
	}
	got, _ := strconv.Unquote(q)
	length := int64(len(got))
	if rest := text[len(q):]; rest != "" {
		if _, err := fmt.Sscanf(rest, "… (%d bytes)", &length); err != nil {
			return differs("a string of other words")
		}
	}
	want := dv.text()
	n := min(len(got), len(want))
	if length != dv.Len || got[:n] != want[:n] || n == 0 && dv.Len > 0 {
		return differs(fmt.Sprintf("%q of %d bytes", want, dv.Len))
	}
	return nil
}

// bareName is a name as goheap writes it in a text: quoted and cut where it is long.
func bareName(s string) string {
	if len(s) > 120 {
		return strconv.Quote(s[:120]) + fmt.Sprintf("… (%d bytes)", len(s))
	}
	return s
}

// dynamicType cuts the type off the text of an interface: "(main.T) …".
func dynamicType(text string) (string, bool) {
	if text == "" || text[0] != '(' {
		return "", false
	}
	if strings.HasPrefix(text, `("`) {
		q, err := strconv.QuotedPrefix(text[1:])
		s, err2 := strconv.Unquote(q)
		return s, err == nil && err2 == nil
	}
	end := closing(text)
	if end < 0 {
		return "", false
	}
	return text[1:end], true
}

// queue is a channel by the fields of runtime.hchan that Delve shows.
type queue struct {
	queued, size, first int
	closed              bool
	buf                 *variable
}

// ring reads a channel's queue, nil where Delve has not loaded it.
func ring(dv *variable) *queue {
	if len(dv.Children) == 0 {
		return nil
	}
	q := &queue{}
	for i := range dv.Children {
		f := &dv.Children[i]
		n, _ := strconv.Atoi(f.number())
		switch f.Name {
		case "qcount":
			q.queued = n
		case "dataqsiz":
			q.size = n
		case "recvx":
			q.first = n
		case "closed":
			q.closed = n != 0
		case "buf":
			if len(f.Children) > 0 {
				q.buf = &f.Children[0]
			}
		}
	}
	return q
}

// parts compares what two values consist of or lead to.
func (c *comparison) parts(gv gocore.Value, dv *variable, path string, depth int) {
	if gv.Children == 0 {
		return
	}
	switch dv.Kind {
	case reflect.Ptr:
		if len(dv.Children) != 1 || dv.target() == 0 || dv.Children[0].OnlyAddr {
			return
		}
		to := &dv.Children[0]
		if to.Kind == reflect.Struct || to.Kind == reflect.Array {
			c.parts(gv, to, path, depth)
			return
		}
		if list := c.h.Children(gv, 0, 1); len(list) == 1 {
			c.value(list[0], to, "*"+path, depth)
		}
	case reflect.Interface:
		if len(dv.Children) == 1 && dv.Children[0].Addr != 0 && !dv.Children[0].OnlyAddr {
			c.parts(gv, &dv.Children[0], path+".(data)", depth)
		}
	case reflect.Struct:
		if opened(dv.Type) {
			c.skipped["types of the library that goheap opens into what they hold"]++
			return
		}
		list := c.h.Children(gv, 0, len(dv.Children))
		if len(dv.Children) == 0 {
			return // Delve has not loaded it
		}
		if len(list) != len(dv.Children) {
			c.disagree("number of fields of "+dv.Type, "%s: %s: goheap %d, Delve %d", c.name, path, len(list), len(dv.Children))
			return
		}
		for i := range list {
			if f := &dv.Children[i]; list[i].Name != f.Name && !(list[i].Name == "_" || f.Name == "_") {
				c.disagree("name of a field of "+dv.Type, "%s: %s: goheap %q, Delve %q", c.name, path, list[i].Name, f.Name)
				continue
			}
			if list[i].Name == "elem" && ofChannel.MatchString(dv.Type) {
				c.skipped["elements of waiting goroutines, which have the channel's type to the linker alone"]++
				continue
			}
			c.value(list[i], &dv.Children[i], path+"."+list[i].Name, depth)
		}
	case reflect.Array, reflect.Slice:
		list := c.h.Children(gv, 0, len(dv.Children))
		for i := range min(len(list), len(dv.Children)) {
			c.value(list[i], &dv.Children[i], fmt.Sprintf("%s[%d]", path, i), depth)
		}
	case reflect.Map:
		c.entries(gv, dv, path, depth)
	case reflect.Chan:
		q := ring(dv)
		if q == nil || q.buf == nil || q.size == 0 {
			return
		}
		list := c.h.Children(gv, 0, q.queued)
		for i := range min(len(list), q.queued) {
			if at := (q.first + i) % q.size; at < len(q.buf.Children) {
				c.value(list[i], &q.buf.Children[at], fmt.Sprintf("<-%s[%d]", path, i), depth)
			}
		}
	case reflect.Func:
		c.captures(gv, dv, path, depth)
	}
}

// captures compares the variables of a closure. Those that it shares with others are
// pointers to goheap, and what they lead to to Delve.
func (c *comparison) captures(gv gocore.Value, dv *variable, path string, depth int) {
	if len(dv.Children) == 0 {
		return // Delve has not loaded them
	}
	for _, v := range c.h.Children(gv, 0, gv.Children) {
		if v.Name == closureCode {
			continue
		}
		at := slices.IndexFunc(dv.Children, func(d variable) bool { return d.Name == v.Name })
		if at < 0 {
			if strings.HasPrefix(v.Name, "+0x") {
				c.skipped["captured words for which DWARF has no variable"]++
				continue
			}
			c.disagree("captured variable that Delve has not: "+v.Name, "%s: %s", c.name, path)
			continue
		}
		d := &dv.Children[at]
		byReference := d.Flags&flagEscaped != 0
		switch want := fmt.Sprintf("%#x", d.Addr); {
		case !byReference:
			c.value(v, d, path+" captured "+v.Name, depth)
		case !sameType(v.Type, "*"+d.Type):
			c.disagree("variable that is captured by value, and that Delve takes for a reference", "%s: %s captured %s", c.name, path, v.Name)
		case v.Text != want && !strings.HasPrefix(v.Text, want+" "):
			c.disagree("variable that is captured by reference", "%s: %s captured %s: goheap %s, Delve %s", c.name, path, v.Name, v.Text, want)
		default:
			c.values["captured by reference"]++
		}
	}
}

// closureCode is the first word of a closure (cmd/compile/internal/typecheck, closure.go).
const closureCode = "F"

// entries compares the entries of a map that Delve has loaded, by their keys.
func (c *comparison) entries(gv gocore.Value, dv *variable, path string, depth int) {
	if len(dv.Children) < 2 {
		return
	}
	byName, byAddr := map[string]gocore.Value{}, map[uint64]gocore.Value{}
	twice := map[uint64]bool{}
	for _, e := range c.h.Children(gv, 0, min(gv.Children, maxEntries)) {
		byName[e.Name] = e
		if _, ok := byAddr[e.Addr]; ok {
			twice[e.Addr] = true
		}
		byAddr[e.Addr] = e
	}
	for i := 0; i+1 < len(dv.Children); i += 2 {
		key, elem := &dv.Children[i], &dv.Children[i+1]
		name, ok := keyName(key)
		e, found := byName[name]
		if !ok {
			if twice[elem.Addr] {
				c.skipped["entries without size whose key is no constant"]++
				continue
			}
			e, found = byAddr[elem.Addr]
			name = e.Name
		}
		if !found {
			c.disagree("entry of a "+dv.Type, "%s: %s%s: only Delve has it", c.name, path, name)
			continue
		}
		if ok {
			c.values["map key"]++
		}
		// What goheap opens an entry into may be its key and its element.
		if pair := c.h.Children(e, 0, 2); len(pair) == 2 && pair[0].Name == "key" && pair[1].Name == "value" && !ok {
			c.value(pair[0], key, path+" key "+name, depth)
			c.value(pair[1], elem, path+name, depth)
			continue
		}
		c.value(e, elem, path+name, depth)
	}
}

// keyName is a key of Delve's as goheap names the entry, where it is a constant.
func keyName(key *variable) (string, bool) {
	switch key.Kind {
	case reflect.String:
		if s := key.text(); int64(len(s)) == key.Len && len(s) <= 100 {
			return "[" + strconv.QuoteToGraphic(s) + "]", true
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "[" + key.number() + "]", true
	case reflect.Bool:
		return "[" + key.Value + "]", true
	}
	return "", false
}

// at finds the value of a type at an address in the object n, in the values that stand
// in it.
func (c *comparison) at(n heap.Node, addr uint64, typ string) (gocore.Value, bool) {
	v, ok := c.h.Value(n)
	for range 64 {
		if !ok || addr < v.Addr || addr-v.Addr >= max(v.Size, 1) {
			return v, false
		}
		if v.Addr == addr && sameType(v.Type, typ) {
			return v, true
		}
		if v.Children == 0 || opened(v.Type) {
			return v, false
		}
		first := c.h.Children(v, 0, 1)
		if len(first) == 0 || first[0].Outside {
			return v, false
		}
		if strings.HasPrefix(first[0].Name, "[") { // elements have one size
			i := (addr - v.Addr) / max(first[0].Size, 1)
			list := c.h.Children(v, int(i), 1)
			if ok = len(list) == 1; ok {
				v = list[0]
			}
			continue
		}
		ok = false
		for _, f := range c.h.Children(v, 0, v.Children) {
			if addr >= f.Addr && (addr-f.Addr < f.Size || addr == f.Addr && sameType(f.Type, typ)) {
				v, ok = f, true
				if f.Addr != addr || sameType(f.Type, typ) || f.Children > 0 {
					break
				}
			}
		}
	}
	return v, false
}
