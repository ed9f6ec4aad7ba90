package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// heldOften has goroutines that hold what they hold by eleven words.
type heldOften struct{ *fake }

func (heldOften) Holdings(root, object heap.Node, most int) (list []gocore.Holding, more int) {
	for i := range min(most+1, 11) {
		link := fmt.Sprintf(`m["secret"].w%d`, i)
		list = append(list, gocore.Holding{Expr: "g · " + link, WithoutKeys: fmt.Sprintf("g · m[…].w%d", i), Link: link})
	}
	return list, 11 - len(list)
}

// The words by which a goroutine also holds what a path leads to, or an object that is
// shown, stand below the path or the referrer, without keys where values are hidden; those
// that are too many are counted.
func TestAlsoHeldBy(t *testing.T) {
	f := blockstore()
	f.Build()
	s := analyse(t, f)
	s.Heap = heldOften{f}
	for _, d := range []Disclosure{Hidden, Shown} {
		s.Disclosure = d
		doc, err := NewWhyDocument(t.Context(), s, "buf0", 3, false)
		if err != nil {
			t.Fatal(err)
		}
		var text, json bytes.Buffer
		if err := errors.Join(WriteWhy(&text, s, doc), WriteJSON(&json, doc)); err != nil {
			t.Fatal(err)
		}
		want := "  also held by: g · m[…].w1\n"
		if d == Shown {
			want = "  also held by: g · m[\"secret\"].w1\n"
		}
		if !strings.Contains(text.String(), want) || strings.Contains(text.String(), ".w0") || strings.Contains(text.String(), ".w9") || !strings.Contains(text.String(), "  and by 2 words more\n") {
			t.Errorf("disclosure %d:\n%s", d, &text)
		}
		if j := json.String(); !strings.Contains(j, `"also_held_by": [`) || !strings.Contains(j, `"more_holdings": 2`) || strings.Contains(j, "secret") != (d == Shown) {
			t.Errorf("disclosure %d:\n%s", d, j)
		}
		show, err := NewShowDocument(t.Context(), s, []string{"0xc000300400"}, Parts{}, SameLimit(100))
		if err != nil {
			t.Fatal(err)
		}
		text.Reset()
		json.Reset()
		if err := errors.Join(WriteShow(&text, s, show), WriteJSON(&json, show)); err != nil {
			t.Fatal(err)
		}
		want = "also m[…].w1\n"
		if d == Shown {
			want = "also m[\"secret\"].w1\n"
		}
		if !strings.Contains(text.String(), want) || strings.Contains(text.String(), ".w0") || strings.Contains(text.String(), ".w9") || !strings.Contains(text.String(), "and by 2 words more") {
			t.Errorf("disclosure %d:\n%s", d, &text)
		}
		also := `"g · m[…].w8"`
		if d == Shown {
			also = `"g · m[\"secret\"].w8"`
		}
		if j := json.String(); !strings.Contains(j, also) || !strings.Contains(j, `"more_holdings": 2`) || strings.Contains(j, `"secret"`) && d == Hidden {
			t.Errorf("disclosure %d:\n%s", d, j)
		}
	}
}
