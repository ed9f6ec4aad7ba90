package tui

import (
	"path/filepath"
	"testing"

	"goheap/gocore/later"
	"goheap/heap"
)

// The view of what is put off says what the verb says; a row leads to what it is about.
func TestLaterView(t *testing.T) {
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	f := blockstore(60, 5)
	f.Build()
	f.PutOff = later.State{
		Clock:      later.Clock{Least: 5000e9, Unix: 1.8e18},
		PoolsKnown: true,
		FuncsKnown: true,
		Records:    []later.Record{{Kind: later.Finalizer, Stage: later.Set, Object: f.Node["block3"], Type: "main.Block", Func: "main.(*Block).free", Root: heap.None}},
		Timers:     []later.Timer{{Node: f.Node["block4"], Kind: later.CallTimer, Func: "main.tick", When: 4990e9}},
		Contexts: []later.Context{
			{Node: f.Node["block1"], Call: ".WithCancel", Parent: -1, Base: "context.Background", Cancels: true},
			{Node: f.Node["block2"], Call: ".WithDeadline", Parent: 0, Cancels: true, Deadline: 5060e9},
		},
	}
	tm := newTerminal(t, snapshot(t, f), 80, 24, Options{}).press("3", "L")
	golden(t, data, "later-80x24", tm.text())
	tm.has("Types > Later", "overdue", "  .WithCancel", "context.Background")
	tm.press("i").has("> Later > ", "main.Block")
	tm.press("esc").has("Later").press("esc").has("[3 Types]").press(":later", "enter").has("Later", "overdue")
}
