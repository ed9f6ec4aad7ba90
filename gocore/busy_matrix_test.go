//go:build matrix

package gocore_test

import (
	"testing"

	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// ranOn cannot be compared, since the program has run on after the last collection,
// but all else can.
var ranOn = checkNames[3:4]

// busyEverywhere is TestBusy at every place where something is under way, with each of the
// newest versions.
func busyEverywhere() (all []namesCell) {
	for _, m := range append(moments(), []moment{
		{name: "anywhere", incomparable: counters},
		{name: "beginning", at: "runtime.gcBgMarkStartWorkers", incomparable: counters},
		{name: "before mark termination", at: "runtime.gcMarkTermination", incomparable: ranOn},
		{name: "mark termination", at: "runtime.gcMark", incomparable: ranOn},
		{name: "before sweep", at: "runtime.gcSweep", incomparable: checkNames[3:6]},
		{name: "stopped world", at: "runtime.stopTheWorldWithSema", incomparable: counters},
		{name: "inside malloc, heap bits", at: "runtime.(*mspan).writeHeapBitsSmall", skip: 2000, incomparable: counters},
		{name: "inside malloc, next slot", at: "runtime.(*mcache).nextFree", skip: 50, incomparable: counters},
		{name: "inside malloc, next span", at: "runtime.(*mcache).refill", skip: 50, incomparable: counters},
		{name: "inside malloc, on the system stack", at: "runtime.(*mheap).allocSpan", skip: 10, incomparable: counters},
		{name: "large object", at: "runtime.(*mcache).allocLarge", skip: 10, incomparable: counters},
		{name: "copying a stack", at: "runtime.copystack", skip: 5, status: "copystack", incomparable: counters},
		{name: "scanning a stack", at: "runtime.scanstack", skip: 5, incomparable: counters},
		{name: "in a signal handler", at: "runtime.sighandler", skip: 5, incomparable: counters},
		{name: "being preempted", at: "runtime.preemptPark", incomparable: counters},
		{name: "scavenging", at: "runtime.(*pageAlloc).find", skip: 20, incomparable: counters},
		{name: "leaked", at: "runtime.gcMarkDone", status: "leaked", incomparable: counters},
	}...) {
		for _, v := range []string{"go1.26.8", "go1.27.0"} {
			if m.status == "leaked" && v != "go1.27.0" {
				continue // only with GOEXPERIMENT=goroutineleakprofile
			}
			all = append(all, namesCell{"busy " + m.name + "/" + v, func(t *testing.T) said.Names { return m.test(t, testcore.Options{Go: v}) }})
		}
	}
	return all
}
