package notation

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds how deep operators and parentheses may nest: each pointer to a pointer
// of a chain takes two, and no argument of a command is longer than 1<<17 bytes on Linux
// (execve(2), MAX_ARG_STRLEN). maxSteps bounds how many steps an expression may have, and
// MaxTimes how often a part is repeated.
const (
	maxDepth = 1 << 17
	maxSteps = 1 << 16
	MaxTimes = 1 << 32
)

// parser takes one text apart.
type parser struct {
	text  string
	names Names
	local bool // names are those of variables of a frame
	depth int
	steps int
}

func (p *parser) fail(pos int, format string, args ...any) error {
	return &Error{Pos: pos, What: fmt.Sprintf(format, args...)}
}

// Parse takes a target apart. Its error is an *Error.
func Parse(text string, names Names) (*Target, error) {
	p := &parser{text: text, names: names}
	if rest, ok := strings.CutPrefix(text, "0x"); ok {
		digits, typ, _ := strings.Cut(rest, " ")
		addr, err := strconv.ParseUint(digits, 16, 64)
		if err != nil {
			return nil, p.fail(0, "%q is no hexadecimal address", "0x"+digits)
		}
		return &Target{Kind: AtAddress, Addr: addr, Type: typ}, nil
	}
	for _, prefix := range []string{"g:", "goroutine "} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return p.goroutine(len(prefix), rest)
		}
	}
	e, err := p.expr(0, len(text))
	if err != nil {
		return nil, err
	}
	return &Target{Expr: e}, nil
}

// ParseExpr takes an expression apart that stands in brackets: from a variable of a frame
// where names is nil. Its error is an *Error.
func ParseExpr(text string, names Names) (*Expr, error) {
	p := &parser{text: text, names: names, local: names == nil}
	return p.expr(0, len(text))
}

// goroutine takes apart what follows "g:": "17", "17 [select] main.work work.go:12 · x", or
// "17 [select], created by main.main" as lists of goroutines have it.
func (p *parser) goroutine(at int, rest string) (*Target, error) {
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	id, err := strconv.ParseUint(rest[:digits], 10, 64)
	if err != nil || digits < len(rest) && rest[digits] != ' ' {
		return nil, p.fail(0, "a goroutine is given by its number, as in g:17")
	}
	t := &Target{Kind: InGoroutine, Goroutine: id}
	rest, at = rest[digits:], at+digits
	if strings.HasPrefix(rest, " [") { // its state
		end := Matching(rest[1:])
		if end < 0 {
			return nil, p.fail(at+1, "the bracket is not closed")
		}
		rest, at = rest[1+end+1:], at+1+end+1
		if strings.HasPrefix(rest, ", ") { // who created it, and its labels
			return t, nil
		}
	}
	if strings.TrimSpace(rest) == "" {
		return t, nil
	}
	frame, _, found := strings.Cut(rest, inFrame)
	if !found || rest[0] != ' ' || frame != " " && !strings.HasSuffix(frame, " ") {
		return nil, p.fail(at, "%q says no variable of the goroutine: write its call and name, as in g:17 main.work · job", strings.TrimSpace(rest))
	}
	t.Frame = strings.TrimSpace(frame)
	p.local = true
	t.Expr, err = p.expr(at+len(frame)+len(inFrame), len(p.text))
	return t, err
}

// expr takes apart the text between two places.
func (p *parser) expr(at, end int) (*Expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(at, "the expression nests deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	s := p.text[at:end]
	switch {
	case s == "":
		return nil, p.fail(at, "an expression is missing")
	case s[0] == '*':
		return p.unary(Deref, at, at+1, end)
	case s[0] == '&':
		return p.unary(Address, at, at+1, end)
	case strings.HasPrefix(s, "<-"):
		open := lastBracket(s)
		if open < len("<-") {
			return nil, p.fail(at, "an element of a channel is given with its place in the queue, as in <-main.queue[0]")
		}
		e, err := p.unary(Receive, at, at+len("<-"), at+open)
		if err == nil {
			e.Text = s[open+1 : len(s)-1]
		}
		return e, err
	}
	e, n, err := p.operand(at, end)
	if err != nil {
		return nil, err
	}
	if e.Op == Constant && at+n < end {
		return nil, p.fail(at+n, "a constant has no parts")
	}
	e.Steps, err = p.selectors(at+n, end, false)
	return e, err
}

func (p *parser) unary(op Op, pos, at, end int) (*Expr, error) {
	x, err := p.expr(at, end)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: op, Pos: pos, X: x}, nil
}

