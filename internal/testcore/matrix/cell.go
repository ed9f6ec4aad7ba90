package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// cell is what was found in one core.
type cell struct {
	err         error
	typed       float64  // percent of the live bytes
	wrong       []string // what is not as it has to be
	right, said int      // objects that the program described one by one
}

// atRest are the programs that do nothing after their last collection.
var atRest = []string{"sessions", "oldmaps", "quiet"}

// droppable is the check that a program may fail by going on.
const droppable = "slots marked but not live"

// look takes a core of a program and reads it.
func look(r row, program string, args []string) (c cell) {
	dump, err := testcore.Take(program, r.opt, testcore.Kernel, args...)
	if err != nil {
		return cell{err: err}
	}
	var opt gocore.Options
	if r.apart != nil {
		dir, err := os.MkdirTemp("", "goheap-matrix-")
		if err != nil {
			return cell{err: err}
		}
		defer os.RemoveAll(dir)
		if opt, err = r.apart(dir, dump.Exe); err != nil {
			return cell{err: err}
		}
	}
	ctx := context.Background()
	p, err := said.Open(ctx, dump, opt)
	if err != nil {
		return cell{err: err}
	}
	defer p.Close()
	checks, err := p.Check(ctx)
	if err != nil {
		return cell{err: err}
	}
	for _, x := range checks {
		// A program at rest leaves nothing that cannot be compared. In others the
		// runtime may drop what the last collection has marked.
		rest := slices.Contains(atRest, program)
		if !rest && x.Name == droppable {
			continue
		}
		if x.Status == gocore.CheckDiffers || rest && x.Status != gocore.CheckOK {
			c.wrong = append(c.wrong, fmt.Sprintf("%s: %s, %d", x.Name, x.Status, x.Difference))
		}
	}
	for _, pr := range p.Problems() {
		c.wrong = append(c.wrong, pr.Message)
	}
	t := p.Typing()
	c.typed = 100 * float64(t.TypedBytes) / float64(max(p.Doms.LiveBytes(), 1))
	if c.typed < leastTyped && slices.Contains(everything, program) {
		c.wrong = append(c.wrong, fmt.Sprintf("less than %d %% of the bytes are typed", leastTyped))
	}
	if t.Conflicts > 0 {
		c.wrong = append(c.wrong, fmt.Sprintf("%d claims on types were rejected", t.Conflicts))
	}
	c.compare(p, program, r.minor())
	names := p.RoundTrip(said.Draw{All: 100_000, Some: 5_000}) // TestRoundTripEverywhere draws more
	c.wrong = append(c.wrong, names.Wrong...)
	return c
}

// leastTyped is the share of the live bytes that must have a type, in percent.
const leastTyped = 99

// compare adds what the program says of itself and goheap finds otherwise.
func (c *cell) compare(p *said.Process, program string, minor int) {
	var err error
	switch program {
	case "sessions", "quiet":
		var wrong []string
		wrong, err = p.CompareHolds()
		c.wrong = append(c.wrong, wrong...)
	case "kinds":
		var list []said.Kind
		list, err = said.Decode[said.Kind](p.Lines, "kind")
		for _, k := range list {
			if k.Missing == "" {
				c.one(k.Name, p.CompareKind(k))
			}
		}
	case "oldmaps":
		var list []said.Kind
		list, err = said.Decode[said.Kind](p.Lines, "")
		for i, k := range list {
			// Looking all of them up would take long.
			if k.Addr != "" && i%7 == 0 {
				c.one(k.Path, p.CompareKind(k))
			}
		}
	case "probe":
		var list []said.Case
		list, err = said.Decode[said.Case](p.Lines, "")
		for _, k := range list {
			if k.Case != "memstats" && (k.Only == "" || k.Only == testcore.Kernel) {
				_, wrong := p.Compare(k)
				c.one(k.Case, wrong)
			}
		}
	case "arenas", "plugged", "foreign":
		var list []said.Kind
		list, err = said.Decode[said.Kind](p.Lines, "kind")
		for _, k := range list {
			c.one(k.Name, p.CompareKind(k))
		}
	}
	if err != nil {
		c.err = err
	}
}

// one counts an object that the program described.
func (c *cell) one(name string, wrong []string) {
	c.said++
	if len(wrong) == 0 {
		c.right++
		return
	}
	c.wrong = append(c.wrong, name+": "+strings.Join(wrong, "; "))
}

// text is what the table shows of a cell, and whether it is as it has to be.
func (c *cell) text() (string, bool) {
	if c.err != nil {
		return "**fails**: " + oneLine(c.err.Error()), false
	}
	text := fmt.Sprintf("%.2f %%", c.typed)
	if c.said > 0 {
		text += fmt.Sprintf(", %d of %d", c.right, c.said)
	}
	for i, w := range c.wrong {
		if i == 3 {
			text += fmt.Sprintf("; and %d more", len(c.wrong)-i)
			break
		}
		text += "; **" + oneLine(w) + "**"
	}
	return text, len(c.wrong) == 0
}

// oneLine makes a text fit for a cell of a Markdown table.
func oneLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return strings.NewReplacer("|", "/", "*", `\*`, "<", `\<`).Replace(first)
}
