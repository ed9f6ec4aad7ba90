package delve

import (
	"fmt"
	"go/token"
	"math/big"
	"regexp"
	"strings"

	"goheap/gocore"
)

// untranslatable is the reason for which Delve has no words for a path.
type untranslatable string

func (u untranslatable) Error() string { return string(u) }

const (
	byOffset     untranslatable = "a word that has an offset and no name"
	bySpecial    untranslatable = "what a finalizer, cleanup or weak handle keeps"
	byKey        untranslatable = "the key of a map, not its element"
	byStructKey  untranslatable = "a map's element by a key that is a struct or array: Delve has no composite literals"
	byDynamicKey untranslatable = "a map's element by a key in an interface: Delve compares constants with no interface"
	byPointerKey untranslatable = "a map's element by a key that is a pointer: Delve takes an address for an integer"
	byFloatKey   untranslatable = "a map's element by a key that is no float exactly: Delve compares the number as it is written"
	byLongKey    untranslatable = "a map's element by a key that is not written in full"
	byReceiver   untranslatable = "the receiver of a method value: Delve knows what is captured by DWARF, which has no variable for it"
	bySyncMap    untranslatable = "an element of a sync.Map: to Delve it is a struct"
	byHidden     untranslatable = "what an unsafe.Pointer leads to: Delve does not know its type"
	// It reads an address out of the value, where there is nothing: see explained.txt.
	byValue    untranslatable = "a part of a variable captured by value, which Delve takes for a reference"
	byOutside  untranslatable = "an element of an array outside of the slice that leads to it"
	byTypeName untranslatable = "a type that Delve does not find by its name"
	// Delve takes the first variable whose name ends in a slash and the one that it is
	// given (proc/eval.go, findGlobalInternal).
	byOtherPackage untranslatable = "a variable whose package has the name of the end of another's path: Delve takes either"
	byPart         untranslatable = "a part of a variable that is not known"
	inData         untranslatable = "data of the linker, which is no variable"
	onStack        untranslatable = "a word of a stack that is no variable"
	ofRoot         untranslatable = "a root that is neither a variable nor a goroutine"
)

// translate writes an expression of gocore's Path in Delve's grammar. It is the one
// place that knows where the two differ:
//
//   - a package is quoted where its path has slashes: "net/http".DefaultClient
//   - ` ×N` repeats what stands in front of it N times
//   - <-x[i], the i-th element that a channel x has queued, is an element of its
//     ring: x.buf[(x.recvx+i) % x.dataqsiz], which number asks for
//   - .func1 captured x is .x: the closure's function goes without saying
//   - a type is asserted with the last element of its package's path; where Delve
//     would not parse its name, or untyped says so, .(data) stands for whatever type
//     it is
//
// What has no words in it is an error of type untranslatable. number evaluates an
// expression that is an integer.
func translate(expression string, untyped bool, number func(expr string) (int64, error)) (string, error) {
	t := translator{number, untyped}
	return t.value(expression)
}

type translator struct {
	number  func(expr string) (int64, error)
	untyped bool // .(data) in the place of all assertions
}

// beyond are the words in which Delve refuses what it has no notion of, although the
// expression is one of its grammar.
var beyond = []struct {
	message *regexp.Regexp
	reason  untranslatable
}{
	{regexp.MustCompile(`\(sync\.Map\) does not support indexing$`), bySyncMap},
	{regexp.MustCompile(`\(void\) does not support indexing$`), byHidden},
	{regexp.MustCompile(`\(type void\) has no member \w+$`), byHidden},
	{regexp.MustCompile(`^unreadable: error while reading spliced memory`), byValue},
	{regexp.MustCompile(`^index out of bounds$`), byOutside},
	{regexp.MustCompile(`^no type entry found`), byTypeName},
	{regexp.MustCompile(`^can not convert .* constant to interface`), byDynamicKey},
	{regexp.MustCompile(`\(unsafe\.Pointer\) can not be dereferenced$`), byHidden},
}

// refused returns the reason for which Delve has refused an expression, nil where it is
// none of those.
func refused(err error) error {
	for _, b := range beyond {
		if b.message.MatchString(err.Error()) {
			return b.reason
		}
	}
	return nil
}

// misnamed reports whether Delve did not find a type in an assertion of an expression by
// the name that its grammar allows: a type of a function, or of another package of the
// same name.
func misnamed(err error, expression string) bool {
	if strings.HasPrefix(err.Error(), "no type entry found") {
		return strings.Contains(expression, ".(")
	}
	_, holds, ok := strings.Cut(err.Error(), " is ")
	holds, _, ok2 := strings.Cut(holds, ", not ")
	return ok && ok2 && strings.Contains(expression, ".("+holds+")")
}

