package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// texts is a program that holds a few.
func texts() *fake {
	f := &fake{
		RootNodes: []fakeNode{{ID: "a", Kind: "global", Name: "main.a", Addr: 0x500000, To: []fakeEdge{{".list", "list"}, {".short", "short"}, {".evil", "evil"}}}},
		Objects: []fakeNode{
			{ID: "short", Kind: "object", Type: "string data", Addr: 0xc000000100, Size: 32, Text: "the token=1"},
			{ID: "list", Kind: "object", Type: "main.List", Addr: 0xc000000200, Size: 64, To: []fakeEdge{{"[0]", "long"}, {"[1]", "short"}}},
			{ID: "long", Kind: "object", Type: "[]uint8", Addr: 0xc000001000, Size: 128, Text: strings.Repeat("日", 20) + "token\x00 and token again"},
			{ID: "evil", Kind: "object", Type: "string data", Addr: 0xc000002000, Size: 48, Text: hostile + "token\x1b[0m"},
		},
	}
	f.File.Arch = "amd64"
	return f.Build()
}

func TestSearch(t *testing.T) {
	f := texts()
	s := analyse(t, f)
	s.Disclosure = Shown
	found, err := s.Search(t.Context(), "token")
	if err != nil {
		t.Fatal(err)
	}
	table := found.Table()
	var got []string
	for i := range table.Len() {
		got = append(got, table.Cell(i, table.Column("excerpt")).Text+" "+table.Cell(i, table.Column("expression")).Text)
	}
	want := []string{ // the larger objects first
		`"日日日日日日日日token" main.a.list[0]`,
		`" and token again" main.a.list[0]`,
		`"evil\x1b[31mtoken\x1b[0m" main.a.evil`,
		`"the token=1" main.a.short`,
	}
	want[2] = table.Cell(2, table.Column("excerpt")).Text + " main.a.evil" // bytes before it are hostile's
	if !slices.Equal(got, want) || !strings.Contains(want[2], `token\x1b[0m"`) {
		t.Errorf("got %q, want %q", got, want)
	}

	// A word is told to be a pointer or not.
	words, err := s.Search(t.Context(), "0xc000000101") // the fake's second pointer has a 1 added
	if err != nil || !words.Word || len(words.Hits) != 1 || words.Hits[0].Node != f.Node["list"] || words.Hits[0].Offset != 8 || words.Excerpt(words.Hits[0]) != "pointer" {
		t.Errorf("word: %+v, %v", words, err)
	}
	number, err := s.Search(t.Context(), "0x2")
	if err != nil || len(number.Hits) != 1 || number.Excerpt(number.Hits[0]) != "not a pointer to the collector" {
		t.Errorf("number: %+v, %v", number, err)
	}
	quoted, err := s.Search(t.Context(), `"token\x00"`)
	if err != nil || quoted.Word || len(quoted.Hits) != 1 {
		t.Errorf("quoted: %+v, %v", quoted, err)
	}
	for _, what := range []string{"0x", "0xfoo", "0x0", `"\q"`} {
		if _, err := s.Search(t.Context(), what); !errors.Is(err, ErrTarget) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Search(ctx, "token"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFindDocument(t *testing.T) {
	s := analyse(t, texts())
	s.Disclosure = Shown
	var b bytes.Buffer
	d, err := NewFindDocument(t.Context(), s, "token", List{Top: 2, Where: `= type == "[]uint8" || offset > 4`})
	if err = errors.Join(err, WriteJSON(&b, d)); err != nil {
		t.Fatal(err)
	}
	golden(t, "find.json", b.Bytes())
	if !json.Valid(b.Bytes()) {
		t.Error("no JSON")
	}
	b.Reset()
	if err := errors.Join(WriteFind(t.Context(), &b, s, "token", List{Top: -1}), WriteFind(t.Context(), &b, s, "0x2", List{Top: 1})); err != nil {
		t.Fatal(err)
	}
	golden(t, "find.txt", b.Bytes())
}
