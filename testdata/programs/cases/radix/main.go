// Radix has a tree of routes that gets one for each user. Right answer: main.router.root, a
// tree of main.node with 40,000 main.route, some 20 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type route struct {
	name  string
	rules [400]byte
}

type node struct {
	label    byte
	children []*node
	route    *route
}

type mux struct {
	name string
	root *node
}

var router = &mux{name: "api", root: &node{}}

func (n *node) add(path string, r *route) {
	for ; path != ""; path = path[1:] {
		n = n.child(path[0])
	}
	n.route = r
}

func (n *node) child(label byte) *node {
	for _, c := range n.children {
		if c.label == label {
			return c
		}
	}
	c := &node{label: label}
	n.children = append(n.children, c)
	return c
}

func main() {
	stand.Measured("main.router.root", 40000, func() {
		for i := 0; i < 40000; i++ {
			r := &route{name: fmt.Sprint("user-", i)}
			router.root.add(r.name, r)
		}
	})
	stand.Ready(nil)
}
