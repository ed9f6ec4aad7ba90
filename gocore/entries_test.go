package gocore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
)

// names are those of all that a value opens into.
func (p process) names(v gocore.Value) []string {
	var names []string
	for _, c := range p.Children(v, 0, v.Children+1) {
		names = append(names, c.Name)
	}
	return names
}

// Entries of a map are sorted as the program sorts its keys, and filtered by their names;
// pages of them are those of the whole.
func TestChosenEntries(t *testing.T) {
	t.Parallel()
	for _, b := range openedBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "opened", b.opt, b.kind)
			n, err := p.Lookup("main.maps")
			if err != nil {
				t.Fatal(err)
			}
			all, _ := p.Value(n)
			lines := decode[struct {
				Map  string
				Keys []string
			}](t, p.said, "sorted")
			for _, want := range lines {
				v, ok := p.child(all, want.Map)
				if !ok || !v.Map && v.Children > 0 {
					t.Errorf("%s: %t, %+v", want.Map, ok, v)
					continue
				}
				p.checkSorted(t, v, want.Map, want.Keys)
				p.checkFiltered(t, v, want.Map)
			}
			if len(lines) < 15 {
				t.Errorf("only %d maps", len(lines))
			}
		})
	}
}

func (p process) checkSorted(t *testing.T, v gocore.Value, name string, keys []string) {
	t.Helper()
	up, sum, err := p.Choose(t.Context(), v, gocore.Choice{ByKey: true})
	if err != nil || sum != (gocore.Chosen{Passed: len(keys), Kept: len(keys)}) || up.Children != len(keys) {
		t.Errorf("%s: %+v, %v, %d entries, want %d", name, sum, err, up.Children, len(keys))
	}
	got := p.names(up)
	for i, key := range keys {
		if i >= len(got) || !strings.HasPrefix(got[i], key) {
			t.Errorf("%s: entry %d is %q, want %q", name, i, got[min(i, len(got)):][:min(1, len(got))], key)
			break
		}
	}
	down, _, err := p.Choose(t.Context(), up, gocore.Choice{ByKey: true, Descending: true})
	if back := p.names(down); err != nil || len(back) != len(got) {
		t.Errorf("%s: %d entries descending, %v", name, len(back), err)
	} else if slices.Reverse(back); !slices.Equal(back, got) {
		t.Errorf("%s: descending is not ascending backwards", name)
	}
	// Whatever the order, an entry has its own element.
	byName := map[string]gocore.Value{}
	for _, c := range p.Children(v, 0, v.Children) {
		byName[c.Name] = c
	}
	whole := p.Children(up, 0, len(keys))
	for _, c := range whole {
		if byName[c.Name] != c && len(byName) == len(keys) {
			t.Errorf("%s: %+v was %+v", name, c, byName[c.Name])
		}
	}
	for _, page := range []int{1, 7, 100} {
		for from := 0; from < min(len(keys), 300); from += page {
			if got, want := p.Children(up, from, page), whole[from:min(from+page, len(whole))]; !slices.Equal(got, want) {
				t.Fatalf("%s: page of %d from %d differs", name, page, from)
			}
		}
	}
}

func (p process) checkFiltered(t *testing.T, v gocore.Value, name string) {
	t.Helper()
	asked := 0
	keep := func(name string) bool { asked++; return strings.Contains(name, "1") }
	some, sum, err := p.Choose(t.Context(), v, gocore.Choice{Keep: keep})
	want := slices.DeleteFunc(p.names(v), func(s string) bool { return !strings.Contains(s, "1") })
	if got := p.names(some); err != nil || !slices.Equal(got, want) || sum.Kept != len(want) || sum.Passed != v.Children || asked != v.Children {
		t.Errorf("%s: %d of %d are kept, %v, %d asked; want %d of %d", name, len(got), sum.Passed, err, asked, len(want), v.Children)
	}
	// A choice is made anew from all entries.
	if again, _, err := p.Choose(t.Context(), some, gocore.Choice{}); err != nil || !slices.Equal(p.names(again), p.names(v)) {
		t.Errorf("%s: %v, %d entries of %d without a filter", name, err, again.Children, v.Children)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.Choose(ctx, v, gocore.Choice{}); !errors.Is(err, context.Canceled) && v.Map {
		t.Errorf("%s: %v after the end of the context", name, err)
	}
}
