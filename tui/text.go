package tui

import (
	"strings"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/uniseg"

	"goheap/report"
)

// toASCII replaces the signs that this program itself writes into names.
// Everything else outside ASCII becomes an escape.
var toASCII = strings.NewReplacer("→", "->", "×", "x", "…", "...", "·", "-", "≥", ">=")

// clean makes a text from the heap fit for the screen: one line of printable
// characters.
func (w *words) clean(s string) string {
	s = report.Printable(s)
	if !w.ascii || isASCII(s) {
		return s
	}
	s = toASCII.Replace(s)
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			quoted := quoteRune(r)
			b.WriteString(quoted)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// width is the number of cells that s takes.
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}

// within leaves so much of the start and the end of s as w cells can possibly
// hold: the expression of a path through a long list has megabytes, and
// measuring it would cost more than the screen that it does not fit on.
func within(s string, w int) string {
	const bytesPerCell = 64
	most := bytesPerCell * max(w, 1)
	if len(s) <= 2*most {
		return s
	}
	head, tail := most, len(s)-most
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + s[tail:]
}

// cut shortens s to w cells; mark ends what was shortened.
func cut(s string, w int, mark string) string {
	if len(s) <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	s = within(s, w)
	if width(s) <= w {
		return s
	}
	if isASCII(s) {
		return s[:max(0, w-width(mark))] + mark
	}
	room, used, end := w-width(mark), 0, 0
	for state, rest := -1, s; rest != ""; {
		var cluster string
		var cells int
		cluster, rest, cells, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+cells > room {
			break
		}
		used += cells
		end += len(cluster)
	}
	return s[:end] + mark
}

// cutMiddle shortens s to w cells and keeps its start and, because an
// expression says most in its last steps, more of its end.
func cutMiddle(s string, w int, mark string) string {
	if len(s) <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	s = within(s, w)
	if width(s) <= w {
		return s
	}
	head := cut(s, w*2/5, mark)
	skip, tail := width(s)-(w-width(head)), s
	for state := -1; skip > 0 && tail != ""; {
		var cells int
		_, tail, cells, state = uniseg.FirstGraphemeClusterInString(tail, state)
		skip -= cells
	}
	return head + tail
}

// wrap breaks s at spaces into lines of w cells, most of them at most.
func wrap(s string, w, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && width(line)+1+width(word) > w {
			lines, line = append(lines, line), ""
			if len(lines) == most {
				return lines
			}
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// pad fills s with spaces to w cells, on the left where right is set.
func pad(s string, w int, right bool) string {
	n := w - width(s)
	switch {
	case n <= 0:
		return s
	case right:
		return strings.Repeat(" ", n) + s
	default:
		return s + strings.Repeat(" ", n)
	}
}

// marksPerCell bounds the combining characters of one cell: a text of the heap
// may consist of nothing else.
const marksPerCell = 4

// put writes s, which must be clean, into at most w cells from x, y and
// returns how many it took. It knows no style tags: brackets in a text are
// brackets. (tview's printing takes [::…] for markup, and its Escape lets some
// through.)
func put(screen tcell.Screen, x, y, w int, s string, style tcell.Style) int {
	used := 0
	for state, rest := -1, s; rest != "" && used < w; {
		var cluster string
		var cells int
		cluster, rest, cells, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if cells == 0 {
			continue
		}
		if used+cells > w {
			break
		}
		runes := []rune(cluster)
		screen.SetContent(x+used, y, runes[0], runes[1:min(len(runes), 1+marksPerCell)], style)
		used += cells
	}
	return used
}

// fill gives w cells from x, y a style and a rune.
func fill(screen tcell.Screen, x, y, w int, r rune, style tcell.Style) {
	for i := range w {
		screen.SetContent(x+i, y, r, nil, style)
	}
}
