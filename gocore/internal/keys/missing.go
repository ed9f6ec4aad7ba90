package keys

import (
	"strings"
	"unicode/utf8"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Missing says why a container of type t at addr has no such key, and in ending, which has
// keys in it, what its keys look like. unknown is what is wrong with a name in it, nil for
// nothing; most bounds the length of a key that is shown.
func (p *Reader) Missing(t types.ID, addr uint64, want string, unknown error, most int) (what, ending string) {
	const look = 100_000
	n, near, example := 0, []string{}, ""
	p.Space.Entries(t, addr, func(m inferior.Entry) bool {
		if n++; n <= look {
			text := p.Text(m)
			if example == "" {
				example = text
			}
			near = append(near, text)
		}
		return n <= look
	})
	looks := "; its keys look like [" + notation.Cut(example, most) + "]"
	k, ok := notation.ParseKey(want)
	switch {
	case n == 0:
		return "it has no entries", ""
	case want == notation.HiddenKey:
		return "the key is hidden in this name: --values prints it", looks
	case !utf8.ValidString(want):
		return "the text in the brackets is no UTF-8: such a key is written [" + notation.EscapeInvalid(want) + "]", ""
	case !ok && !strings.Contains(want, " at 0x"):
		return notation.OneLine(want) + " is not how a key is written", looks
	case unknown != nil:
		return unknown.Error(), looks
	}
	if ok && k.Kind == notation.CompositeKey && k.Type == "" {
		if typed := notation.TypedLike(k, near); len(typed) > 0 {
			return "a key in an interface is written with its type", ": did you mean " + notation.AnyOf(typed) + "?"
		}
	}
	if like := notation.Nearest(want, near, 3); len(like) > 0 {
		looks = "; did you mean " + notation.AnyOf(like) + "?"
	}
	return "it has no key " + notation.OneLine(want), looks
}
