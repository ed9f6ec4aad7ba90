package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/flat"
)

// maxHits is how many places a search lists; it counts them all.
const maxHits = 1 << 20

// Found is where something stands in the live objects.
type Found struct {
	Asked string
	Word  bool         // a word was searched for
	Hits  []gocore.Hit // those in objects that retain most first, then by address
	Total uint64       // places, more than Hits has if there are very many
	// Missing are bytes of live objects that the file does not have.
	Missing uint64

	text []byte
	s    *Snapshot
}

// Search finds a text or, written as 0x…, a word in the live objects. A text
// between quotes is read as a Go string: "0x10" or "\x00\x01".
func (s *Snapshot) Search(ctx context.Context, what string) (*Found, error) {
	f := &Found{Asked: what, text: []byte(what), s: s}
	var hits gocore.Hits
	value, err := uint64(0), error(nil)
	switch {
	case strings.HasPrefix(what, "0x") || strings.HasPrefix(what, "0X"):
		if value, err = strconv.ParseUint(what, 0, 64); err != nil {
			return nil, targetError{fmt.Errorf("%q is no word; to find it as a text, put it in quotes: '\"%s\"'", what, what)}
		}
		if value == 0 {
			return nil, targetError{errors.New("the word 0 is everywhere")}
		}
		f.Word = true
		hits, err = s.Heap.FindWord(ctx, value, maxHits)
	case len(what) >= 2 && what[0] == '"' && what[len(what)-1] == '"':
		text, wrong := strconv.Unquote(what)
		if wrong != nil {
			return nil, targetError{fmt.Errorf("%s is no Go string", what)}
		}
		f.text = []byte(text)
		fallthrough
	default:
		hits, err = s.Heap.FindBytes(ctx, f.text, maxHits)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, targetError{err}
	}
	f.Total, f.Missing = hits.Total, hits.Missing
	if err := s.Dominators.PreparePaths(s.within(ctx)); err != nil {
		return nil, err
	}
	return f, f.sort(ctx, hits.List)
}

// sort takes hits in the order of addresses.
func (f *Found) sort(ctx context.Context, hits []gocore.Hit) error {
	keys, rows := flat.Make[uint64](len(hits)), make([]uint32, len(hits))
	defer flat.Free(keys)
	for i, h := range hits {
		keys[i], rows[i] = ^f.s.Dominators.Retained(h.Node), uint32(i)
	}
	if err := order(ctx, keys, rows); err != nil {
		return err
	}
	f.Hits = make([]gocore.Hit, len(hits))
	for i, row := range rows {
		f.Hits[i] = hits[row]
	}
	return nil
}

const (
	excerptBefore = 24 // bytes of an object that are shown before what was found
	excerptAfter  = 40
)

// Excerpt shows what was found with what stands around it in the object, as a Go
// string; for a word, whether the collector follows it.
func (f *Found) Excerpt(h gocore.Hit) string {
	if f.Word {
		if f.s.Heap.FollowedAt(h.Node, h.Offset) {
			return "pointer"
		}
		return "not a pointer to the collector"
	}
	from := h.Offset - min(h.Offset, excerptBefore)
	b := f.s.Heap.Hex(h.Node, from, h.Offset-from+uint64(min(len(f.text), excerptAfter))+excerptAfter)
	at := int(h.Offset - from)
	if at > len(b) {
		return ""
	}
	// What was never written is noise.
	lead := b[:at]
	for i := len(lead); i > 0; i-- {
		if lead[i-1] == 0 {
			lead = lead[i:]
			break
		}
	}
	rest := b[at:]
	end := min(len(f.text), len(rest))
	for end < len(rest) && rest[end] != 0 {
		end++
	}
	// Not in the middle of a character.
	for len(lead) > 0 && from+uint64(at-len(lead)) > 0 && !utf8.RuneStart(lead[0]) {
		lead = lead[1:]
	}
	return strconv.Quote(string(lead) + string(rest[:end]))
}

// around is the Excerpt, "" where that is a value and hidden.
func (f *Found) around(h gocore.Hit) string {
	if f.s.Disclosure == Hidden && !f.Word {
		return ""
	}
	return f.Excerpt(h)
}

