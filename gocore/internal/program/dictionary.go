package program

import (
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// dictionaries are those of the program's generic functions and types, by the function or
// type that they are for. They are read from the table of symbols when the first one is
// asked for.
type dictionaries struct {
	once sync.Once
	of   map[string][]dictionary
	as   map[string][]dictionary // those of of, by their names without a package
	at   map[uint64]dictionary

	mu    sync.Mutex
	found map[string]*instances // by the names of functions with their shapes
}

// instances are the dictionaries that a function of generic code may be run with.
type instances struct {
	shapes []string
	list   []dictionary
	passed map[uint64]bool // the addresses of those that others of the list lead to
	// inlined says that the function has the name of one that was inlined in it, of any
	// package: what the list has need not be all there is.
	inlined bool
	// unclear says that there are more than are followed, so that passed is not known.
	unclear bool
}

// dictionary has the types that code which several type arguments share is run with.
type dictionary struct {
	args       []string
	method     string // ").run" of (*queue[int]).run; each has its own until Go 1.19
	addr, size uint64
}

// dictInfix stands between the package and the rest in the names of dictionaries
// (cmd/compile/internal/noder, reader.go, Go 1.26).
const dictInfix = "..dict."

func (e *Executable) readDictionaries() {
	e.dictionaries.of, e.dictionaries.as, e.dictionaries.at = map[string][]dictionary{}, map[string][]dictionary{}, map[uint64]dictionary{}
	for _, s := range e.File.Symbols() {
		pkg, rest, ok := strings.Cut(s.Name, dictInfix)
		if !ok {
			continue
		}
		if name, args, method, ok := typeArguments(rest); ok {
			key := pkg + "." + strings.TrimPrefix(name, "(*")
			dict := dictionary{args, method, s.Addr + e.Bias, s.Size}
			e.dictionaries.of[key] = append(e.dictionaries.of[key], dict)
			bare := strings.TrimPrefix(name, "(*")
			e.dictionaries.as[bare] = append(e.dictionaries.as[bare], dict)
			e.dictionaries.at[dict.addr] = dict
		}
	}
}

// OnlyDictionary returns the address of the dictionary that a generic function, or one
// inside it, is run with, by its name with the shapes of its type arguments; 0 where the
// program has several that these shapes stand for. Until Go 1.26 optimised code has no
// variable for it.
func (d *Program) OnlyDictionary(function string) uint64 {
	if in := d.instances(function); len(in.list) == 1 && !in.inlined {
		return in.list[0].addr
	}
	return 0
}

// DictionaryAmong is OnlyDictionary for a function that keeps its dictionary among words
// that have been written since it, or the function around it, was called: 0 also where
// they have none, or several.
//
// A word that is the address of a dictionary of the function is this one's own, or one
// that it passes on when it calls itself with other types. The latter stands in its own,
// or in one that this leads to, or is a constant, which is kept nowhere.
func (d *Program) DictionaryAmong(function string, words func(yield func(word uint64) bool)) uint64 {
	in := d.instances(function)
	if len(in.list) < 2 && !in.inlined {
		return d.OnlyDictionary(function)
	}
	if in.unclear {
		return 0
	}
	found := uint64(0)
	for word := range words {
		if word == found || !slices.ContainsFunc(in.list, func(o dictionary) bool { return o.addr == word }) {
			continue
		}
		if found != 0 {
			return 0
		}
		found = word
	}
	if in.passed[found] {
		return 0
	}
	return found
}

// IsDictionary reports whether a word is the address of a dictionary that a function may be
// run with.
func (d Code) IsDictionary(function string, word uint64) bool {
	return slices.ContainsFunc(d.instances(function).list, func(o dictionary) bool { return o.addr == word })
}

// Argument returns the type that one made of the shapes of a generic function's type
// arguments, such as go.shape.int or *main.list[go.shape.int], is where the function, or
// one inside it, is run with the dictionary at dict; 0 where that is not known.
func (d *Program) Argument(function string, shaped types.ID, dict uint64) types.ID {
	in := d.instances(function)
	i := slices.IndexFunc(in.list, func(o dictionary) bool { return o.addr == dict })
	if dict == 0 || i < 0 {
		return 0
	}
	return types.Unshaped(d.Types, shaped, func(name string) (string, bool) { return in.unshaped(name, in.list[i].args) })
}

// unshaped writes type arguments in place of their shapes in the name of a type. It fails
// where a shape stands for several arguments, or for none.
func (in *instances) unshaped(name string, args []string) (string, bool) {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(name, typing.ShapePrefix)
		out.WriteString(before)
		if !ok {
			return out.String(), true
		}
		rest = typing.ShapePrefix + rest
		longest := 0 // of the shapes that may stand here: one may begin another's name
		arg := ""
		for k, s := range in.shapes {
			end, whole := strings.CutPrefix(rest, s)
			if !strings.HasPrefix(s, typing.ShapePrefix) || !whole || end != "" && !strings.ContainsRune(",] );}", rune(end[0])) {
				continue
			}
			if longest > 0 && (len(s) != longest || arg != args[k]) {
				return "", false
			}
			longest, arg = len(s), args[k]
		}
		if longest == 0 {
			return "", false
		}
		out.WriteString(arg)
		name = rest[longest:]
	}
}

