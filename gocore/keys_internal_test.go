package gocore

import (
	"testing"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/keys"
)

// An entry whose key was written as it is printed comes first, once its map was asked for
// before, and all others after it, so that nothing is missing for who writes it otherwise.
func TestKeyIndex(t *testing.T) {
	for _, version := range []string{"go1.22.12", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			p, v := opened(t, version, "Strings")
			var all []inferior.Entry
			p.space.Entries(v.parts.t, v.parts.addr, func(e inferior.Entry) bool {
				all = append(all, e)
				return true
			})
			if len(all) != 3000 {
				t.Fatalf("%d entries, want 3000", len(all))
			}
			var x keys.Index
			walked := 0
			for _, want := range all {
				found := false
				x.Entries(p.keys(), p.keyText(want))(v.parts.t, v.parts.addr, func(e inferior.Entry) bool {
					walked++
					found = e == want
					return !found
				})
				if !found {
					t.Fatalf("the key %s is not found", p.keyText(want))
				}
			}
			if most := 2 * len(all); walked > most {
				t.Errorf("%d entries were walked to find each of %d, want at most %d", walked, len(all), most)
			}
			left := map[inferior.Entry]int{}
			for _, e := range all {
				left[e]++
			}
			for _, want := range []string{"no such key", p.keyText(all[17])} {
				n := 0
				x.Entries(p.keys(), want)(v.parts.t, v.parts.addr, func(e inferior.Entry) bool {
					left[e]--
					n++
					return true
				})
				for _, e := range all {
					if left[e]++; want == "no such key" && left[e] != 1 {
						t.Fatalf("the key %s came %d times", p.keyText(e), 2-left[e])
					}
				}
				if n < len(all) {
					t.Errorf("after %s come %d entries, want %d", want, n, len(all))
				}
			}
			if e := all[17]; left[e] != 0 {
				t.Errorf("the entry that was known comes %d times, want it first and in its place", 2-left[e])
			}
		})
	}
}

// Goroutines may look up keys of one map at the same time.
func TestKeyIndexIsShared(t *testing.T) {
	p, v := opened(t, "go1.27.0", "Strings")
	var x keys.Index
	done := make(chan bool)
	for range 8 {
		go func() {
			ok := true
			p.space.Entries(v.parts.t, v.parts.addr, func(want inferior.Entry) bool {
				x.Entries(p.keys(), p.keyText(want))(v.parts.t, v.parts.addr, func(e inferior.Entry) bool {
					ok = e == want
					return !ok
				})
				return ok
			})
			done <- ok
		}()
	}
	for range 8 {
		if !<-done {
			t.Error("a key was not found")
		}
	}
}
