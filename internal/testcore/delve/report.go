package delve

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// findings are what a comparison has counted, and what it found to differ.
type findings struct {
	paths        int            // from a variable or a goroutine, evaluated by both
	anchored     int            // from the address of an object within a path
	values       map[string]int // that both have, by kind
	untranslated map[untranslatable]int
	unknown      int // objects of which goheap does not know the type
	skipped      map[string]int
	differ       map[string][]string // by kind, an example for each
	times        map[string]int      // by kind, how often
}

func newFindings() *findings {
	return &findings{
		values: map[string]int{}, untranslated: map[untranslatable]int{}, skipped: map[string]int{},
		differ: map[string][]string{}, times: map[string]int{},
	}
}

// maxExamples is how many examples of one kind of disagreement are kept.
const maxExamples = 3

// disagree notes a disagreement of a kind: words that say what of which type differs,
// but nothing of the one value.
func (f *findings) disagree(kind, format string, args ...any) {
	kind = settled(kind)
	f.times[kind]++
	if len(f.differ[kind]) < maxExamples {
		f.differ[kind] = append(f.differ[kind], fmt.Sprintf(format, args...))
	}
}

var (
	addresses = regexp.MustCompile(`0x[0-9a-f]+`)
	quoted    = regexp.MustCompile(`"(\\.|[^"\\])*"`)
	numbers   = regexp.MustCompile(`\b[0-9]+\b`)
)

// settled drops what differs from one run to the next.
func settled(kind string) string {
	kind = quoted.ReplaceAllString(kind, `"…"`)
	kind = addresses.ReplaceAllString(kind, "0x…")
	return numbers.ReplaceAllString(kind, "N")
}

// compared is how many values of all kinds both had.
func (f *findings) compared() (n int) {
	for _, k := range f.values {
		n += k
	}
	return n
}

// add adds what another comparison has found.
func (f *findings) add(g *findings) {
	f.paths += g.paths
	f.anchored += g.anchored
	f.unknown += g.unknown
	for k, n := range g.values {
		f.values[k] += n
	}
	for k, n := range g.untranslated {
		f.untranslated[k] += n
	}
	for k, n := range g.skipped {
		f.skipped[k] += n
	}
	for k, list := range g.differ {
		f.differ[k] = append(f.differ[k], list...)
		f.times[k] += g.times[k]
	}
}

// String tells of the counts.
func (f *findings) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d paths and %d from an object within, %d values", f.paths, f.anchored, f.compared())
	list := func(title string, counts map[string]int) {
		for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		}) {
			fmt.Fprintf(&b, "\n\t%s %6d  %s", title, counts[k], k)
		}
	}
	list("value       ", f.values)
	reasons := map[string]int{}
	for k, n := range f.untranslated {
		reasons[string(k)] = n
	}
	list("untranslated", reasons)
	list("not compared", f.skipped)
	fmt.Fprintf(&b, "\n\tof unknown type %4d", f.unknown)
	return b.String()
}

// explained reads the list of disagreements that have an explanation: a line that
// starts without a blank is a kind, exactly as disagree notes it; the indented lines
// under it are the reason. A line that starts with # is for those who read the list.
func explained(file string) (reasons map[string]string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	reasons = map[string]string{}
	kind := ""
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		text := strings.TrimSpace(line)
		switch {
		case text == "" || strings.HasPrefix(line, "#"):
		case text == strings.TrimRight(line, " \t"):
			if kind = text; reasons[kind] != "" {
				return nil, fmt.Errorf("%s:%d: %q stands twice", file, n, kind)
			}
			if _, ok := reasons[kind]; ok {
				return nil, fmt.Errorf("%s:%d: %q stands twice", file, n, kind)
			}
			reasons[kind] = ""
		case kind == "":
			return nil, fmt.Errorf("%s:%d: a reason without a kind", file, n)
		default:
			reasons[kind] = strings.TrimSpace(reasons[kind] + " " + text)
		}
	}
	for kind, reason := range reasons {
		if reason == "" {
			return nil, fmt.Errorf("%s: %q has no reason", file, kind)
		}
	}
	return reasons, lines.Err()
}

// judge holds what was found against the explanations: wrong has a line for each kind of
// disagreement that has none, and for each explanation that nothing needs.
func (f *findings) judge(reasons map[string]string) (wrong []string) {
	for _, kind := range slices.Sorted(maps.Keys(f.differ)) {
		if reasons[kind] == "" {
			wrong = append(wrong, fmt.Sprintf("not explained, %d times: %s\n\t%s", f.times[kind], kind, strings.Join(f.differ[kind], "\n\t")))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(reasons)) {
		if f.times[kind] == 0 {
			wrong = append(wrong, fmt.Sprintf("explained, but nothing differs so any more: %s", kind))
		}
	}
	return wrong
}