// Table lists what was found.
func (f *Found) Table() *Table {
	s := f.s
	around := "Around it"
	if f.Word {
		around = "Word is"
	}
	return NewTable(len(f.Hits), func(row int) heap.Node { return f.Hits[row].Node },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Retained(f.Hits[row].Node)} }},
		Column{Name: "address", Title: "Object", Kind: Addr, MinWidth: 12,
			Cell: func(row int) Cell { return addrCell(s.Heap.ValueAddr(f.Hits[row].Node)) }},
		Column{Name: "offset", Title: "Offset", Kind: Count, Priority: 2, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: f.Hits[row].Offset} }},
		Column{Name: "type", Title: "Type", MinWidth: 12,
			Cell: func(row int) Cell { return textCell(s.Heap.Type(f.Hits[row].Node)) }},
		Column{Name: "excerpt", Title: around, MinWidth: 20,
			Cell: func(row int) Cell { return textCell(f.around(f.Hits[row])) }},
		Column{Name: "expression", Title: "Held as", Priority: 3, MinWidth: 20,
			Cell: func(row int) Cell { return textCell(s.Expression(s.Dominators.PathTo(f.Hits[row].Node))) }},
	)
}

// FindDocument is the answer to a search in JSON.
type FindDocument struct {
	Schema  string        `json:"schema"`
	Asked   Escaped       `json:"asked"`
	Kind    string        `json:"kind"`  // "text" or "word"
	Total   uint64        `json:"total"` // places, before any are left out
	Missing uint64        `json:"missing_bytes"`
	Found   []HitDocument `json:"found"`
	More    uint64        `json:"more"`
}

// HitDocument is a place in an object.
type HitDocument struct {
	Node       NodeDocument `json:"node"`
	Offset     uint64       `json:"offset"`
	Retained   uint64       `json:"retained_bytes"`
	Excerpt    Optional     `json:"excerpt"`    // null for a word
	Pointer    *bool        `json:"pointer"`    // of a word: the collector follows it; null for a text
	Expression Optional     `json:"expression"` // of the shortest path to the object
}

// NewFindDocument lists what a search found; the filter sees the rows of the Table.
func NewFindDocument(ctx context.Context, s *Snapshot, what string, l List) (*FindDocument, error) {
	f, err := s.Search(ctx, what)
	if err != nil {
		return nil, err
	}
	d := &FindDocument{Schema: "goheap/find/1", Asked: Escaped(what), Kind: "text", Total: f.Total, Missing: f.Missing, Found: []HitDocument{}}
	if f.Word {
		d.Kind = "word"
	}
	t, err := s.Where(ctx, f.Table(), l.Where)
	if err != nil {
		return nil, err
	}
	if l.Where != "" {
		d.Total = uint64(t.Len())
	}
	t = t.Head(l.Top)
	d.More = d.Total - uint64(t.Len())
	for i := range t.Len() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		h := f.Hits[t.Row(i)]
		hit := HitDocument{
			Node: describeNode(s, h.Node), Offset: h.Offset, Retained: s.Dominators.Retained(h.Node),
			Expression: Optional(s.Expression(s.Dominators.PathTo(h.Node))),
		}
		if f.Word {
			followed := s.Heap.FollowedAt(h.Node, h.Offset)
			hit.Pointer = &followed
		} else {
			hit.Excerpt = Optional(f.around(h))
		}
		d.Found = append(d.Found, hit)
	}
	return d, nil
}

// WriteFind writes what a search found, for people.
func WriteFind(ctx context.Context, w io.Writer, s *Snapshot, what string, l List) error {
	f, err := s.Search(ctx, what)
	if err != nil {
		return err
	}
	t, err := s.Where(ctx, f.Table(), l.Where)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	asked := "the text " + strconv.Quote(string(f.text))
	if f.Word {
		asked = "the word " + Printable(what)
	}
	p.line("%s is at %s in live objects%s", asked, plural(f.Total, "place"), f.remark())
	if t.Len() > 0 {
		p.line("")
		p.table(t.Head(l.Top), "")
	}
	return p.w.Flush()
}

// remark says what the number of places does not.
func (f *Found) remark() string {
	text := ""
	if n := uint64(len(f.Hits)); n < f.Total {
		text = fmt.Sprintf("; only the first %s by address are looked at below", comma(n))
	}
	if f.Missing > 0 {
		text += fmt.Sprintf("; %s of live objects are not in the file", HumanBytes(f.Missing))
	}
	return text
}
