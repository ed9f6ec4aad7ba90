package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"goheap/gocore"
	"goheap/heap"
)

// command is a command line of goheap, a word each.
type command []string

// command returns the command that says more of a suspect: where its bytes come together
// and why that is alive, or the stack of the goroutine that retains most. Its target is
// tried before: a name that says it, else an address.
func (s *Snapshot) command(ctx context.Context, f *Suspect) command {
	verb, target := "why", ""
	if s.Heap.KindOf(f.Node) == gocore.GoroutineRoot {
		if g, ok := goroutineByNode(s)[f.Node]; ok {
			verb, target = "show", fmt.Sprintf("g:%d", g.ID)
		}
	}
	at := f.Accumulation.Node
	if f.Rule != RuleSingle || !s.Dominators.Live(at) {
		at = f.Node
	}
	candidates := []string{s.Expression(s.Dominators.PathTo(at))}
	if s.Graph.IsRoot(at) {
		candidates = append(candidates, s.Heap.Name(at))
	}
	if a := s.Heap.ValueAddr(at); a != 0 {
		candidates = append(candidates, fmt.Sprintf("0x%x", a))
	}
	const long = 60
	for _, c := range candidates {
		if target != "" {
			break
		}
		if c == "" || uniseg.StringWidth(c) > long || strings.Contains(c, "…") || Printable(c) != c {
			continue
		}
		if place, err := s.Resolve(ctx, c); err == nil && place.Node != heap.None && slices.Contains(s.Dominators.PathTo(at), place.Node) {
			target = c
		}
	}
	if target == "" {
		return nil
	}
	words := command{"goheap", verb}
	for _, o := range []struct{ flag, path string }{{"--exe", s.opened.Exe}, {"--debug", s.opened.Debug}} {
		if o.path != "" {
			words = append(words, o.flag, o.path)
		}
	}
	if s.opened.Force {
		words = append(words, "--force")
	}
	if s.opened.Runtime {
		words = append(words, "--runtime")
	}
	return append(words, s.Process.Source().Path, target)
}

// line is the command as a shell reads it, "" for none.
func (c command) line() string {
	words := make([]string, len(c))
	for i, w := range c {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// lines is the command in lines of width cells, which a shell takes for one: those that go
// on end in \. A word that is wider goes on at the start of a line, where a shell joins it;
// a quoted one does not, and stands in a line that is too long.
func (c command) lines(indent string, width int) []string {
	if len(c) == 0 {
		return nil
	}
	if width <= 0 {
		return []string{indent + c.line()}
	}
	const more = " \\"
	var lines []string
	line := indent
	for i, w := range c {
		w = shellWord(w)
		if i > 0 {
			room := width - uniseg.StringWidth(line) - 1
			if i < len(c)-1 {
				room -= len(more)
			}
			if uniseg.StringWidth(w) > room {
				lines = append(lines, line+more)
				line = indent + "  "
			} else {
				line += " "
			}
		}
		line += w
		for !strings.Contains(w, "'") && uniseg.StringWidth(line) > width-len(more) && i < len(c)-1 {
			at := max(1, width-1) // all ASCII
			lines = append(lines, line[:at]+"\\")
			line = line[at:]
		}
	}
	return append(lines, line)
}

// shellWord quotes a word where a shell would see more in it than its letters.
func shellWord(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_./:=@%+,-", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// suspectHints are the lines below a suspect of the verdict: what to type next, and its
// fingerprint. A command with a word too wide for a line is left out: the list below the
// verdict has it.
func suspectHints(ctx context.Context, s *Snapshot, f *Suspect) []string {
	const indent = "   "
	mark := "# " + f.Fingerprint
	width := verdictWidth
	if s.Width > 0 {
		width = min(width, s.Width)
	}
	lines := s.command(ctx, f).lines(indent, width)
	for _, line := range lines {
		if uniseg.StringWidth(line) > width {
			lines = nil
			break
		}
	}
	if len(lines) == 0 {
		return []string{indent + mark}
	}
	last := &lines[len(lines)-1]
	if uniseg.StringWidth(*last)+len("  ")+len(mark) <= width {
		*last += "  " + mark
	}
	return lines
}

// suspects writes all suspects, those that are known last, each with its fingerprint and
// what to type next.
func (p *printer) suspects(ctx context.Context, s *Snapshot, found []Suspect) error {
	open, known := told(found)
	for i := range open {
		f := &open[i]
		p.line("  %d. %s", i+1, f.Sentence)
		cause, err := causeLines(ctx, s, f)
		if err != nil {
			return err
		}
		for _, line := range cause {
			p.line("     %s", line)
		}
		lines := s.command(ctx, f).lines("     ", p.width)
		if slices.ContainsFunc(lines, func(line string) bool { return p.width > 0 && uniseg.StringWidth(line) > p.width }) {
			lines = nil // folded it would be another command
		}
		for _, line := range lines {
			p.line("%s", line)
		}
		p.line("     # fingerprint %s", f.Fingerprint)
	}
	for i := range known {
		f := &known[i]
		p.line("  known (%s): %s", Printable(f.Known), f.Sentence)
		p.line("     # fingerprint %s", f.Fingerprint)
	}
	if unused := s.Known.unusedText(found); unused != "" {
		p.line("  %s", unused)
	}
	if len(found) == 0 {
		p.line("  none")
	}
	return nil
}
