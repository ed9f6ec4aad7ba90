// Watchers has them in a set of all, and each in an index by key or in a tree of ranges
// whose nodes know their parents, as etcd does. Right answer: main.srv, 40,000 main.watcher
// by .keyWatchers, .ranges and .watchers together, 30 MiB.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type watchID int64

type event struct {
	key, val []byte
	rev      int64
}

type watchResponse struct {
	id     watchID
	events []event
}

type watcher struct {
	key, end []byte
	victim   bool
	id       watchID
	fcs      []func(event) bool
	ch       chan<- watchResponse
	pad      [20]int64
}

type watcherSet map[*watcher]struct{}

type watcherSetByKey map[string]watcherSet

type interval struct{ begin, end string }

type node struct {
	iv                  interval
	max                 string
	left, right, parent *node
	c                   int
	val                 watcherSet
}

type tree struct {
	root, sentinel *node
	count          int
}

func (t *tree) insert(iv interval, s watcherSet) {
	n := &node{iv: iv, max: iv.end, left: t.sentinel, right: t.sentinel, val: s}
	t.count++
	if t.root == t.sentinel {
		n.parent = t.sentinel
		t.root = n
		return
	}
	x := t.root
	for {
		p := &x.left
		if iv.begin > x.iv.begin {
			p = &x.right
		}
		if *p == t.sentinel {
			n.parent = x
			*p = n
			return
		}
		x = *p
	}
}

type watcherGroup struct {
	keyWatchers watcherSetByKey
	ranges      *tree
	watchers    watcherSet
}

type store struct {
	mu               sync.RWMutex
	victims          []watcher
	synced, unsynced watcherGroup
}

type server struct {
	kv      interface{ Rev() int64 }
	cluster string
}

func (s *store) Rev() int64 {
	return 1
}

func newGroup() watcherGroup {
	s := &node{}
	return watcherGroup{watcherSetByKey{}, &tree{root: s, sentinel: s}, watcherSet{}}
}

var srv *server

func main() {
	st := &store{synced: newGroup(), unsynced: newGroup()}
	srv = &server{kv: st, cluster: "c1"}
	stand.Measured("main.srv.kv.synced", 40000, func() {
		x := uint32(1)
		for i := 0; i < 40000; i++ {
			x = x*1664525 + 1013904223
			k := fmt.Sprintf("/registry/%08x", x)
			w := &watcher{key: []byte(k), end: []byte(k + "z"), id: watchID(i), ch: make(chan watchResponse, 1)}
			st.synced.watchers[w] = struct{}{}
			if i%4 == 0 {
				st.synced.keyWatchers[k] = watcherSet{w: {}}
			} else {
				st.synced.ranges.insert(interval{k, k + "z"}, watcherSet{w: {}})
			}
		}
	})
	stand.Ready(nil)
}