// operand takes the operand off the text and returns its length.
func (p *parser) operand(at, end int) (*Expr, int, error) {
	s := p.text[at:end]
	for _, f := range []struct {
		name string
		op   Op
	}{{"len(", Len}, {"cap(", Cap}, {"(", Paren}} {
		if !strings.HasPrefix(s, f.name) {
			continue
		}
		inner := len(f.name)
		closes := Matching(s[inner-1:])
		if closes < 0 {
			return nil, 0, p.fail(at, "the parenthesis is not closed")
		}
		closes += inner - 1
		if e, n, ok := p.convert(at, s, closes); f.op == Paren && ok {
			return e, n, nil
		}
		x, err := p.expr(at+inner, at+closes)
		if err != nil {
			return nil, 0, err
		}
		return &Expr{Op: f.op, Pos: at, X: x}, closes + 1, nil
	}
	if n := constantLength(s); n > 0 {
		return &Expr{Op: Constant, Pos: at, Text: s[:n]}, n, nil
	}
	n := 0
	switch {
	case p.local:
		n = localLength(s)
	default:
		if n = min(p.names(s), len(s)); n <= 0 {
			n = unknownLength(s)
		}
	}
	if n == 0 {
		return nil, 0, p.fail(at, "a variable is missing")
	}
	return &Expr{Pos: at, Text: s[:n]}, n, nil
}

// convert takes "(*T)(0x12)" apart, whose first parenthesis closes at the given index.
func (p *parser) convert(at int, s string, closes int) (*Expr, int, bool) {
	typ, rest := s[1:closes], s[closes+1:]
	hex, ok := strings.CutPrefix(rest, "(0x")
	if !ok || typ == "" {
		return nil, 0, false
	}
	digits, _, ok := strings.Cut(hex, ")")
	addr, err := strconv.ParseUint(digits, 16, 64)
	if !ok || err != nil {
		return nil, 0, false
	}
	return &Expr{Op: Convert, Pos: at, Text: typ, Addr: addr}, closes + 1 + len("(0x)") + len(digits), true
}

// constantLength returns the length of the number, string or rune at the start of s, 0
// where there is none, or only the path of a package in quotes.
func constantLength(s string) int {
	switch {
	case s[0] >= '0' && s[0] <= '9' || s[0] == '-' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		n := 1
		for n < len(s) && (s[n] == '.' || s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
			n++
		}
		return n
	case s[0] == '"' || s[0] == '\'' || s[0] == '`':
		n := quotedLength(s)
		if n < 2 || n < len(s) && s[n] == '.' {
			return 0
		}
		return n
	}
	return 0
}

// unknownLength returns the length of what can only be a name that is not known: the path
// of a package, which may stand in quotes, and what follows up to an index.
func unknownLength(s string) int {
	n := 0
	if s[0] == '"' {
		n = max(quotedLength(s), 0)
	}
	if end := strings.IndexAny(s[n:], "[( "); end >= 0 {
		return n + end
	}
	return len(s)
}

// What holds an object for a goroutine and is no variable is named by one of these, and
// what follows: an offset, an address, the name of a register, or a number where there
// are several.
const (
	OnStack    = "stack +"
	StackWord  = "stack word "
	InRegister = "register"
	Deferred   = "deferred"
	Context    = "context"
	Record     = "record" // the goroutine's runtime.g
)

// Numbered takes the name of a place apart of which there may be several: "deferred 3",
// "register", "context".
func Numbered(s string) (word string, number int, ok bool) {
	word, digits, found := strings.Cut(s, " ")
	number = 1
	if found {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 {
			return "", 0, false
		}
		number = n
	}
	return word, number, word == InRegister || word == Deferred || word == Context || word == Record
}

// Ordinal takes the number off the name of one of several things that have the same name:
// "main.f main.go:12 #3", "n #2". The first has none.
func Ordinal(s string) (name string, number int) {
	if i := strings.LastIndex(s, ordinal); i >= 0 {
		if n, err := strconv.Atoi(s[i+len(ordinal):]); err == nil && n > 0 {
			return s[:i], n
		}
	}
	return s, 1
}

// localLength returns the length of the name of a variable, with the line of its
// declaration and the number where they are written, or of another place in a goroutine.
func localLength(s string) int {
	n := variableLength(s)
	for _, word := range []string{OnStack, StackWord, InRegister + " ", Deferred + " "} {
		if strings.HasPrefix(s, word) && len(s) > len(word) && s[len(word)] != '(' && !strings.HasPrefix(s[len(word)-1:], arrow) && !strings.HasPrefix(s[len(word)-1:], repeated) && !strings.HasPrefix(s[len(word)-1:], capturedBy) {
			n = max(n, len(word)+nameLength(s[len(word):]))
		}
	}
	for _, mark := range []string{" (conservative)", " (line "} {
		if !strings.HasPrefix(s[n:], mark) {
			continue
		}
		if end := strings.IndexByte(s[n:], ')'); end >= 0 {
			n += end + 1
		}
	}
	if digits, ok := strings.CutPrefix(s[n:], ordinal); ok {
		if behind := strings.TrimLeft(digits, "0123456789"); behind != digits {
			n = len(s) - len(behind)
		}
	}
	return n
}

