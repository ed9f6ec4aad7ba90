package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
)

// crowd is a server with goroutines that run stacks of depth calls, with a buffer each.
func crowd(goroutines, stacks, depth int) *fake {
	f := &fake{}
	frames := make([][]gocore.Frame, stacks)
	for i := range frames {
		for k := range depth {
			frames[i] = append(frames[i], gocore.Frame{
				Func: fmt.Sprintf("example.com/organisation/product/internal/transport.(*serverHandlerTransport).HandleStreams.func%d", k),
				File: fmt.Sprintf("/home/builder/go/pkg/mod/example.com/organisation/product@v1.2.3/internal/transport/file%d.go", i), Line: 1000*i + k + 1,
			})
		}
	}
	for i := range goroutines {
		id := fmt.Sprint("b", i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint("g", i), Kind: "goroutine", Name: fmt.Sprintf("goroutine %d", i+1), To: []fakeEdge{{" · b", id}}})
		f.Objects = append(f.Objects, fakeNode{ID: id, Kind: "object", Type: fmt.Sprintf("example.com/organisation/product/internal/transport.message%d", i%max(stacks, 20)), Addr: 0xc000000000 + uint64(i)*64, Size: 64})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i + 1), Node: heap.Node(i + 1), Status: "waiting", WaitReason: "select", WaitNanos: int64(i),
			Func: frames[i%stacks][0].Func, CreatedBy: "net/http.(*Server).Serve", CreatedAt: "/usr/local/go/src/net/http/server.go:3464", ParentID: 1, StackBytes: 8192})
		f.Stacks = append(f.Stacks, frames[i%stacks])
	}
	return f.Build()
}

// The report of a server with many goroutines, and of a program that does all it can to
// make it long, stays of a size that other programs read; what is left out is counted.
func TestReportDocumentSize(t *testing.T) {
	const most = 5_000_000
	for _, c := range []struct{ goroutines, stacks, depth int }{{58_000, 40, 18}, {6000, 6000, 60}} {
		s := analyse(t, crowd(c.goroutines, c.stacks, c.depth))
		d, err := NewReportDocument(t.Context(), s, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteJSON(&b, d); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d goroutines in %d stacks: %d bytes", c.goroutines, c.stacks, b.Len())
		if b.Len() > most {
			t.Errorf("%d goroutines in %d stacks: %d bytes", c.goroutines, c.stacks, b.Len())
		}
		shown := min(c.stacks, DefaultLimits().Goroutines)
		if len(d.Goroutines) != shown || d.More.Goroutines != c.stacks-shown || d.More.Types != max(0, c.stacks-DefaultLimits().Types) ||
			len(d.Roots) != 0 || len(d.Retainers)+d.More.Retainers != c.goroutines {
			t.Errorf("%d groups, %+v", len(d.Goroutines), d.More)
		}

		// All of them, of which the groups are what the goroutines are one by one.
		d, err = NewReportDocument(t.Context(), s, SameLimit(-1))
		if err != nil || len(d.Goroutines) != c.stacks || d.More != (MoreDocument{}) {
			t.Fatalf("%d groups, %+v, %v", len(d.Goroutines), d.More, err)
		}
		each, err := NewGoroutinesDocument(t.Context(), s, List{Top: -1})
		if err != nil {
			t.Fatal(err)
		}
		var sum, want GoroutineHead
		count := 0
		for _, g := range d.Goroutines {
			count += g.Count
			sum.Objects, sum.Retained, sum.StackBytes = sum.Objects+g.Objects, sum.Retained+g.Retained, sum.StackBytes+g.StackBytes
			if g.Count != len(g.IDs)+g.MoreIDs || g.Count > mostIDs && len(g.IDs) != mostIDs || !slices.Contains(g.IDs, g.ID) || len(g.States) != 1 || g.States[0].Count != g.Count {
				t.Fatalf("%d goroutines with %d numbers and %d more", g.Count, len(g.IDs), g.MoreIDs)
			}
			if len(g.Frames)+g.ElidedCalls != c.depth || len(g.Frames) > mostGroupCalls || *g.Frames[len(g.Frames)-1].Line%1000 != c.depth || *g.Frames[0].Line%1000 != 1 {
				t.Fatalf("%d frames and %d more", len(g.Frames), g.ElidedCalls)
			}
			if g.ElidedCalls > 0 && *g.Frames[g.ElidedBehind].Line != *g.Frames[g.ElidedBehind-1].Line+g.ElidedCalls+1 {
				t.Fatalf("the calls are left out elsewhere than behind %d", g.ElidedBehind)
			}
			// Each takes the goroutines of every so many numbers.
			if g.WaitNanos == nil || g.ShortestWait == nil || *g.WaitNanos-*g.ShortestWait != int64((g.Count-1)*c.stacks) {
				t.Fatalf("waits %v and %v", g.WaitNanos, g.ShortestWait)
			}
		}
		for _, g := range each.Goroutines {
			want.Objects, want.Retained, want.StackBytes = want.Objects+g.Objects, want.Retained+g.Retained, want.StackBytes+g.StackBytes
		}
		if count != c.goroutines || count != len(each.Goroutines) || sum.Objects != want.Objects || sum.Retained != want.Retained || sum.StackBytes != want.StackBytes {
			t.Errorf("%d goroutines have %+v, one by one %+v", count, sum, want)
		}
	}
}

// A group says nothing that is not true of all its goroutines.
func TestGoroutineGroupDocument(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	d, err := NewGoroutineGroupsDocument(t.Context(), s, List{Top: -1}, ByCreator)
	if err != nil || len(d.Groups) != 1 {
		t.Fatalf("%d groups, %v", len(d.Groups), err)
	}
	g := d.Groups[0]
	if g.Count != 3 || g.Locked || len(g.Labels) != 0 || g.Function != "main.worker" || g.ParentID == nil || *g.ParentID != 1 || g.Retained != 3*1024 || g.ExclusiveBytes != 3*1024 {
		t.Errorf("%+v", g)
	}
	f.Running[1].WaitReason, f.Running[1].ParentID = "select", 2
	if d, err = NewGoroutineGroupsDocument(t.Context(), analyse(t, f), List{Top: -1}, ByCreator); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(d.Groups[0])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got["wait_reason"] != nil || got["parent_id"] != nil || got["status"] != "waiting" || got["created_by"] != "main.main" {
		t.Errorf("%s", text)
	}
	if d, err = NewGoroutineGroupsDocument(t.Context(), s, List{Top: -1, Where: "=count > 1"}, ByStack); err != nil || len(d.Groups) != 1 || d.Groups[0].Count != 2 {
		t.Errorf("filtered: %+v, %v", d, err)
	}
}