func (t *translator) value(s string) (string, error) {
	switch {
	case strings.HasPrefix(s, "*"):
		x, err := t.value(s[1:])
		return "*" + x, err
	case strings.HasPrefix(s, "<-"):
		open := strings.LastIndexByte(s, '[')
		if open < 0 || !strings.HasSuffix(s, "]") {
			return "", fmt.Errorf("%s has no place in a queue", s)
		}
		x, err := t.value(s[len("<-"):open])
		if err != nil {
			return "", err
		}
		return t.received(x, s[open+1:len(s)-1])
	case strings.HasPrefix(s, "("):
		end := closing(s)
		if end < 0 {
			return "", fmt.Errorf("%s: the parenthesis is not closed", s)
		}
		inner, rest := s[1:end], s[end+1:]
		if typ, ok := strings.CutPrefix(inner, "*"); ok && strings.HasPrefix(rest, "(0x") {
			n := closing(rest)
			return t.follow("(*"+quotedType(typ)+")"+rest[:n+1], rest[n+1:])
		}
		x, err := t.value(inner)
		if err != nil {
			return "", err
		}
		return t.follow("("+x+")", rest)
	}
	name, rest, err := variableName(s)
	if err != nil {
		return "", err
	}
	return t.follow(name, rest)
}

// variableName cuts a variable's name off s, in Delve's words: a local one, or that of
// a package.
func variableName(s string) (name, rest string, err error) {
	if strings.HasPrefix(s, "data at 0x") || strings.HasPrefix(s, "data+0x") {
		return "", "", inData
	}
	end := strings.IndexAny(s, "[( ")
	if end < 0 {
		end = len(s)
	}
	slash := strings.LastIndexByte(s[:end], '/') + 1 // behind the last of the package's path
	dot := strings.IndexByte(s[slash:end], '.')
	if dot < 0 { // a local variable
		return s[:end], s[end:], identifier(s[:end])
	}
	// What stands before the first dot behind the last slash is the package's name;
	// for a local variable it is the variable.
	first := s[:slash+dot]
	if slash == 0 && capturing.MatchString(s[dot:]) {
		return first, s[dot:], nil // the local variable is a function
	}
	next := slash + dot + 1
	after := strings.IndexByte(s[next:end], '.')
	if after < 0 {
		after = end - next
	}
	second := s[next : next+after]
	if second == "?" {
		return "", "", byPart
	}
	if second == "" || identifier(second) != nil {
		return "", "", inData // main..stmp_3, or what else the linker has named
	}
	if slash > 0 {
		return `"` + first + `".` + second, s[next+after:], nil
	}
	return first + "." + second, s[next+after:], nil
}

func identifier(s string) error {
	if !token.IsIdentifier(s) {
		return fmt.Errorf("%w: %q", onStack, s)
	}
	return nil
}

// follow translates the selectors in rest, which come behind the translated x.
func (t *translator) follow(x, rest string) (string, error) {
	for rest != "" {
		captured, n, err := capturedVariable(rest)
		if err != nil {
			return "", err
		}
		if n > 0 {
			x, rest = x+"."+captured, rest[n:]
			continue
		}
		n = selectorLength(rest)
		part, times := rest[:n], 1
		if number, ok := strings.CutPrefix(rest[n:], " ×"); ok {
			digits := len(number) - len(strings.TrimLeft(number, "0123456789"))
			if _, err := fmt.Sscan(number[:digits], &times); err != nil || times > 100000 {
				return "", fmt.Errorf("%s: no number of repetitions", rest)
			}
			n = len(rest) - len(number) + digits
		}
		rest = rest[n:]
		for range times {
			if part[0] == '(' {
				x, err = t.follow(x, part[1:len(part)-1])
			} else {
				x, err = t.selected(x, part)
			}
			if err != nil {
				return "", err
			}
		}
	}
	return x, nil
}

// selected translates one selector.
func (t *translator) selected(x, part string) (string, error) {
	switch {
	case strings.HasPrefix(part, " → +"):
		return "", byOffset
	case strings.HasPrefix(part, " → "):
		return "", bySpecial
	case strings.HasPrefix(part, " beyond "):
		return "", byOutside
	case strings.HasPrefix(part, ".(") && strings.HasSuffix(part, ")"):
		if t.untyped {
			return x + ".(data)", nil
		}
		return x + ".(" + assertedType(part[2:len(part)-1]) + ")", nil
	case part == ".?":
		return "", byPart
	case part[0] == '.':
		if err := identifier(part[1:]); err != nil {
			return "", fmt.Errorf("%s: %q is no field", x, part)
		}
		return x + part, nil
	case part[0] == '[' && part[len(part)-1] == ']':
		key := part[1 : len(part)-1]
		switch {
		case strings.HasPrefix(key, "key "):
			return "", byKey
		case strings.Contains(key, " at 0x") && !strings.HasSuffix(key, `"`), strings.Contains(key, "…"):
			return "", byLongKey
		case strings.HasPrefix(key, "{"):
			return "", byStructKey
		case strings.HasPrefix(key, "0x"):
			return "", byPointerKey
		case key == "nil", strings.HasSuffix(key, "}"), strings.HasSuffix(key, ")") && key[0] != '"' && key[0] != '(':
			return "", byDynamicKey
		case strings.ContainsAny(key, ".e") && inexact(key):
			return "", byFloatKey
		}
		return x + part, nil
	}
	return "", fmt.Errorf("%s: %q is not understood", x, part)
}

