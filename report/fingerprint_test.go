package report

import (
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

func fingerprints(t *testing.T, s *Snapshot) map[string]string {
	t.Helper()
	found, err := Suspects(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for _, f := range found {
		if other, twice := by[f.Fingerprint]; twice || len(f.Fingerprint) != fingerprintDigits {
			t.Errorf("%q is the fingerprint of %q and %q", f.Fingerprint, other, f.Sentence)
		}
		by[f.Fingerprint] = f.Sentence
	}
	return by
}

// A suspect has the same fingerprint in two dumps of two runs of one program, taken in
// different ways and built in different ways, whether values are shown or not; no other
// program's suspect has it.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, program := range []string{"cases/appstruct", "cases/chansend", "cases/jointidx", "cases/fincycle", "cases/singlefield"} {
		var first map[string]string
		for i, opt := range []testcore.Options{{}, {}, {PIE: true}, {PIE: true}} {
			kind := []testcore.Kind{testcore.Captured, testcore.Kernel}[i%2]
			if i > 1 && testing.Short() {
				break
			}
			d := testcore.Core(t, program, opt, kind)
			s, err := Load(t.Context(), d.Core, Options{Exe: d.Exe})
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 1 {
				s.Disclosure = Shown
			}
			got := fingerprints(t, s)
			s.Close()
			if i == 0 {
				first = got
				for f := range got {
					if owner[f] != "" {
						t.Errorf("%s is of %s and of %s", f, owner[f], program)
					}
					owner[f] = program
				}
				if len(got) == 0 {
					t.Errorf("%s has no suspect", program)
				}
				continue
			}
			for f, sentence := range got {
				if first[f] == "" {
					t.Errorf("%s, dump %d: %s of %q is new; the first has %v", program, i, f, sentence, first)
				}
			}
			if len(got) != len(first) {
				t.Errorf("%s, dump %d: %d suspects, %d before", program, i, len(got), len(first))
			}
		}
	}
}

// Growth, other addresses and numbers, keys and indices make no other fingerprint; another
// place does.
func TestFingerprintOfGrowth(t *testing.T) {
	program := func(n int, id uint64, at uint64, step string) *fake {
		f := &fake{
			RootNodes: []fakeNode{{ID: "app", Kind: "global", Name: "main.app", Type: "*main.App", Addr: at, To: []fakeEdge{{step, "big"}}}},
			Objects:   []fakeNode{{ID: "big", Kind: "object", Type: "[]uint8", Addr: 0xc100000000 + at, Size: 1 << 20}},
		}
		for i := range n {
			buf, g := "b"+string(rune('0'+i)), "g"+string(rune('0'+i))
			f.RootNodes = append(f.RootNodes, fakeNode{ID: g, Kind: "goroutine", Name: "goroutine", To: []fakeEdge{{" · b", buf}}})
			f.Objects = append(f.Objects, fakeNode{ID: buf, Kind: "object", Type: "[]uint8", Addr: 0xc000000000 + at + uint64(i)<<20, Size: 1 << 19})
			f.Running = append(f.Running, gocore.Goroutine{ID: id + uint64(i), Node: heap.Node(i + 2), Func: "main.leak", CreatedBy: "main.start"})
		}
		return f.Build()
	}
	want := fingerprints(t, analyse(t, program(2, 7, 0x1000, `.cache["k"].data`)))
	if len(want) != 2 {
		t.Fatalf("%v", want)
	}
	for name, f := range map[string]*fake{
		"another key":   program(2, 7, 0x1000, `.cache["a]b"].data`),
		"an index":      program(2, 7, 0x1000, `.cache[17]`),
		"growth":        program(3, 7, 0x1000, `.cache["k"].data`),
		"one goroutine": program(1, 7, 0x1000, `.cache["k"].data`),
		"other numbers": program(2, 900, 0x8000, `.cache["k"].data`),
	} {
		got := fingerprints(t, analyse(t, f))
		if len(got) != 2 {
			t.Errorf("%s: %v", name, got)
		}
		for f := range got {
			if want[f] == "" {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
	same := 0
	for f := range fingerprints(t, analyse(t, program(2, 7, 0x1000, `.sessions["k"]`))) {
		if want[f] != "" {
			same++
		}
	}
	if same != 1 { // the goroutines
		t.Errorf("%d of 2 are the same where another field holds the bytes", same)
	}
}

func TestFoldedPart(t *testing.T) {
	for _, c := range []struct{ name, expression, want string }{
		{"main.a", "main.a", ""},
		{"main.a", "main.a.b.c", ".b.c"},
		{"main.a", `main.a.b["x"].c[3]`, ".b"},
		{"main.a", "main.a.(map[string]int).x[…]", ".(map[string]int).x"},
		{"main.a", "main.a.list.next.next.next", ".list.next"},
		{"main.a", "main.a.list.next ×3,000", ".list.next"},
		{"data+0x828", "data+0x828 → +0x10", " → +0x10"},
		{"main.a", "main.b", ""},
	} {
		if got := foldedPart(c.name, c.expression); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.expression, c.name, got, c.want)
		}
	}
	if got := withoutAddresses("0xc000 main.T and data+0x10 0xff"); got != "0x… main.T and data+0x10 0x…" {
		t.Errorf("%q", got)
	}
}
