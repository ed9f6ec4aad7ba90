package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// everything is all that a Snapshot says of a program with a secret in a key, in a
// field and in a text.
func everything(t *testing.T, disclosed Disclosure) string {
	t.Helper()
	f := blockstore()
	f.ByNode[f.Node["data8"]].Text = "the secret text"
	s := analyse(t, f)
	s.Heap = withValues{f, []gocore.Field{{Size: 8, Name: "data", Type: "string", Value: "secret field", Target: heap.None}}}
	var b bytes.Buffer
	for name, out := range documents(t, s, disclosed) {
		if !named(name) { // those print values whatever is asked
			b.Write(out)
		}
	}
	s.Disclosure = disclosed
	ctx := t.Context()
	write := func(table *Table, err error) {
		t.Helper()
		if err = errors.Join(err, WriteCSV(&b, table)); err != nil {
			t.Fatal(err)
		}
	}
	write(HolderTable(ctx, s))
	write(SuspectTable(ctx, s))
	write(ReferrerTable(ctx, s, f.Node["block8"]))
	write(ReferenceTable(ctx, s, f.Node["index"]))
	ways, err := WaysTo(ctx, s, []heap.Node{f.Node["block7"], f.Node["block8"], f.Node["block9"]})
	if err != nil {
		t.Fatal(err)
	}
	for level := []*Way{nil}; len(level) > 0; level = level[1:] {
		below, err := ways.Level(ctx, level[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range below {
			b.WriteString(way.Word + "\n")
		}
		if len(level) < 100 {
			level = append(level, below...)
		}
	}
	found, err := s.Search(ctx, "the ")
	if err != nil {
		t.Fatal(err)
	}
	write(found.Table(), nil)
	tree, err := WholeTree(ctx, s, 9, 100)
	if err != nil {
		t.Fatal(err)
	}
	write(TreeTable(s, tree), nil)
	show, err := NewShowDocument(ctx, s, []string{"block8", "index"}, Parts{}, DefaultLimits())
	why, wrong := NewWhyDocument(ctx, s, "data8", 5, true)
	hits, failed := NewFindDocument(ctx, s, "the ", List{Top: -1})
	err = errors.Join(err, wrong, failed, WriteShow(&b, s, show), WriteWhy(&b, s, why), WriteTree(&b, s, tree), WriteFind(ctx, &b, s, "the ", List{Top: -1}),
		WriteJSON(&b, show), WriteJSON(&b, why), WriteJSON(&b, hits), WriteJSON(&b, NewTreeDocument(s, tree)))
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Where values are hidden, nothing that is printed has any.
func TestDisclosure(t *testing.T) {
	if out := everything(t, Hidden); strings.Contains(out, "secret") {
		i := strings.Index(out, "secret")
		t.Errorf("hidden, but there is %q", out[max(0, i-200):min(len(out), i+40)])
	}
	for _, want := range []string{`["secret8"]`, "the secret text", "secret field"} {
		if !strings.Contains(everything(t, Shown), want) {
			t.Errorf("%s is not shown", want)
		}
	}
	for expr, want := range map[string]string{`["a"]`: "[…]", `.m["a]b"].f`: ".m[…].f", ".a[3].m[x]": ".a[…]", "key": "[…]"} {
		if got := withoutKey(expr); got != want {
			t.Errorf("%s without its key is %s, want %s", expr, got, want)
		}
	}
}