// inexact reports whether a number is none that a float64 can be.
func inexact(number string) bool {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return false
	}
	_, exact := r.Float64()
	return !exact
}

// received is an element of the channel x by its place in the queue (runtime/chan.go,
// hchan: a ring that begins at recvx).
func (t *translator) received(x, place string) (string, error) {
	var i int64
	if _, err := fmt.Sscan(place, &i); err != nil {
		return "", fmt.Errorf("<-%s[%s]: no place in a queue", x, place)
	}
	first, err := t.number(x + ".recvx")
	if err != nil {
		return "", err
	}
	size, err := t.number(x + ".dataqsiz")
	if err != nil {
		return "", err
	}
	if size <= 0 {
		return "", fmt.Errorf("<-%s[%s]: Delve says that it has no buffer", x, place)
	}
	return fmt.Sprintf("%s.buf[%d]", x, (first+i)%size), nil
}

// capturing is what stands in front of the name of a captured variable: the closure's
// function, which has no dots unless it stands in another, as in func1.2.
var capturing = regexp.MustCompile(`^\.((?:func|gowrap|deferwrap)[0-9][^ \[\]()]*|[^. \[\]()]+) captured ([^. \[\]()]+)`)

// capturedVariable returns the variable in ".func1 captured x", and the length of
// that; 0 where s does not begin so.
func capturedVariable(s string) (name string, length int, err error) {
	m := capturing.FindStringSubmatch(s)
	switch {
	case m == nil:
		return "", 0, nil
	case !strings.HasPrefix(m[1], "func") && !strings.Contains(m[1], "wrap"):
		return "", 0, byReceiver
	case identifier(m[2]) != nil:
		return "", 0, byOffset
	}
	return m[2], len(m[0]), nil
}

// selectorLength returns the length of the selector at the start of s.
func selectorLength(s string) int {
	switch {
	case s[0] == '[' || s[0] == '(':
		if end := closing(s); end >= 0 {
			return end + 1
		}
	case strings.HasPrefix(s, ".("):
		if end := closing(s[1:]); end >= 0 {
			return end + 2
		}
	case s[0] == '.':
		if end := strings.IndexAny(s[1:], ".[ ("); end >= 0 {
			return 1 + end
		}
	}
	return len(s)
}

// closing returns the index of what closes the bracket at s[0], -1 for nothing.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// quotedType is a type for a conversion: Delve takes any type's full name as a string.
func quotedType(typ string) string {
	if typ == "" || strings.ContainsAny(typ, "`") {
		return typ
	}
	return "`" + typ + "`"
}

// assertedType is a type for an assertion, whose grammar is Go's: no strings, and the
// package by its name. data is Delve's word for whatever type it is.
func assertedType(typ string) string {
	stars := len(typ) - len(strings.TrimLeft(typ, "*"))
	name := typ[stars:]
	if strings.ContainsAny(name, "[](){} ") {
		return "data"
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	pkg, name, ok := strings.Cut(name, ".")
	if !ok && token.IsIdentifier(pkg) {
		return typ // predeclared
	}
	if !token.IsIdentifier(pkg) || !token.IsIdentifier(name) {
		return "data"
	}
	return typ[:stars] + pkg + "." + name
}

// startOf splits a path's expression into where it is evaluated and what: for that of
// a goroutine the name of the frame's function, its line, and the expression behind.
type start struct {
	goroutine int // index, -1 for a path from a global variable
	function  string
	position  string // "main.go:42"
	rest      string
}

// startOf says where a path starts. kind is that of its root.
func startOf(path gocore.Path, kind gocore.RootKind, goroutine int) (start, error) {
	switch kind {
	case gocore.GlobalRoot:
		return start{goroutine: -1, rest: path.Expression}, nil
	case gocore.GoroutineRoot:
	default:
		return start{}, ofRoot
	}
	rest, ok := strings.CutPrefix(path.Expression, path.Hops[0].Expr+" ")
	where, variable, ok2 := strings.Cut(path.Hops[0].Detail, " · ")
	rest, ok3 := strings.CutPrefix(rest, where+" · ")
	if !ok || !ok2 || !ok3 || identifier(variable) != nil {
		return start{}, onStack
	}
	// Of several calls of one function, which it is does not matter: all are looked at.
	where, _, _ = strings.Cut(where, " #")
	space := strings.LastIndexByte(where, ' ')
	if space < 0 {
		return start{}, onStack
	}
	fn, _, _ := strings.Cut(where[:space], " (inlined in ")
	return start{goroutine: goroutine, function: fn, position: where[space+1:], rest: rest}, nil
}
