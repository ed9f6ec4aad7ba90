package gocore_test

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// shown is a line of testdata/programs/values.
type shown struct {
	Path     []string
	Text     string
	Exact    bool
	Addr     string
	Size     uint64
	Children []string
	Count    int
}

// child finds a part of a value by its name; "" is the first one.
func (p process) child(v gocore.Value, name string) (gocore.Value, bool) {
	const page = 1000
	if i, ok := index(name); ok && v.Children > page {
		if c := p.Children(v, i, 1); len(c) == 1 && c[0].Name == name {
			return c[0], true
		}
	}
	for from := 0; from < v.Children; from += page {
		children := p.Children(v, from, page)
		for _, c := range children {
			if c.Name == name || name == "" {
				return c, true
			}
		}
		if len(children) == 0 {
			break
		}
	}
	return gocore.Value{}, false
}

func index(name string) (n int, ok bool) {
	digits, found := strings.CutPrefix(strings.TrimSuffix(name, "]"), "[")
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, found && digits != ""
}

// Every value is shown as the program says that it is.
func TestValues(t *testing.T) {
	t.Parallel()
	for _, b := range append(builds(), build{"unoptimised", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, testcore.Kernel}) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "values", b.opt, b.kind)
			n, err := p.Lookup("main.all")
			if err != nil {
				t.Fatal(err)
			}
			all, ok := p.Value(n)
			if !ok || all.Addr != p.Addr(n) || all.Outside {
				t.Fatalf("main.all is %+v", all)
			}
			lines := decode[shown](t, p.said, "value")
			for _, want := range lines {
				p.checkShown(t, all, want)
			}
			t.Logf("%d values", len(lines))
		})
	}
}

func (p process) checkShown(t *testing.T, v gocore.Value, want shown) {
	t.Helper()
	name := strings.Join(want.Path, " ")
	for _, part := range want.Path {
		c, ok := p.child(v, part)
		if !ok {
			t.Errorf("%s: %s %s has no part %q", name, v.Name, v.Text, part)
			return
		}
		v = c
	}
	if v.Text != want.Text && (want.Exact || !strings.HasPrefix(v.Text, want.Text)) {
		t.Errorf("%s:\n got %s\nwant %s", name, v.Text, want.Text)
	}
	if want.Addr != "" && (v.Addr != address(t, want.Addr) || v.Size != want.Size || v.Outside) {
		t.Errorf("%s: %d bytes at %#x, outside %t; the program says %d at %s", name, v.Size, v.Addr, v.Outside, want.Size, want.Addr)
	}
	if want.Count >= 0 && v.Children != want.Count {
		t.Errorf("%s: %d children, want %d", name, v.Children, want.Count)
	}
	var names []string
	for _, c := range p.Children(v, 0, 1+len(want.Children)) {
		names = append(names, c.Name)
	}
	if want.Children != nil && !slices.Equal(names, want.Children) {
		t.Errorf("%s: opens into %q, want %q", name, names, want.Children)
	}
}

// Pages of a value, taken in any size, are its children in one order, each once.
func TestValuePages(t *testing.T) {
	p := open(t, "values", testcore.Options{}, testcore.Kernel)
	n, err := p.Lookup("main.all")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := p.Value(n)
	for _, name := range []string{"Large", "Many", "Deleted", "Queue", "Sent", "Closure", "Point"} {
		v, ok := p.child(all, name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		whole := p.Children(v, 0, v.Children+10)
		if len(whole) != v.Children {
			t.Errorf("%s has %d children, %d came", name, v.Children, len(whole))
		}
		seen := map[string]bool{}
		for _, c := range whole {
			if seen[c.Name] {
				t.Errorf("%s: %s twice", name, c.Name)
			}
			seen[c.Name] = true
		}
		for _, page := range []int{1, 7, 100} {
			for from := 0; from < min(v.Children, 500); from += page {
				got := p.Children(v, from, page)
				if want := whole[from:min(from+page, len(whole))]; !slices.Equal(got, want) {
					t.Fatalf("%s: page of %d from %d differs", name, page, from)
				}
			}
		}
		if c := p.Children(v, v.Children, 5); c != nil {
			t.Errorf("%s: there are %d behind the last", name, len(c))
		}
		if c := p.Children(v, -1, 5); c != nil {
			t.Errorf("%s: there are %d before the first", name, len(c))
		}
	}
}

// The goroutines that wait at a channel are those that Goroutines says wait.
func TestWaitingGoroutines(t *testing.T) {
	p := open(t, "values", testcore.Options{}, testcore.Kernel)
	n, err := p.Lookup("main.all")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := p.Value(n)
	reason := map[heap.Node]string{}
	for _, g := range p.Goroutines() {
		reason[g.Node] = g.WaitReason
	}
	for name, want := range map[string]string{"Waited": "chan receive", "Sent": "chan send", "Select": "select"} {
		v, _ := p.child(all, name)
		found := 0
		for _, c := range p.Children(v, 0, 10) {
			if c.Type == "goroutine" {
				found++
				if reason[c.Target] != want || c.Text != p.Name(c.Target) {
					t.Errorf("%s: %s waits in %q, want %q", name, c.Text, reason[c.Target], want)
				}
			}
		}
		if found == 0 {
			t.Errorf("nobody waits at %s", name)
		}
	}
}

// Fields are the values of an object itself, in the order of memory, and what
// it opens into behind its own line.
func TestFieldsFrom(t *testing.T) {
	p := open(t, "values", testcore.Options{}, testcore.Kernel)
	n, err := p.Lookup("main.all")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := p.Value(n)
	fields, more := p.Fields(n, 1<<20)
	if more != 0 || len(fields) <= all.Children {
		t.Errorf("%d fields and %d more of %d values", len(fields), more, all.Children)
	}
	for i, f := range fields {
		if f.Outside || f.Offset != f.Addr-all.Addr || f.Offset+f.Size > all.Size {
			t.Errorf("%s: %d bytes at %#x, offset %d, outside %t, do not lie in main.all", f.Name, f.Size, f.Addr, f.Offset, f.Outside)
		}
		if i > 0 && f.Offset < fields[i-1].Offset {
			t.Errorf("%s stands before %s", f.Name, fields[i-1].Name)
		}
	}
	for limit := range 40 {
		head, rest := p.Fields(n, limit)
		if len(head) != limit || rest == 0 || !slices.Equal(head, fields[:limit]) {
			t.Fatalf("of at most %d fields there are %d, and %d more", limit, len(head), rest)
		}
	}
	tail, _ := p.FieldsFrom(n, all.Children-1, 10)
	if len(tail) == 0 || tail[0].Name != "NoValue" {
		t.Errorf("the last field is %+v", tail)
	}

	large, _ := p.child(all, "Large")
	fields, more = p.Fields(large.Target, 11)
	if len(fields) != 11 || more != 4990 || fields[0].Value[:8] != "len 5000" || fields[1].Depth != 1 || !fields[1].Outside {
		t.Errorf("a map has %d fields and %d more: %+v", len(fields), more, fields)
	}
	next, more := p.FieldsFrom(large.Target, 5, 6)
	if more != 4990 || !slices.Equal(next[1:], fields[6:]) {
		t.Errorf("entries 5 to 9 are %+v and %d more, want %+v", next[1:], more, fields[6:])
	}
}
