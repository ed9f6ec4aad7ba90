package report

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
)

// connections has a goroutine that reads and one that writes for each of ten connections,
// with a buffer of the given size that only the reader holds; one large queue that all
// share; and, if held is set, a variable that holds the connections too.
func connections(buffer uint64, held bool) *fake {
	f := &fake{}
	all := fakeNode{ID: "all", Kind: "global", Name: "main.all", Type: "[]*main.conn", Addr: 0x500000}
	add := func(i int, function, state string, to ...fakeEdge) {
		id := fmt.Sprint(function, i)
		f.RootNodes = append(f.RootNodes, fakeNode{ID: id, Kind: "goroutine", Name: fmt.Sprintf("goroutine %d [%s] %s", len(f.RootNodes), state, function), To: to})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(len(f.RootNodes)), Node: heap.Node(len(f.RootNodes)), Status: "waiting", WaitReason: state, WaitNanos: -1, Func: function, CreatedBy: "main.dial"})
		f.Stacks = append(f.Stacks, nil)
	}
	for i := range 10 {
		conn, buf := fmt.Sprint("conn", i), fmt.Sprint("buf", i)
		add(i, "net/http.(*persistConn).readLoop", "select", fakeEdge{" · pc", conn}, fakeEdge{" · buf", buf}, fakeEdge{" · q", "queue"})
		add(i, "net/http.(*persistConn).writeLoop", "select", fakeEdge{" · pc", conn}, fakeEdge{" · q", "queue"})
		all.To = append(all.To, fakeEdge{fmt.Sprintf("[%d]", i), conn})
		f.Objects = append(f.Objects,
			fakeNode{ID: conn, Kind: "object", Type: "net/http.persistConn", Addr: 0xc000100000 + uint64(i)*1024, Size: 1024},
			fakeNode{ID: buf, Kind: "object", Type: "[]uint8", Addr: 0xc000200000 + uint64(i)*buffer, Size: buffer})
	}
	f.Objects = append(f.Objects, fakeNode{ID: "queue", Kind: "object", Type: "main.queue", Addr: 0xc000300000, Size: 2048})
	if held {
		f.RootNodes = append(f.RootNodes, all)
	}
	return f.Build()
}

// What goroutines and their connections hold together is one row with its sum: all that
// is freed without them. There is none where somebody else holds the connections, or where
// one of the goroutines holds much alone.
func TestClusters(t *testing.T) {
	for _, c := range []struct {
		buffer uint64
		held   bool
		want   bool
	}{{128, false, true}, {128, true, false}, {4096, false, false}} {
		f := connections(c.buffer, c.held)
		s := analyse(t, f)
		holders, err := s.Holders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sum, found := uint64(0), false
		for i := range holders {
			h := &holders[i]
			sum += h.Retained
			if h.Kind != RetainerCluster {
				continue
			}
			found = true
			bytes, objects := heaptest.Retained(s.Graph, h.Members...)
			if h.Retained != bytes || h.Objects != objects || h.Count != 10 || h.Reached != bytes || !h.ReachedKnown || h.Split != bytes {
				t.Errorf("%+v, want %d bytes in %d objects", h, bytes, objects)
			}
			if text := s.HeldBy(h); text != "10 × http.persistConn, held by 10 goroutines in http.(*persistConn).readLoop and 10 goroutines in http.(*persistConn).writeLoop" {
				t.Error(text)
			}
		}
		if found != c.want || sum != s.Dominators.LiveBytes() {
			t.Errorf("%+v: a cluster: %v; %d bytes of %d", c, found, sum, s.Dominators.LiveBytes())
		}
		suspects, err := Suspects(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if !c.want {
			continue
		}
		if len(suspects) != 1 || suspects[0].Rule != RuleCluster || !strings.Contains(suspects[0].Sentence, "net/http.persistConn, held by") || !strings.Contains(suspects[0].Why, "response bodies") || !strings.Contains(suspects[0].Try, "Body.Close()") {
			t.Errorf("%+v", suspects)
		}
	}
}

// A queue that workers share does not make one of those who take from it and those who
// fill it.
func TestClusterOfOneThing(t *testing.T) {
	f := &fake{}
	for i := range 10 {
		function := []string{"main.give", "main.take"}[i%2]
		f.RootNodes = append(f.RootNodes, fakeNode{ID: fmt.Sprint(i), Kind: "goroutine", Name: fmt.Sprintf("goroutine %d [select] %s", i+1, function), To: []fakeEdge{{" · q", "queue"}}})
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i + 1), Node: heap.Node(i + 1), Status: "waiting", WaitReason: "select", WaitNanos: -1, Func: function, CreatedBy: "main.main"})
		f.Stacks = append(f.Stacks, nil)
	}
	f.Objects = []fakeNode{{ID: "queue", Kind: "object", Type: "main.queue", Addr: 0xc000100000, Size: 4096}}
	s := analyse(t, f.Build())
	holders, err := s.Holders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(holders) != 1 || holders[0].Kind == RetainerCluster {
		t.Errorf("%+v", holders)
	}
}