// instances returns the dictionaries that a function, or one inside it, may be run with. A
// closure of a function that was inlined is called main.f.returns[go.shape.int].func1, since
// Go 1.21: of which package that function is its name does not say.
func (d *Program) instances(function string) *instances {
	if d.Exe == nil || d.Exe.File == nil || !strings.Contains(function, typing.ShapePrefix) {
		return &instances{}
	}
	all := &d.Exe.dictionaries
	all.once.Do(d.Exe.readDictionaries)
	all.mu.Lock()
	defer all.mu.Unlock()
	if in, ok := all.found[function]; ok {
		return in
	}
	in := &instances{}
	if name, shapes, method, ok := typeArguments(function); ok {
		in.shapes = shapes
		generic := strings.Replace(name, ".(*", ".", 1)
		list := all.of[generic]
		if dot := lastDot(generic); list == nil && dot > len(PackageOf(generic)) {
			in.inlined = true
			list = all.as[generic[dot+1:]]
		}
		for _, dict := range list {
			within, inMethod := strings.CutPrefix(method, dict.method)
			inMethod = inMethod && (dict.method == "" || within == "" || within[0] == '.')
			if inMethod && (dictionaryReader{d}).haveShapes(dict.args, shapes) {
				in.list = append(in.list, dict)
			}
		}
	}
	if len(in.list) > 1 || in.inlined {
		dictionaryReader{d}.follow(in)
	}
	if all.found == nil {
		all.found = map[string]*instances{}
	}
	all.found[function] = in
	return in
}

// maxDictionary is far above the size of any dictionary, in bytes, and maxFollowed above
// the number of bytes that are read, and of addresses that are followed, to know where the
// dictionaries of one function lead: in a damaged program each may lead to all.
const (
	maxDictionary = 1 << 14
	maxFollowed   = 1 << 20
)

// dictionaryReader finds out what dictionaries are for.
type dictionaryReader struct{ *Program }

// follow finds out which dictionaries of a function others of it lead to, or that this is
// unclear.
func (d dictionaryReader) follow(in *instances) {
	in.passed = map[uint64]bool{}
	left := maxFollowed
	next := map[uint64][]dictionary{} // those whose addresses stand in each
	for _, o := range in.list {
		for addr := range d.passedOnBy(o, next, &left) {
			in.passed[addr] = in.passed[addr] || addr != o.addr
		}
		if left < 0 {
			in.passed, in.unclear = nil, true
			return
		}
	}
}

