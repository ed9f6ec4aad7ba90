// Mapmaps counts requests by tenant and by path in a map of maps, and the paths have
// numbers in them. Right answer: main.metrics.byTenant, a map[string]map[string]*main.counter
// of 100 entries, holds 40,000 *main.counter: some 14 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type counter struct {
	name    string
	buckets [30]int64
}

type registry struct {
	name     string
	byTenant map[string]map[string]*counter
}

var metrics registry

func (r *registry) count(tenant, path string) {
	m := r.byTenant[tenant]
	if m == nil {
		m = map[string]*counter{}
		r.byTenant[tenant] = m
	}
	if m[path] == nil {
		m[path] = &counter{name: path}
	}
	m[path].buckets[0]++
}

func main() {
	stand.Measured("main.metrics.byTenant", 40000, func() {
		metrics.byTenant = map[string]map[string]*counter{}
		for tenant := 0; tenant < 100; tenant++ {
			for i := 0; i < 400; i++ {
				metrics.count(fmt.Sprint("tenant-", tenant), fmt.Sprint("/item/", i))
			}
		}
	})
	stand.Ready(nil)
}
