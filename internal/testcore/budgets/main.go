// Budgets runs "goheap info --format json" on one core several times, each in
// a fresh process, and prints the medians beside what they may be.
//
//	budgets [-runs N] GOHEAP CORE
//
// The exit status is 1 where a run fails and 4 where a median is over its
// budget. One run before the counted ones warms the page cache.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// What a run on the reference load (testdata/programs/sessions, N = 2,000,000)
// may take on two cores.
const (
	budgetTotal      = 4000 // ms, from the start of the process to its end
	budgetDominators = 1600 // ms, search, predecessors, dominators, retained sizes
	budgetMemory     = 64   // bytes of anonymous memory per live object
)

// info is the part of goheap/info/1 that is looked at.
type info struct {
	Schema string `json:"schema"`
	Heap   struct {
		LiveObjects uint64 `json:"live_objects"`
		LiveBytes   uint64 `json:"live_bytes"`
		Edges       uint64 `json:"edges"`
	} `json:"heap"`
	Check  string  `json:"check"`
	Phases []phase `json:"phases"`
	Peak   *uint64 `json:"peak_memory_bytes"`
}

type phase struct {
	Name string  `json:"name"`
	MS   float64 `json:"ms"`
}

type run struct {
	wall float64 // ms
	info info
}

func main() {
	runs := flag.Int("runs", 5, "how many runs to take the medians of")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: budgets [-runs N] GOHEAP CORE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 || *runs < 1 {
		flag.Usage()
		os.Exit(2)
	}
	var all []run
	for i := range *runs + 1 {
		r, err := measure(flag.Arg(0), flag.Arg(1))
		if err != nil {
			fmt.Fprintln(os.Stderr, "budgets:", err)
			os.Exit(1)
		}
		if i > 0 {
			all = append(all, r)
		}
	}
	if !show(all) {
		os.Exit(4)
	}
}

func measure(goheap, core string) (run, error) {
	cmd := exec.Command(goheap, "info", "--format", "json", "--no-index", core)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	wall := float64(time.Since(start).Microseconds()) / 1000
	// Status 3 is an answer too: the input was incomplete.
	if err != nil && cmd.ProcessState.ExitCode() != 3 {
		return run{}, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	r := run{wall: wall}
	if err := json.Unmarshal(out, &r.info); err != nil {
		return run{}, fmt.Errorf("%s: output: %w", strings.Join(cmd.Args, " "), err)
	}
	if r.info.Schema != "goheap/info/1" || r.info.Heap.LiveObjects == 0 {
		return run{}, fmt.Errorf("%s: schema %q with %d live objects, want goheap/info/1 of a live heap",
			strings.Join(cmd.Args, " "), r.info.Schema, r.info.Heap.LiveObjects)
	}
	return r, nil
}

// show prints the medians and reports whether all are within their budgets.
func show(all []run) bool {
	first := all[0].info
	fmt.Printf("%d live objects, %d bytes, %d edges, check %s; medians of %d runs\n",
		first.Heap.LiveObjects, first.Heap.LiveBytes, first.Heap.Edges, first.Check, len(all))
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "step\tmedian\tleast\tmost\tbudget\t\t")
	within := true
	row := func(name, unit string, budget float64, value func(run) float64) {
		var v []float64
		for _, r := range all {
			v = append(v, value(r))
		}
		m := median(v)
		fmt.Fprintf(w, "%s\t%.0f %s\t%.0f\t%.0f\t", name, m, unit, slices.Min(v), slices.Max(v))
		switch {
		case budget == 0:
			fmt.Fprintln(w, "\t\t")
		case m <= budget:
			fmt.Fprintf(w, "%.0f\twithin\t\n", budget)
		default:
			fmt.Fprintf(w, "%.0f\tOVER\t\n", budget)
			within = false
		}
	}
	for i, p := range first.Phases {
		// Phases of one name are one row: their sum.
		if slices.IndexFunc(first.Phases, func(q phase) bool { return q.Name == p.Name }) < i {
			continue
		}
		row(p.Name, "ms", 0, func(r run) float64 {
			return sum(r.info.Phases, func(name string) bool { return name == p.Name })
		})
	}
	row("whole process", "ms", budgetTotal, func(r run) float64 { return r.wall })
	row("dominators", "ms", budgetDominators, func(r run) float64 { return sum(r.info.Phases, ofDominators) })
	if first.Peak != nil {
		row("peak memory per object", "B", budgetMemory, func(r run) float64 {
			if r.info.Peak == nil {
				return 0
			}
			return float64(*r.info.Peak) / float64(r.info.Heap.LiveObjects)
		})
	}
	w.Flush()
	return within
}

// ofDominators picks the phases that one of the budgets is for. The depth-first
// search is the mark.
func ofDominators(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"mark", "predecessor", "dominator", "retained"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func sum(phases []phase, of func(name string) bool) (ms float64) {
	for _, p := range phases {
		if of(p.Name) {
			ms += p.MS
		}
	}
	return ms
}

// median is the middle value, the lower of the two where there are two.
func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.SortFunc(v, cmp.Compare[float64])
	return v[(len(v)-1)/2]
}
