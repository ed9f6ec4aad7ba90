package library

import (
	"strconv"
	"unicode/utf8"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

const (
	// MaxShow is how many bytes of a string are shown.
	MaxShow = 120

	maxName = 120
)

// QuoteStart is Quote for the start of a text.
func QuoteStart(s string) string {
	n := uint64(len(s))
	return notation.Quote(WholeRunes([]byte(s[:min(n, MaxShow)]), n), n)
}

// bufferText quotes the bytes of a slice from off on: what was written to a buffer and
// not read yet.
func (p *Reader) bufferText(typ *types.Type, addr uint64, buf layout.Field, off uint64) (string, bool) {
	part, at, ok := p.Part(typ, addr, buf)
	if !ok || part.Kind != types.Slice || p.Types.Type(part.Elem).Kind != types.Uint8 {
		return "", false
	}
	data, ok1 := p.Mem.Word(at)
	n, ok2 := p.Mem.Word(at + uint64(p.Arch.PtrSize))
	if !ok1 || !ok2 || off > n {
		return "", false
	}
	n -= off
	b := p.Mem.Prefix(data+off, min(n, MaxShow))
	if len(b) == 0 && n > 0 {
		return "", false // not in the core
	}
	return notation.Quote(WholeRunes(b, n), n), true
}

// WholeRunes drops the start of a character that was cut off at the end of b,
// the first bytes of n.
func WholeRunes(b []byte, n uint64) []byte {
	if uint64(len(b)) >= n {
		return b
	}
	for i := 1; i < utf8.UTFMax && i < len(b); i++ {
		if at := len(b) - i; utf8.RuneStart(b[at]) {
			if b[at] >= utf8.RuneSelf && !utf8.FullRune(b[at:]) {
				return b[:at]
			}
			break
		}
	}
	return b
}

// Bare returns a name from the program as it is if it is short and printable,
// else quoted.
func Bare(s string) string {
	if len(s) > maxName {
		return notation.Quote(WholeRunes([]byte(s[:maxName]), uint64(len(s))), uint64(len(s)))
	}
	for _, r := range s {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return strconv.QuoteToGraphic(s)
		}
	}
	return s
}
