package report

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// printer writes text, no line of which is wider than width where that is positive. Errors
// stay in its writer until it is flushed.
type printer struct {
	w     *bufio.Writer
	width int // terminal cells
}

func newPrinter(w io.Writer, s *Snapshot) *printer { return &printer{bufio.NewWriter(w), s.Width} }

// fit says what a column of text does where room is short.
type fit struct {
	right    bool // aligned to the right; it keeps its width, as numbers do
	priority int  // 0 is always shown; the highest go first
	min      int  // cells that it wants before others with a priority have any
	fold     bool // goes on in more lines, and else is cut in the middle
}

// least is the width that a column of text has where nothing says more.
const least = 16

// columns writes cells in columns that are two spaces apart. The cells must be printable;
// the first row is counted as the others are. No line ends in spaces.
func (p *printer) columns(rows [][]string, how []fit, indent string) {
	var width []int
	for _, cells := range rows {
		for i, c := range cells {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], uniseg.StringWidth(c))
		}
	}
	for len(how) < len(width) {
		how = append(how, fit{})
	}
	if p.width > 0 {
		width = fitted(width, how, p.width-uniseg.StringWidth(indent))
	}
	for _, cells := range rows {
		parts := make([][]string, len(cells)) // the lines of each cell
		height := 1
		for i, c := range cells {
			if width[i] < 0 {
				continue
			}
			parts[i] = []string{c}
			switch {
			case uniseg.StringWidth(c) <= width[i]:
			case how[i].fold:
				parts[i] = folded(c, width[i], "")
			default:
				parts[i][0] = cutMiddle(c, width[i])
			}
			height = max(height, len(parts[i]))
		}
		for k := range height {
			line, first := indent, true
			for i := range cells {
				if width[i] < 0 {
					continue
				}
				if !first {
					line += "  "
				}
				first = false
				c := ""
				if k < len(parts[i]) {
					c = parts[i][k]
				}
				pad := strings.Repeat(" ", max(0, width[i]-uniseg.StringWidth(c)))
				if how[i].right {
					line += pad + c
				} else {
					line += c + pad
				}
			}
			p.line("%s", strings.TrimRight(line, " "))
		}
	}
}

// fitted returns widths in place of natural ones that need no more than room, -1 for a
// column that is left out.
func fitted(natural []int, how []fit, room int) []int {
	const gap = 2
	need := func(width []int) int {
		sum := -gap
		for _, w := range width {
			if w >= 0 {
				sum += w + gap
			}
		}
		return sum
	}
	width := slices.Clone(natural)
	if need(width) <= room {
		return width
	}
	for i := range width {
		if !how[i].right {
			width[i] = min(width[i], max(how[i].min, least))
		}
	}
	for need(width) > room {
		out := -1
		for i := range width {
			if width[i] >= 0 && how[i].priority > 0 && (out < 0 || how[i].priority >= how[out].priority) {
				out = i
			}
		}
		if out < 0 {
			break
		}
		width[out] = -1
	}
	// What is still too much, or left over, the columns of text share: the narrower ones
	// have what they want, the others the same.
	fixed, texts := -gap, []int{}
	for i, w := range width {
		switch {
		case w < 0:
		case how[i].right:
			fixed += w + gap
		default:
			fixed += gap
			texts = append(texts, i)
		}
	}
	goal := natural
	if need(width) > room {
		goal = width
		width = slices.Clone(width)
		for _, i := range texts {
			width[i] = 1
		}
	}
	left := room - fixed
	for _, i := range texts {
		left -= width[i]
	}
	for left > 0 {
		narrow := -1 // the narrowest that wants more
		for _, i := range texts {
			if width[i] < goal[i] && (narrow < 0 || width[i] < width[narrow]) {
				narrow = i
			}
		}
		if narrow < 0 {
			break
		}
		width[narrow]++
		left--
	}
	return width
}

// cutMiddle makes text no wider than width: import paths go first, then the middle, in
// whose place stands …: names differ at their ends.
func cutMiddle(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	if text = ShortPaths(text); uniseg.StringWidth(text) <= width {
		return text
	}
	head := clipped(text, max(1, (width+1)/2)) // with its …
	room := width - uniseg.StringWidth(head)
	var tail []string
	for g := uniseg.NewGraphemes(text); g.Next(); {
		tail = append(tail, g.Str())
	}
	from := len(tail)
	for from > 0 {
		w := uniseg.StringWidth(tail[from-1])
		if w > room {
			break
		}
		room -= w
		from--
	}
	return head + strings.Join(tail[from:], "")
}

// folded breaks text into lines of width cells: at spaces, or where a word is longer than
// that within a name, best behind punctuation. The lines after the first begin with hang.
func folded(text string, width int, hang string) []string {
	var lines []string
	lead := ""
	for {
		room := max(1, width-uniseg.StringWidth(lead))
		if uniseg.StringWidth(text) <= room {
			return append(lines, lead+text)
		}
		at := breakAt(text, room, len(lines) == 0)
		lines = append(lines, strings.TrimRight(lead+text[:at], " "))
		text = strings.TrimLeft(text[at:], " ")
		lead = hang
		if text == "" {
			return lines
		}
	}
}

// breakAt returns how many bytes of text, which is wider than room, make the next line:
// one grapheme at least. Spaces that begin the first line are no place to break.
func breakAt(text string, room int, first bool) int {
	begin := 0
	if first {
		begin = len(text) - len(strings.TrimLeft(text, " "))
	}
	used, at, space, mark := 0, 0, 0, 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if used += g.Width(); used > room && at > 0 {
			if g.Str() == " " {
				space = at
			}
			break
		}
		at += len(g.Str())
		switch {
		case at <= begin:
		case g.Str() == " ":
			space = at
		case strings.Contains(".,/)]}·→-_:", g.Str()):
			mark = at
		}
	}
	const half = 2
	switch {
	case space > 0:
		return space
	case mark > begin+(at-begin)/half:
		return mark
	}
	return at
}
