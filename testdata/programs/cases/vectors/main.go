// Vectors has metrics with the path of a request as a label; a registry has them too. Right
// answer: main.metrics.latency with 20,000 main.histogram, and .requests with as many
// counters: some 18 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type collector interface{ describe() string }

type histogram struct {
	labels  []string
	buckets [50]uint64
}

type counter struct {
	labels []string
	value  uint64
}

type histogramVector struct {
	name string
	m    map[string]*histogram
}

type counterVector struct {
	name string
	m    map[string]*counter
}

func (v *histogramVector) describe() string { return v.name }
func (v *counterVector) describe() string   { return v.name }

type all struct {
	latency  *histogramVector
	requests *counterVector
}

var (
	registry = map[string]collector{}
	metrics  *all
)

func main() {
	metrics = &all{&histogramVector{"latency", map[string]*histogram{}}, &counterVector{"requests", map[string]*counter{}}}
	registry["latency"], registry["requests"] = metrics.latency, metrics.requests
	stand.Measured("main.metrics", 20000, func() {
		for i := 0; i < 20000; i++ {
			labels := []string{"GET", fmt.Sprint("/user/", i)}
			metrics.latency.m[labels[1]] = &histogram{labels: labels}
			labels = []string{"GET", fmt.Sprint("/user/", i), "200"}
			metrics.requests.m[labels[1]] = &counter{labels: labels}
		}
	})
	stand.Ready(nil)
}
