package notation

import (
	"cmp"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Key is the key of a map as a person writes it: a constant, nil, or a composite literal,
// with or without its type: `"a"`, 17, 'x', int8(3), K{3, "s"}, {3 "s"}, (*T)(nil), 5s.
type Key struct {
	Kind  KeyKind
	Type  string // "" where none is written
	Text  string // TextKey: the bytes; else as it is written
	Parts []*Key
	Name  string // of the field that a part is for, "" where none is written
}

// KeyKind is what kind of text a key is.
type KeyKind uint8

const (
	ZeroKey KeyKind = iota // what a composite literal leaves out
	NumberKey
	TextKey
	RuneKey
	BoolKey
	NilKey
	CompositeKey
	ComplexKey // complex(a, b), of two parts
	DurationKey
	ConstantKey   // the name of a constant, or of several that are bits: Read|Write
	ExpressionKey // of numbers and names, as Calculate reads it: 5*time.Second
)

// ParseKey reads the text between the brackets of an index.
func ParseKey(text string) (*Key, bool) {
	for _, expressions := range []bool{false, true} {
		p := keyParser{s: text, expressions: expressions}
		k := p.key(0)
		p.space()
		if k != nil && p.at == len(text) {
			return k, true
		}
	}
	return nil, false
}

type keyParser struct {
	s  string
	at int
	// expressions says that a key may be one. A space between two parts of a composite
	// literal is none between two keys then.
	expressions bool
}

// maxKeyDepth bounds how deep keys nest.
const maxKeyDepth = 100

func (p *keyParser) space() {
	for p.at < len(p.s) && p.s[p.at] == ' ' {
		p.at++
	}
}

func (p *keyParser) rest() string { return p.s[p.at:] }

// key reads one key, nil where none is written.
func (p *keyParser) key(depth int) *Key {
	p.space()
	start := p.at
	k := p.simple(depth)
	if !p.expressions || depth > maxKeyDepth {
		return k
	}
	if p.space(); k != nil && (p.rest() == "" || strings.IndexByte(",})", p.rest()[0]) >= 0) {
		return k
	}
	end := start
	for end < len(p.s) && strings.IndexByte(",})", p.s[end]) < 0 {
		switch p.s[end] {
		case '(', '[', '{':
			n := Matching(p.s[end:])
			if n < 0 {
				return nil
			}
			end += n
		case '"', '`', '\'':
			n := quotedLength(p.s[end:])
			if n < 0 {
				return nil
			}
			end += n - 1
		}
		end++
	}
	if p.at = end; !IsExpression(p.s[start:end]) {
		return nil
	}
	return &Key{Kind: ExpressionKey, Text: strings.TrimSpace(p.s[start:end])}
}

// simple reads a key that is no expression.
func (p *keyParser) simple(depth int) *Key {
	p.space()
	s := p.rest()
	if s == "" || depth > maxKeyDepth {
		return nil
	}
	switch c := s[0]; {
	case c == '"' || c == '`' || c == '\'':
		n := quotedLength(s)
		if n > 0 && n < len(s) && s[n] == '.' {
			break // the path of a package
		}
		if r, ok := Rune(s[:max(n, 0)]); ok && c == '\'' {
			p.at += n
			return &Key{Kind: RuneKey, Text: strconv.Itoa(int(r))}
		}
		text, err := strconv.Unquote(s[:max(n, 0)])
		if err != nil || c == '\'' {
			return nil
		}
		p.at += n
		return &Key{Kind: TextKey, Text: text}
	case c == '{':
		return p.composite("", depth)
	case c == '(' && strings.HasPrefix(s[max(Matching(s), 0):], ")("): // (*T)(0x12)
		end := Matching(s)
		p.at += end + 1
		return p.conversion(s[1:end], depth)
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '(' || c == '.':
		return p.number()
	}
	n := wordLength(s)
	if n < 0 {
		return nil
	}
	word := s[:n]
	// The names of types may have spaces and braces: struct { A int }, interface {}.
	for _, long := range []string{"struct {", "struct{", "interface {", "interface{"} {
		if i := strings.Index(s, long); i >= 0 && i <= n && strings.Trim(s[:i], "*[]0123456789") == "" {
			end := Matching(s[i+len(long)-1:])
			if end < 0 {
				return nil
			}
			n = i + len(long) + end
			word = s[:n]
		}
	}
	p.at += n
	switch word {
	case "nil":
		return &Key{Kind: NilKey}
	case "true", "false":
		return &Key{Kind: BoolKey, Text: word}
	case "NaN", "+Inf", "Inf":
		return &Key{Kind: NumberKey, Text: word}
	case "":
		return nil
	}
	switch {
	case strings.HasPrefix(p.rest(), "{"):
		return p.composite(word, depth)
	case strings.HasPrefix(p.rest(), "(") && (word == "len" || word == "cap"):
		return nil
	case strings.HasPrefix(p.rest(), "(") && word == "complex":
		return p.complex(depth)
	case strings.HasPrefix(p.rest(), "("):
		return p.conversion(word, depth)
	case strings.HasPrefix(p.rest(), `"`): // [4]uint8"text"
		k := p.key(depth + 1)
		if k != nil {
			k.Type = word
		}
		return k
	}
	if strings.IndexFunc(word, func(r rune) bool { return r < 0x80 && !wordByte(byte(r)) && !strings.ContainsRune("./-|", r) }) < 0 {
		return &Key{Kind: ConstantKey, Text: word}
	}
	return nil
}

// wordLength returns the length of the name of a type or constant at the start of s, in
// which there may be brackets, and the path of a package in quotes; -1 where these do not
// end.
func wordLength(s string) int {
	n := 0
	for n < len(s) && strings.IndexByte(" ,{}()", s[n]) < 0 {
		length := 1
		switch s[n] {
		case '[':
			length = Matching(s[n:]) + 1
		case '"':
			length = quotedLength(s[n:])
			if length > 0 && !strings.HasPrefix(s[n+length:], ".") {
				return n // a text behind a type
			}
		}
		if length <= 0 {
			return -1
		}
		n += length
	}
	return n
}

// conversion reads "(x)" behind a type.
func (p *keyParser) conversion(typ string, depth int) *Key {
	p.at++
	k := p.key(depth + 1)
	p.space()
	if k == nil || !strings.HasPrefix(p.rest(), ")") {
		return nil
	}
	p.at++
	k.Type = typ
	return k
}

// complex reads "(1, 2)" behind complex.
func (p *keyParser) complex(depth int) *Key {
	k := &Key{Kind: ComplexKey}
	for _, before := range []string{"(", ","} {
		if p.space(); !strings.HasPrefix(p.rest(), before) {
			return nil
		}
		p.at++
		part := p.key(depth + 1)
		if part == nil {
			return nil
		}
		k.Parts = append(k.Parts, part)
	}
	if p.space(); !strings.HasPrefix(p.rest(), ")") {
		return nil
	}
	p.at++
	return k
}

// composite reads "{1, 2}" behind a type: between two parts stands a comma, as in Go, or a
// space alone, as goheap prints them.
func (p *keyParser) composite(typ string, depth int) *Key {
	k := &Key{Kind: CompositeKey, Type: typ}
	for p.at++; ; {
		p.space()
		if strings.HasPrefix(p.rest(), "}") {
			p.at++
			return k
		}
		name := ""
		if before, _, ok := strings.Cut(p.rest(), ":"); ok && before != "" && strings.IndexFunc(before, func(r rune) bool { return r < 0x80 && !wordByte(byte(r)) }) < 0 {
			name = before
			p.at += len(before) + 1
		}
		part := p.key(depth + 1)
		if part == nil {
			return nil
		}
		part.Name = name
		k.Parts = append(k.Parts, part)
		p.space()
		if strings.HasPrefix(p.rest(), ",") {
			p.at++
		}
	}
}

// number reads a number, a complex one in parentheses included, or a duration.
func (p *keyParser) number() *Key {
	s := p.rest()
	n := 0
	if s[0] == '(' {
		if n = Matching(s) + 1; n == 0 {
			return nil
		}
		text := strings.ReplaceAll(s[:n], " ", "")
		if _, err := strconv.ParseComplex(text, 128); err != nil {
			return nil
		}
		p.at += n
		return &Key{Kind: NumberKey, Text: text}
	} else {
		for n < len(s) && strings.IndexByte(" ,{}()[]", s[n]) < 0 {
			n++
		}
	}
	text := strings.ReplaceAll(s[:n], "_", "")
	p.at += n
	k := &Key{Kind: NumberKey, Text: text}
	if _, err := strconv.ParseComplex(text, 128); err == nil {
		return k
	}
	if _, ok := k.Uint(); ok {
		return k
	}
	if _, err := strconv.ParseInt(text, 0, 64); err == nil {
		return k
	}
	if d, err := time.ParseDuration(text); err == nil {
		return &Key{Kind: DurationKey, Text: strconv.FormatInt(int64(d), 10)}
	}
	return nil
}

// Resolve returns the key with what find has for each name and expression in it; those that
// it has nothing for stay. What is written as a number stands as it is.
func (k *Key) Resolve(find func(text string) (*Key, bool)) *Key {
	r := *k
	if k.Kind == ConstantKey || k.Kind == ExpressionKey {
		found, ok := find(k.Text)
		if !ok {
			return &r
		}
		r = *found
		r.Name, r.Type = k.Name, cmp.Or(k.Type, found.Type)
		return &r
	}
	r.Parts = make([]*Key, len(k.Parts))
	for i, part := range k.Parts {
		r.Parts[i] = part.Resolve(find)
	}
	return &r
}

// Uint is the value of a number that is not negative.
func (k *Key) Uint() (uint64, bool) {
	if k.Kind == ZeroKey {
		return 0, true
	}
	v, err := strconv.ParseUint(k.Text, 0, 64)
	return v, err == nil && (k.Kind == NumberKey || k.Kind == RuneKey || k.Kind == DurationKey)
}

// Named reports whether the parts of a composite literal have the names of fields.
func (k *Key) Named() bool { return len(k.Parts) > 0 && k.Parts[0].Name != "" }

// Part returns what a composite literal has for field i, which has the given name; nil
// for nothing.
func (k *Key) Part(i int, name string) *Key {
	if !k.Named() {
		if i < len(k.Parts) {
			return k.Parts[i]
		}
		return nil
	}
	for _, part := range k.Parts {
		if part.Name == name {
			return part
		}
	}
	return nil
}

// Defaults reports whether the key has the named type by itself in an interface, as a
// constant in Go does.
func (k *Key) Defaults(typ string) bool {
	switch k.Kind {
	case TextKey:
		return typ == "string"
	case BoolKey:
		return typ == "bool"
	case RuneKey:
		return typ == "int32"
	case DurationKey:
		return typ == "time.Duration"
	case ConstantKey:
		return true // which has a type of its own
	case ComplexKey:
		return typ == "complex128"
	case NumberKey:
		if strings.HasPrefix(k.Text, "0x") && strings.ContainsAny(typ, "*") {
			return true
		}
		if strings.HasSuffix(k.Text, ")") || strings.HasSuffix(k.Text, "i") {
			return typ == "complex128"
		}
		if strings.ContainsAny(k.Text, ".eEIN") && !strings.HasPrefix(k.Text, "0x") {
			return typ == "float64"
		}
		return typ == "int"
	}
	return false
}

// complex is the value of a number whose parts have so many bits together.
func (k *Key) complex(bits int) (complex128, bool) {
	switch {
	case k.Kind == ComplexKey && len(k.Parts) == 2:
		re, ok1 := k.Parts[0].complex(bits)
		im, ok2 := k.Parts[1].complex(bits)
		return complex(real(re), real(im)), ok1 && ok2 && imag(re) == 0 && imag(im) == 0
	case k.Kind == NumberKey || k.Kind == RuneKey || k.Kind == DurationKey:
		if c, err := strconv.ParseComplex(k.Text, bits); err == nil {
			return c, true
		}
		n, err := strconv.ParseInt(k.Text, 0, 64) // 0x10
		return complex(float64(n), 0), err == nil
	}
	return 0, false
}

// Equals reports whether the key is the number or bool, of so many bytes, that is written
// like that.
func (k *Key) Equals(text string, size uint64) bool {
	switch k.Kind {
	case ZeroKey:
		return text == "false" || text == "0x0" || strings.Trim(text, "()+-0i") == "" && text != ""
	case BoolKey:
		return text == k.Text
	case NumberKey, RuneKey, DurationKey, ComplexKey:
	default:
		return false
	}
	if k.Kind == ComplexKey {
		if !strings.HasSuffix(text, ")") {
			return false
		}
	} else if a, err := strconv.ParseInt(text, 0, 64); err == nil {
		b, err := strconv.ParseInt(k.Text, 0, 64)
		if err != nil { // 5e9
			n, ok := k.Number()
			if !ok {
				return false
			}
			b, ok = n.Int64()
			return ok && a == b
		}
		return err == nil && a == b
	}
	if a, err := strconv.ParseUint(text, 0, 64); err == nil {
		b, err := strconv.ParseUint(k.Text, 0, 64)
		return err == nil && a == b
	}
	bits := int(8 * size)
	if a, err := strconv.ParseFloat(text, bits); err == nil {
		b, err := strconv.ParseFloat(k.Text, bits)
		return err == nil && (a == b || math.IsNaN(a) && math.IsNaN(b))
	}
	a, err := strconv.ParseComplex(text, bits)
	b, ok := k.complex(bits)
	return err == nil && ok && a == b
}

// Integer reads a number or a rune of size bytes, and returns its bits.
func Integer(text string, size int, signed bool) (uint64, bool) {
	text = strings.ReplaceAll(text, "_", "")
	if r, ok := Rune(text); ok {
		text = strconv.Itoa(int(r))
	}
	bits := 8 * size
	if !signed {
		v, err := strconv.ParseUint(text, 0, bits)
		return v, err == nil
	}
	v, err := strconv.ParseInt(text, 0, bits)
	return uint64(v) & (1<<(bits-1)<<1 - 1), err == nil
}

// TypedLike returns those texts of keys that are k with a type in front, up to three.
func TypedLike(k *Key, texts []string) []string {
	const most = 3
	var like []string
	for _, text := range texts {
		typed, ok := ParseKey(text)
		if ok && typed.Type != "" && typed.Kind == k.Kind && reflect.DeepEqual(typed.Parts, k.Parts) && len(like) < most {
			like = append(like, "["+text+"]")
		}
	}
	return like
}
