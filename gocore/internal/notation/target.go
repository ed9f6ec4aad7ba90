// Package notation knows the words by which people and goheap name what stands in a
// program's memory: `main.cache.byID["x"].User`, `goroutine 17 [select] main.work
// work.go:12 · job.data`, `(*main.T)(0xc000012340)`. Parse makes a tree of a text, and an
// Expression puts the links of a chain together as text. It knows no memory.
//
// Terms:
//
//   - target: the whole text, which is an address, a goroutine, a place in one, or an
//     expression.
//   - expression: operators in front of an operand, or an operand and steps behind it.
//   - step: what is selected of a value: a field, an index, a type assertion, the variable
//     that a closure captured, or a hop that Go has no words for, written with an arrow.
package notation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Target is what a text names.
type Target struct {
	Kind Kind
	// Addr is the address of an AtAddress, and Type what was written behind it, the name
	// of a type.
	Addr uint64
	Type string
	// Goroutine is the number of an InGoroutine, and Frame the call that Expr is evaluated
	// in, as it was written: "main.work work.go:12"; "" for any.
	Goroutine uint64
	Frame     string
	// Expr is nil for an address, and where a goroutine itself is meant.
	Expr *Expr
}

// Kind is what kind of thing a target is.
type Kind uint8

const (
	InProgram   Kind = iota // an expression from a global variable
	AtAddress               // 0xc000012340
	InGoroutine             // g:17
)

// Expr is an expression: an operand and the steps that follow it, or an operator with
// the expression X.
type Expr struct {
	Op    Op
	Pos   int    // of its first byte in the text
	Text  string // Variable: its name; Convert: the type; Constant: as written; Receive: the place in the queue
	Addr  uint64 // Convert
	X     *Expr  // of an operator, a function or a parenthesis
	Steps []Step // none behind an operator
}

// Op says what an Expr is.
type Op uint8

const (
	Variable Op = iota
	Deref       // *X
	Address     // &X
	Receive     // <-X[Text]
	Paren       // (X)
	Convert     // (Text)(Addr)
	Len         // len(X)
	Cap         // cap(X)
	Constant    // 17, "text", 'x'
)

// Step is one part of what is selected.
type Step struct {
	Kind StepKind
	Pos  int
	// Text is the name of a field, what stands between the brackets of an index, a type, the
	// text behind an arrow, or the selectors up to a closure's own name.
	Text string
	// Beyond is the length that an index is known to be beyond, "" for none.
	Beyond string
	// Variable is what a closure captured.
	Variable string
	// N and Steps are those of a repetition: Steps, N times. Times is where N is written.
	N     int
	Times int
	Steps []Step
}

// Selects reports whether a repetition has nothing but fields and type assertions: it leads
// from the same value to the same whenever it is followed.
func (s *Step) Selects() bool {
	return !slices.ContainsFunc(s.Steps, func(s Step) bool { return s.Kind != Field && s.Kind != Assert })
}

// StepKind says what a Step is.
type StepKind uint8

const (
	Field    StepKind = iota // .Text
	Index                    // [Text]: a place, a key, or a range
	Assert                   // .(Text)
	Arrow                    //  → Text
	Captured                 // .Text captured Variable
	Repeat                   // (Steps) ×N
)

// Names returns the length of the longest name that s starts with and that an expression
// may start with; 0 for none.
type Names func(s string) int

// Error is what is wrong with a text.
type Error struct {
	Pos  int // in bytes
	What string
}

func (e *Error) Error() string { return e.What }

// arrow stands in front of a hop that no Go expression names, capturedBy between a
// function and a variable that it captured, inFrame between a call and a variable, ordinal
// in front of the number of one of several of the same name.
const (
	arrow      = " → "
	capturedBy = " captured "
	repeated   = " ×"
	inFrame    = "· "
	beyond     = " beyond len "
	ordinal    = " #"
)

// Fitting stands behind an arrow where an object is taken to be of the only type that fits it.
const Fitting = "≈"

// String is the text of the target.
func (t *Target) String() string {
	switch t.Kind {
	case AtAddress:
		if t.Type != "" {
			return fmt.Sprintf("%#x %s", t.Addr, t.Type)
		}
		return fmt.Sprintf("%#x", t.Addr)
	case InGoroutine:
		s := fmt.Sprintf("g:%d", t.Goroutine)
		if t.Frame != "" {
			s += " " + t.Frame
		}
		if t.Expr != nil {
			s += " " + inFrame + t.Expr.String()
		}
		return s
	}
	return t.Expr.String()
}

// String is the text of the expression.
func (e *Expr) String() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *Expr) write(b *strings.Builder) {
	switch e.Op {
	case Variable, Constant:
		b.WriteString(e.Text)
	case Convert:
		fmt.Fprintf(b, "(%s)(%#x)", e.Text, e.Addr)
	case Deref:
		b.WriteByte('*')
		e.X.write(b)
	case Address:
		b.WriteByte('&')
		e.X.write(b)
	case Receive:
		b.WriteString("<-")
		e.X.write(b)
		b.WriteString("[" + e.Text + "]")
	default:
		b.WriteString(map[Op]string{Paren: "(", Len: "len(", Cap: "cap("}[e.Op])
		e.X.write(b)
		b.WriteByte(')')
	}
	writeSteps(b, e.Steps)
}

func writeSteps(b *strings.Builder, steps []Step) {
	for _, s := range steps {
		s.write(b)
	}
}

func (s *Step) write(b *strings.Builder) {
	switch s.Kind {
	case Field:
		b.WriteString("." + s.Text)
	case Index:
		b.WriteString("[" + s.Text + "]")
		if s.Beyond != "" {
			b.WriteString(beyond + s.Beyond)
		}
	case Assert:
		b.WriteString(".(" + s.Text + ")")
	case Arrow:
		b.WriteString(arrow + s.Text)
	case Captured:
		b.WriteString("." + s.Text + capturedBy + s.Variable)
	case Repeat:
		if len(s.Steps) == 1 {
			s.Steps[0].write(b)
		} else {
			b.WriteByte('(')
			writeSteps(b, s.Steps)
			b.WriteByte(')')
		}
		b.WriteString(repeated + strconv.Itoa(s.N))
	}
}

// String is the text of the step.
func (s Step) String() string {
	var b strings.Builder
	s.write(&b)
	return b.String()
}

// BeyondLen is the index of an element of the array behind a slice that the slice, of the
// given length, does not reach: "[5] beyond len 3".
func BeyondLen(index string, length uint64) string {
	return fmt.Sprintf("[%s]%s%d", index, beyond, length)
}

// Head is what an expression starts with, behind the operators in front of it.
func (e *Expr) Head() *Expr {
	for e.X != nil {
		e = e.X
	}
	return e
}
