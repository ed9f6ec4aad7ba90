// Queue is the case queue. Source: grpc/grpc-go#2444, #7261 (control buffer / stream items not drained).
// Shape: an intrusive singly linked list of 300,000 items.
// Expected: main.tr.controlbuf.list.head holds 300,000 itemNodes (16+16) + dataFrame 128 B: ~46 MiB.
package main

import (
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type itemNode struct {
	it   any
	next *itemNode
}
type itemList struct{ head, tail *itemNode }
type dataFrame struct {
	streamID uint32
	end      bool
	h        [116]byte
}
type controlBuffer struct {
	mu   sync.Mutex
	list *itemList
}
type transport struct {
	addr       string
	controlbuf *controlBuffer
}

func (l *itemList) enqueue(i any) {
	n := &itemNode{it: i}
	if l.tail == nil {
		l.head, l.tail = n, n
		return
	}
	l.tail.next = n
	l.tail = n
}

var tr = &transport{"127.0.0.1", &controlBuffer{list: &itemList{}}}

func main() {
	stand.Measured("main.tr.controlbuf.list", 300000, func() {
		for i := range 300000 {
			tr.controlbuf.list.enqueue(&dataFrame{streamID: uint32(i)})
		}
	})
	stand.Ready(nil)
}
