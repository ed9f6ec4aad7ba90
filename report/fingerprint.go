package report

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// fingerprintDigits are enough that no two suspects of a program meet by chance.
const fingerprintDigits = 12

// setFingerprints gives each suspect a name that its like has in another dump of the same
// program: a hash of what it is about, without addresses, numbers of goroutines, indices,
// keys and counts. Several suspects that are alike but for these are numbered.
func (h *hunt) setFingerprints() {
	seen := map[string]int{}
	for i := range h.found {
		f := &h.found[i]
		subject := h.subject(f)
		if seen[subject]++; seen[subject] > 1 {
			subject = fmt.Sprintf("%s\x00%d", subject, seen[subject])
		}
		sum := sha256.Sum256([]byte("goheap suspect 1\x00" + subject))
		f.Fingerprint = fmt.Sprintf("%x", sum[:fingerprintDigits/2])
	}
}

// subject says what a suspect is about: the class of a root, and of a variable the
// container where its bytes come together; of objects who holds them, or their type. Which
// rule has found it, and how much there is of it, may differ in the next dump.
func (h *hunt) subject(f *Suspect) string {
	s := h.s
	if s.Graph.IsRoot(f.Node) && f.Rule != RuleGroup {
		root := rootSubject(s, f.Node)
		if s.Heap.KindOf(f.Node) != gocore.GlobalRoot {
			return root
		}
		return root + "\x00" + foldedPart(s.Heap.Name(f.Node), f.Accumulation.Expression)
	}
	// What the same holders hold is one row, whatever its types are.
	var rows []*Holder
	for i := range h.holders {
		r := &h.holders[i]
		if _, member := slices.BinarySearch(f.Members, r.Node); r.Node == f.Node || member {
			rows = append(rows, r)
		}
	}
	switch path := s.Dominators.PathTo(f.Node); {
	case len(rows) == 1 && len(rows[0].Holders) > 0:
		var holders []string
		for _, n := range rows[0].Holders {
			holders = append(holders, rootSubject(s, n))
		}
		slices.Sort(holders)
		return "held by\x00" + strings.Join(slices.Compact(holders), "\x00")
	case len(rows) > 0 || len(path) < 1:
		return "objects of " + f.Type
	default: // below a single holder
		name := s.Heap.Name(path[0])
		return "objects of " + f.Type + "\x00" + rootSubject(s, path[0]) + "\x00" + foldedPart(name, s.Expression(path))
	}
}

// rootSubject is what a root is called beside others of its class.
func rootSubject(s *Snapshot, n heap.Node) string {
	if !s.Graph.IsRoot(n) {
		return s.Heap.Type(n)
	}
	c := s.rootsByClass()
	if k := &c.all[c.of[n-1]]; k.words != "" {
		return k.words
	}
	return s.Heap.KindOf(n).String() + " " + withoutAddresses(s.Heap.Name(n))
}

// foldedPart is what an expression adds to the name of the variable that it begins with, up
// to the first index or key: the container. A field that follows itself counts once.
func foldedPart(name, expression string) string {
	rest, ok := strings.CutPrefix(expression, name)
	if !ok {
		return ""
	}
	depth, end := 0, len(rest)
loop:
	for i := range len(rest) {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '[':
			if depth == 0 {
				end = i
				break loop
			}
		}
	}
	rest, _, _ = strings.Cut(rest[:end], " ×")
	var parts []string
	for _, part := range strings.Split(rest, ".") {
		if len(parts) == 0 || parts[len(parts)-1] != part {
			parts = append(parts, part)
		}
	}
	return withoutAddresses(strings.Join(parts, "."))
}

// withoutAddresses leaves the addresses out of a name. What follows a + is an offset, by
// which data without a name is known.
func withoutAddresses(name string) string {
	var b strings.Builder
	for {
		i := strings.Index(name, "0x")
		if i < 0 {
			return b.String() + name
		}
		end := i + len("0x")
		for end < len(name) && strings.IndexByte("0123456789abcdef", name[end]) >= 0 {
			end++
		}
		if i > 0 && name[i-1] == '+' {
			b.WriteString(name[:end])
		} else {
			b.WriteString(name[:i] + "0x…")
		}
		name = name[end:]
	}
}
