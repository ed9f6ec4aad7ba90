package gocore_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"goheap/gocore/account"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// accounted is a process of the program accounts: what the account says of it, and what
// it says of itself.
type accounted struct {
	process
	account.Account
	said map[string]uint64 // by the names of runtime.MemStats
	kept *account.Residency
}

func openAccount(t *testing.T, opt testcore.Options, kind testcore.Kind, what string) accounted {
	t.Helper()
	opt.Env = append(opt.Env, "GODEBUG=asyncpreemptoff=1")
	p := accounted{process: open(t, "accounts", opt, kind, what), kept: &account.Residency{}}
	var smaps strings.Builder
	for _, line := range p.process.said {
		var smap struct{ Line string }
		if strings.HasPrefix(line, `{"case":"memstats"`) {
			all := map[string]any{}
			if err := json.Unmarshal([]byte(line), &all); err != nil {
				t.Fatal(err)
			}
			p.said = map[string]uint64{}
			for name := range all {
				var n uint64
				if _, err := fmt.Sscan(strings.TrimLeft(line[strings.Index(line, `"`+name+`":`)+len(name)+3:], " "), &n); err == nil {
					p.said[name] = n
				}
			}
		} else if json.Unmarshal([]byte(line), &smap) == nil && strings.HasPrefix(line, `{"case":"smaps"`) {
			smaps.WriteString(smap.Line + "\n")
		}
	}
	if err := p.kept.Read([]byte(smaps.String())); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.Account, err = p.process.Account(t.Context(), p.kept, true); err != nil {
		t.Fatal(err)
	}
	return p
}

// cases are those of the program, with the versions and dumpers that each is tried with.
func eachAccount(t *testing.T, f func(t *testing.T, p accounted, what string)) {
	versions := []string{"go1.18.10", "go1.22.12", "", "go1.27.0"}
	if testcore.EveryBuild() {
		versions = []string{"go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "", "go1.27.0"}
	}
	for i, version := range versions {
		for k, what := range []string{"quiet", "released", "returned", "garbage", "fragment", "stacks", "mmap", "limit"} {
			if !testcore.EveryBuild() && version != "" && what != "quiet" && k%len(versions) != i {
				continue
			}
			kind := testcore.Kernel
			if (i+k)%4 == 0 {
				kind = testcore.Captured
			}
			t.Run(fmt.Sprintf("%s %s %s", version, what, kind), func(t *testing.T) {
				t.Parallel()
				f(t, openAccount(t, testcore.Options{Go: version}, kind, what), what)
			})
		}
	}
}

// What the process said by runtime.ReadMemStats is what the core says, to the byte, and
// what spans and the page allocator say agrees with it.
func TestAccountCounters(t *testing.T) {
	t.Parallel()
	eachAccount(t, func(t *testing.T, p accounted, what string) {
		if p.Counters == nil || p.Pages == nil {
			t.Fatalf("no counters, or no pages: %+v", p.Problems())
		}
		got := reflect.ValueOf(*p.Counters)
		compared := 0
		for name, want := range p.said {
			f := got.FieldByName(name)
			if !f.IsValid() {
				t.Errorf("there is no %s", name)
				continue
			}
			compared++
			if f.Uint() != want {
				t.Errorf("%s is %d, the program said %d", name, f.Uint(), want)
			}
		}
		if compared != 20 {
			t.Errorf("%d counters were compared", compared)
		}
		sum := account.Sum(p.Classes)
		for _, c := range []struct {
			name      string
			got, want uint64
		}{
			{"spans of objects", p.Pages.Objects, p.Counters.HeapInuse},
			{"spans of stacks", p.Pages.Stacks, p.Counters.StackInuse},
			{"other spans", p.Pages.Work, p.Counters.WorkBuffers},
			{"kept", p.Pages.Kept, p.Counters.HeapIdle - p.Counters.HeapReleased},
			{"returned", p.Pages.Returned, p.Counters.HeapReleased},
			{"allocated", sum.Live + sum.Garbage, p.Counters.HeapAlloc},
			{"spans by class", sum.Bytes, p.Pages.Objects},
			{"parts of spans", sum.Live + sum.Garbage + sum.Free + sum.Ends, p.Pages.Objects},
			{"stacks", p.Stacks.Used + p.Stacks.Idle + p.Stacks.Threads + p.Stacks.Free, p.Pages.Stacks},
			{"live", sum.Live, p.Dominators().LiveBytes()},
			{"missing records", uint64(p.Pages.Missing), 0},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
			}
		}
	})
}

// The parts of the process add up to what was resident of it, and each case has most where
// the program has put it.
func TestAccountResidency(t *testing.T) {
	t.Parallel()
	eachAccount(t, func(t *testing.T, p accounted, what string) {
		var resident, content uint64
		byKind := map[account.Kind]uint64{}
		for i := range p.Regions {
			r := &p.Regions[i]
			resident += r.Resident
			byKind[r.Kind] += r.Resident
			if r.Counted {
				content += r.Content
			}
			if r.Resident+r.Swapped > r.Size() || r.Content > r.Size() || i > 0 && p.Regions[i-1].End > r.Start {
				t.Errorf("%+v", *r)
			}
		}
		if resident != p.kept.RSS || resident == 0 {
			t.Errorf("the regions have %d bytes resident, the process %d", resident, p.kept.RSS)
		}
		for _, k := range []account.Kind{account.GoHeap, account.GoTables, account.Executable, account.ThreadStack} {
			if byKind[k] == 0 {
				t.Errorf("nothing is resident of %s", k)
			}
		}
		const unknown = 64 << 10
		want := uint64(0)
		if what == "mmap" {
			want = 64 << 20
		}
		if n := byKind[account.Anonymous]; n < want || n > want+unknown {
			t.Errorf("%d bytes are nobody's, want %d", n, want)
		}
		t.Logf("RSS %d, content %d, by kind %v", p.kept.RSS, content, byKind)
		for i := range p.Regions {
			if r := &p.Regions[i]; r.Kind == account.Anonymous {
				t.Logf("%#x-%#x %d content %d resident %d", r.Start, r.End, r.Size(), r.Content, r.Resident)
			}
		}
		// What is resident of the heap is what is neither returned nor was never touched.
		if heap := byKind[account.GoHeap]; heap > p.Pages.Mapped()+4<<20 {
			t.Errorf("%d bytes of the heap are resident, %d are mapped", heap, p.Pages.Mapped())
		}
	})
}

// What garbage was the allocator has recorded of larger objects with pointers, since Go
// 1.22.
func TestRecordedType(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"go1.21.13": 0, "go1.22.12": 3, "": 3, "go1.27.0": 3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := openAccount(t, testcore.Options{Go: version}, testcore.Kernel, "garbage")
			live, dead := 0, 0
			for _, n := range heaptest.Nodes(p.graph) {
				switch {
				case p.process.RecordedType(n) != "main.link":
				case p.process.Dominators().Live(n):
					live++
				default:
					dead++
				}
			}
			if dead != want || want > 0 && live != 19997 {
				t.Errorf("%d are garbage and %d alive, want %d and 19,997", dead, live, want)
			}
		})
	}
}
