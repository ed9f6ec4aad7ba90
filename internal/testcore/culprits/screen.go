package culprits

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The first screen of a terminal.
const (
	screenLines   = 24
	screenColumns = 80
)

// culprit is a line that a program prints of what it holds (stand.Culprit): 0 is for
// what it does not say.
type culprit struct {
	Case  string  `json:"case"`
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Bytes float64 `json:"bytes"`
}

func said(output []string) (list []culprit, err error) {
	for _, line := range output {
		var c culprit
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			return nil, fmt.Errorf("the program has printed %q: %w", line, err)
		}
		if c.Case == "culprit" {
			list = append(list, c)
		}
	}
	return list, nil
}

// screen is what a terminal shows of a text before anybody turns a page.
func screen(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), screenLines)]
	for i, line := range lines {
		if r := []rune(line); len(r) > screenColumns {
			lines[i] = string(r[:screenColumns])
		}
	}
	return strings.Join(lines, "\n")
}

// What is said of goroutines that wait in vain, by a core and by a heap dump: that has no
// cleanups, one of which may be the other end.
const (
	proven = "proven leaked"
	likely = "likely leaked"
)

// misses says what of the expected is not on the screen, and what is that should not be,
// in the order in which a reader would look for it.
func (e *expected) misses(screen string, holds []culprit, heapDump bool) (list []string) {
	texts := e.texts
	if !heapDump {
		texts = slices.Concat(e.texts, e.coreTexts)
	}
	seen := strings.Join(strings.Fields(screen), " ") // as it is without breaks of lines
	for _, text := range texts {
		if heapDump && text == proven {
			text = likely
		}
		if !hasOne(screen, strings.Split(text, "|")) && !hasOne(seen, strings.Split(text, "|")) {
			list = append(list, fmt.Sprintf("no %q", text))
		}
	}
	if !e.holderOnly {
		for _, c := range holds {
			if count := thousands(c.Count); c.Count > 0 && !hasNumber(screen, count) {
				list = append(list, fmt.Sprintf("no %q", count))
			}
			if c.Bytes > 0 && !hasBytes(screen, c.Bytes) {
				list = append(list, fmt.Sprintf("no %.1f MiB", c.Bytes/(1<<20)))
			}
		}
	}
	for _, name := range plumbing(screen) {
		list = append(list, "innocent "+name)
	}
	for _, s := range suspects(screen) {
		if !hasOne(s, e.culprits) {
			list = append(list, "innocent suspect "+s)
		}
	}
	return list
}

func hasOne(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// thousands is n as goheap prints numbers.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// hasNumber reports whether the number stands in the text, and not within another.
func hasNumber(text, number string) bool {
	for _, found := range numbers.FindAllString(text, -1) {
		if strings.TrimRight(found, ".,") == number {
			return true
		}
	}
	return false
}

var (
	numbers = regexp.MustCompile(`[0-9][0-9.,]*`)
	sizes   = regexp.MustCompile(`([0-9][0-9.,]*)\s?(B|KiB|MiB|GiB)\b`)
)

// hasBytes reports whether a size within one percent of so many bytes is in the text.
// Only numbers with a unit of their own count.
func hasBytes(text string, want float64) bool {
	unit := map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
	for _, line := range strings.Split(text, "\n") {
		for _, m := range sizes.FindAllStringSubmatch(line, -1) {
			n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimRight(m[1], ".,"), ",", ""), 64)
			if err == nil && n*unit[m[2]] >= want*0.99 && n*unit[m[2]] <= want*1.01 {
				return true
			}
		}
	}
	return false
}

var inner = regexp.MustCompile(`\[\]\*runtime\.[a-z]+\b|\bruntime\.(?:g|m|p|m0|g0|mPadded|sudog|allgs|allgptr|allm|allp|sched|semtable|timers?)\b|\bsync\.(?:allPools|oldPools)\b|\bunique\.[a-zA-Z]+`)

// plumbing lists the names on the screen that are the runtime's own: ways by which a
// collector gets to what somebody holds.
func plumbing(screen string) (names []string) {
	seen := map[string]bool{}
	for _, name := range inner.FindAllString(screen, -1) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

var numbered = regexp.MustCompile(`^ {0,3}([0-9]+)[.)]? +([^\s×].*)$`)

// suspects lists the items of a list that is numbered from 1, each with the lines below
// it that are indented further.
func suspects(screen string) (list []string) {
	open := false
	for _, line := range strings.Split(screen, "\n") {
		m := numbered.FindStringSubmatch(line)
		switch {
		case m != nil && m[1] == strconv.Itoa(len(list)+1):
			list, open = append(list, m[2]), true
		case open && strings.HasPrefix(line, "   "):
			list[len(list)-1] += " " + strings.TrimSpace(line)
		default:
			open = false
		}
	}
	return list
}

// verdict is the line of a program.
func verdict(program string, misses []string) string {
	if len(misses) == 0 {
		return "ok   " + program
	}
	return oneLine(fmt.Sprintf("MISS %s: %s", program, strings.Join(misses, ", ")))
}

// oneLine is the start of a text, no wider than the screen.
func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	line := []rune(text)
	if len(line) > screenColumns {
		line = append(line[:screenColumns-1], '…')
	}
	return string(line)
}