// passedOnBy returns the addresses of the dictionaries that code which is run with one
// may have: those whose addresses stand in it, and in these. It counts left down by what
// it reads and follows; where left is below 0 then, it has given up.
func (d dictionaryReader) passedOnBy(from dictionary, next map[uint64][]dictionary, left *int) map[uint64]bool {
	seen := map[uint64]bool{}
	for todo := []dictionary{from}; len(todo) > 0; {
		dict := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		list, ok := next[dict.addr]
		if !ok {
			list = d.standingIn(dict)
			next[dict.addr] = list
			*left -= int(min(dict.size, maxDictionary))
		}
		if *left -= 1 + len(list); *left < 0 {
			break
		}
		for _, o := range list {
			if !seen[o.addr] {
				seen[o.addr] = true
				todo = append(todo, o)
			}
		}
	}
	return seen
}

// standingIn returns the dictionaries whose addresses stand in one, each once.
func (d dictionaryReader) standingIn(dict dictionary) (list []dictionary) {
	w := uint64(d.Image.Arch.PtrSize)
	seen := map[uint64]bool{}
	for off := uint64(0); off+w <= min(dict.size, maxDictionary); off += w {
		word, _ := d.Image.Mem.Word(dict.addr + off)
		if o, ok := d.Exe.dictionaries.at[word]; ok && !seen[word] {
			seen[word] = true
			list = append(list, o)
		}
	}
	return list
}

// typeArguments splits a name into what stands in front of its first type arguments, these,
// and what stands behind them.
func typeArguments(name string) (generic string, args []string, behind string, ok bool) {
	generic, rest, ok := strings.Cut(name, "[")
	if !ok {
		return "", nil, "", false
	}
	depth, start := 0, 0
	for i, c := range []byte(rest) {
		switch c {
		case '[', '(', '{':
			depth++
		case ')', '}':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, rest[start:i])
				start = i + 1
			}
		case ']':
			if depth == 0 {
				return generic, append(args, rest[start:i]), rest[i+1:], true
			}
			depth--
		}
	}
	return "", nil, "", false
}

// haveShapes reports whether types may be the ones that shapes stand for.
func (d dictionaryReader) haveShapes(args, shapes []string) bool {
	if len(args) != len(shapes) {
		return false
	}
	for i, arg := range args {
		if !d.hasShape(arg, shapes[i]) {
			return false
		}
	}
	return true
}

// hasShape reports whether a type may be one that a shape stands for: all pointers have
// one shape, other types have that of their underlying type. In Go 1.18 to 1.20 a number
// follows each shape.
func (d dictionaryReader) hasShape(arg, shape string) bool {
	shape, ok := strings.CutPrefix(shape, typing.ShapePrefix)
	if !ok {
		return arg == shape
	}
	if i := strings.LastIndexByte(shape, '_'); i > 0 && strings.Trim(shape[i+1:], "0123456789") == "" {
		shape = shape[:i]
	}
	id, ok := d.Types.Lookup(arg)
	if !ok {
		return true
	}
	kind := d.Types.Type(id).Kind
	for _, s := range [...]struct {
		prefix string
		kind   types.Kind
	}{
		{"*", types.Pointer}, {"[]", types.Slice}, {"[", types.Array}, {"map[", types.Map}, {"chan ", types.Chan}, {"<-chan ", types.Chan},
		{"func(", types.Func}, {"struct {", types.Struct}, {"interface {", types.Interface}, {"unsafe.Pointer", types.UnsafePointer},
		{"string", types.String}, {"bool", types.Bool},
	} {
		if strings.HasPrefix(shape, s.prefix) {
			return kind == s.kind
		}
	}
	switch kind {
	case types.Pointer, types.Slice, types.Array, types.Map, types.Chan, types.Func, types.Struct, types.Interface, types.UnsafePointer, types.String, types.Bool:
		return false
	}
	return true
}