// selectors takes apart the steps between two places.
func (p *parser) selectors(at, end int, repeating bool) ([]Step, error) {
	var steps []Step
	start := at
	for at < end {
		if p.steps++; p.steps > maxSteps {
			return nil, p.fail(at, "the expression has more than %d parts", maxSteps)
		}
		s := p.text[at:end]
		var step Step
		n := FirstSelector(s)
		switch {
		case s[0] == '(':
			closes := Matching(s)
			if closes < 0 {
				return nil, p.fail(at, "the parenthesis is not closed")
			}
			if repeating {
				return nil, p.fail(at, "repetitions do not nest")
			}
			inner, err := p.selectors(at+1, at+closes, true)
			if err != nil {
				return nil, err
			}
			if len(inner) == 0 || !strings.HasPrefix(s[closes+1:], repeated) {
				return nil, p.fail(at, "%q is not understood", s)
			}
			step, n = Step{Kind: Repeat, Pos: at, Steps: inner}, closes+1
		case strings.HasPrefix(s, ".("):
			if Matching(s[1:]) < 0 {
				return nil, p.fail(at, "the parenthesis is not closed")
			}
			step = Step{Kind: Assert, Pos: at, Text: s[2 : n-1]}
		case s[0] == '[':
			closes := Matching(s)
			if closes < 0 {
				return nil, p.fail(at, "the bracket is not closed")
			}
			step = Step{Kind: Index, Pos: at, Text: s[1:closes]}
			if closes+1 < n {
				step.Beyond = s[closes+1+len(beyond) : n]
			}
		case s[0] == '.':
			step = Step{Kind: Field, Pos: at, Text: s[1:n]}
			if x, length, ok := captured(s); ok {
				x.Pos, step, n = at, x, length
			}
			if step.Text == "" {
				return nil, p.fail(at, "a name is missing behind the dot")
			}
		case strings.HasPrefix(s, arrow):
			step = Step{Kind: Arrow, Pos: at, Text: s[len(arrow):n]}
			if step.Text == "" && !p.selectsAt(at+n) && !(repeating && at+n == end && p.selectsAt(start) && p.selectsBehind(end)) {
				return nil, p.fail(at, "a name is missing behind the arrow")
			}
		default:
			return nil, p.fail(at, "%q is not understood", s)
		}
		at += n
		if number, ok := strings.CutPrefix(p.text[at:end], repeated); ok {
			if repeating {
				return nil, p.fail(at, "repetitions do not nest")
			}
			digits := 0
			for digits < len(number) && number[digits] >= '0' && number[digits] <= '9' {
				digits++
			}
			times, err := strconv.Atoi(number[:digits])
			if err != nil || times > MaxTimes {
				return nil, p.fail(at, "%q is no number of repetitions", number[:digits])
			}
			if step.Kind != Repeat {
				step = Step{Kind: Repeat, Pos: step.Pos, Steps: []Step{step}}
			}
			step.N, step.Times = times, at
			at += len(repeated) + digits
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// selectsAt reports whether there is a selector, an index or a repetition at a place of the
// text.
func (p *parser) selectsAt(at int) bool {
	return at < len(p.text) && strings.IndexByte(".[(", p.text[at]) >= 0
}

// selectsBehind reports whether one stands behind the repetition whose parenthesis closes at
// a place: " ×4" and then ".next".
func (p *parser) selectsBehind(closes int) bool {
	number, ok := strings.CutPrefix(p.text[closes+1:], repeated)
	return ok && p.selectsAt(len(p.text)-len(strings.TrimLeft(number, "0123456789")))
}

// captured takes ".func1 captured x" off s, or ".f.func1.(*T).g.1 captured x" of a function
// that stands in a method that was inlined there.
func captured(s string) (Step, int, bool) {
	by := strings.IndexByte(s, ' ')
	if by < 0 || !strings.HasPrefix(s[by:], capturedBy) || strings.Contains(s[:by], "[") || strings.Count(s[:by], "(") != strings.Count(s[:by], ".(") {
		return Step{}, 0, false
	}
	rest := s[by+len(capturedBy):]
	n := variableLength(rest)
	return Step{Kind: Captured, Text: s[1:by], Variable: rest[:n]}, by + len(capturedBy) + n, true
}
