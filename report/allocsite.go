package report

import (
	"fmt"
	"path"
	"strings"

	"goheap/gocore"
)

// OwnCall returns the innermost call of an allocation's stack that is not of the
// runtime: the line that people mean.
func OwnCall(stack []gocore.Call) (gocore.Call, bool) {
	for _, c := range stack {
		if !strings.HasPrefix(c.Func, "runtime.") {
			return c, true
		}
	}
	return gocore.Call{}, false
}

// AllocationDocument is where an object was allocated. The counts are of the
// objects of its size with the same stack that the memory profiler sampled.
type AllocationDocument struct {
	Function Optional       `json:"function"` // of the innermost call outside of the runtime
	File     Optional       `json:"file"`
	Line     *int           `json:"line"`
	Sampled  uint64         `json:"sampled"`
	Freed    uint64         `json:"freed"` // of these
	Size     uint64         `json:"size"`
	Rate     uint64         `json:"rate"` // runtime.MemProfileRate
	Stack    []CallDocument `json:"stack"`
}

// CallDocument is a line of a stack.
type CallDocument struct {
	Function Optional `json:"function"`
	File     Optional `json:"file"`
	Line     *int     `json:"line"`
}

func allocationDocument(site gocore.AllocSite) *AllocationDocument {
	d := &AllocationDocument{Sampled: site.Allocs, Freed: site.Frees, Size: site.Size, Rate: site.Rate, Stack: []CallDocument{}}
	for _, c := range site.Stack {
		d.Stack = append(d.Stack, callDocument(c))
	}
	if own, ok := OwnCall(site.Stack); ok {
		c := callDocument(own)
		d.Function, d.File, d.Line = c.Function, c.File, c.Line
	}
	return d
}

func callDocument(c gocore.Call) CallDocument {
	d := CallDocument{Function: Optional(c.Func), File: Optional(c.File)}
	if c.Line > 0 {
		d.Line = &c.Line
	}
	return d
}

// text says the place in one line.
func (d *AllocationDocument) text() string {
	place := ""
	if d.Function != "" {
		place = Printable(string(d.Function)) + " " + callPlace(CallDocument{File: d.File, Line: d.Line}) + "; "
	}
	return fmt.Sprintf("%sof %s sampled there, %s freed", place, comma(d.Sampled), comma(d.Freed))
}

func callPlace(c CallDocument) string {
	if c.File == "" || c.Line == nil {
		return "-"
	}
	return Printable(fmt.Sprintf("%s:%d", path.Base(string(c.File)), *c.Line))
}

// stack writes the calls that led to an allocation.
func (p *printer) stack(d *AllocationDocument) {
	rows := [][]string{{"Allocated by", "At"}}
	for _, c := range d.Stack {
		rows = append(rows, []string{orDash(c.Function), callPlace(c)})
	}
	p.rows(rows, nil, "  ")
}
