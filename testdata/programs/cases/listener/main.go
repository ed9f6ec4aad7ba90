// Listener has informers whose handlers get what changed by a queue each, as those of
// Kubernetes do, and one handler that has stopped. Right answer: the
// .pendingNotifications.data of one main.processorListener, 20,000 main.updateNotification
// of 15 MiB, which main.informers and its goroutines hold together.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type ObjectMeta struct {
	Name, Namespace string
	Labels          map[string]string
}

type Pod struct {
	ObjectMeta
	Spec [600]byte
}

type updateNotification struct{ oldObj, newObj interface{} }

type RingGrowing struct {
	data             []interface{}
	n, beg, readable int
}

func (r *RingGrowing) WriteOne(v interface{}) {
	if r.readable == r.n {
		newN := r.n * 2
		d := make([]interface{}, newN)
		to := r.beg + r.readable
		if to <= r.n {
			copy(d, r.data[r.beg:to])
		} else {
			c := copy(d, r.data[r.beg:])
			copy(d[c:], r.data[:to%r.n])
		}
		r.beg, r.data, r.n = 0, d, newN
	}
	r.data[(r.readable+r.beg)%r.n] = v
	r.readable++
}

type ResourceEventHandler interface{ OnUpdate(old, new interface{}) }

type processorListener struct {
	nextCh, addCh        chan interface{}
	handler              ResourceEventHandler
	pendingNotifications RingGrowing
}

type sharedProcessor struct {
	listenersLock sync.RWMutex
	listeners     map[*processorListener]bool
	wg            sync.WaitGroup
}

type sharedIndexInformer struct {
	processor  *sharedProcessor
	objectType interface{}
	started    bool
}

type factory struct {
	lock      sync.Mutex
	informers map[string]*sharedIndexInformer
}

type slow struct{ block chan struct{} }

func (s *slow) OnUpdate(o, n interface{}) {
	<-s.block
}

func (p *processorListener) pop() {
	var next chan<- interface{}
	var n interface{}
	for {
		select {
		case next <- n:
			if p.pendingNotifications.readable > 0 {
				r := &p.pendingNotifications
				n = r.data[r.beg]
				r.data[r.beg] = nil
				r.beg = (r.beg + 1) % r.n
				r.readable--
			} else {
				next, n = nil, nil
			}
		case a, ok := <-p.addCh:
			if !ok {
				return
			}
			if n == nil {
				n = a
				next = p.nextCh
			} else {
				p.pendingNotifications.WriteOne(a)
			}
		}
	}
}

func (p *processorListener) run() {
	for n := range p.nextCh {
		u := n.(updateNotification)
		p.handler.OnUpdate(u.oldObj, u.newObj)
	}
}

var informers = &factory{informers: map[string]*sharedIndexInformer{}}

func main() {
	var add func(interface{})
	for _, kind := range []string{"pods", "nodes", "services"} {
		sp := &sharedProcessor{listeners: map[*processorListener]bool{}}
		for i := 0; i < 3; i++ {
			l := &processorListener{nextCh: make(chan interface{}), addCh: make(chan interface{}), handler: &slow{make(chan struct{})}, pendingNotifications: RingGrowing{data: make([]interface{}, 1024), n: 1024}}
			sp.listeners[l] = true
			go l.pop()
			go l.run()
			if kind == "pods" && i == 1 {
				add = func(v interface{}) {
					l.addCh <- v
				}
			}
		}
		informers.informers[kind] = &sharedIndexInformer{processor: sp}
	}
	stand.Measured("main.informers…pendingNotifications", 20000, func() {
		for i := 0; i < 20002; i++ {
			p := &Pod{ObjectMeta: ObjectMeta{Name: fmt.Sprint("pod-", i), Namespace: "default"}}
			add(updateNotification{p, p})
		}
	})
	stand.Ready(nil)
}
