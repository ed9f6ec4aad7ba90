package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"goheap/internal/progress"
	"goheap/report"
)

func TestArrange(t *testing.T) {
	for _, c := range []struct {
		w, h             int
		why              bool
		listH, whyH      int
		tooSmall, beside bool
	}{
		{80, 24, true, 12, 7, false, false},
		{120, 40, true, 21, 14, false, false},
		{200, 60, true, 55, 55, false, true},
		{60, 15, true, 5, 5, false, false},
		{60, 15, false, 10, 0, false, false},
		{59, 15, true, 0, 0, true, false},
		{60, 14, true, 0, 0, true, false},
		{0, 0, true, 0, 0, true, false},
	} {
		l := arrange(c.w, c.h, c.why, 0)
		if l.tooSmall != c.tooSmall || l.beside != c.beside || l.list.h != c.listH || l.why.h != c.whyH {
			t.Errorf("arrange(%d, %d, %v) = %+v", c.w, c.h, c.why, l)
		}
	}
}

// All parts lie on the screen, none overlaps another, and both the list and
// the pane have room for a line of content.
func TestArrangeParts(t *testing.T) {
	for w := 0; w <= 220; w++ {
		for h := 0; h <= 70; h++ {
			for i := range 4 {
				why, note := i%2 == 1, i/2*tourLines
				l := arrange(w, h, why, note)
				if l.tooSmall {
					continue
				}
				used := map[[2]int]bool{}
				for _, r := range []rect{l.identity, l.tabs, l.crumbs, l.list, l.why, l.note, l.status, l.footer} {
					if r.w < 0 || r.h < 0 || r.x < 0 || r.y < 0 || r.x+r.w > w || r.y+r.h > h {
						t.Fatalf("%dx%d: %+v leaves the screen", w, h, r)
					}
					for y := r.y; y < r.y+r.h; y++ {
						for _, x := range []int{r.x, r.x + r.w - 1} {
							if used[[2]int{x, y}] {
								t.Fatalf("%dx%d: two parts at %d,%d: %+v", w, h, x, y, l)
							}
							used[[2]int{x, y}] = true
						}
					}
				}
				if l.list.h < 4 || why && l.why.h < 4 {
					t.Fatalf("%dx%d: no room: %+v", w, h, l)
				}
			}
		}
	}
}

func TestFitColumns(t *testing.T) {
	var cols []column
	for _, c := range []report.Column{
		{Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
		{Title: "Share", Kind: report.Percent, Priority: 1, MinWidth: 7, Right: true},
		{Title: "Name", MinWidth: 20},
		{Title: "Type", Priority: 2, MinWidth: 12},
		{Title: "Address", Kind: report.Addr, Priority: 3, MinWidth: 14},
	} {
		cols = append(cols, column{Column: c})
	}
	for w := 20; w < 250; w++ {
		shown, widths := fitColumns(cols, w)
		total, has := -1, map[int]bool{}
		for k, i := range shown {
			total += widths[k] + 1
			has[i] = true
			if widths[k] < 1 || i != mainColumn(cols) && widths[k] < cols[i].MinWidth {
				t.Errorf("width %d: column %s has %d cells", w, cols[i].Title, widths[k])
			}
		}
		if total != w && w >= 30 {
			t.Errorf("width %d: columns take %d", w, total)
		}
		for i, c := range cols {
			for j, d := range cols {
				if c.Priority < d.Priority && !has[i] && has[j] {
					t.Errorf("width %d: %s is shown and %s is not", w, d.Title, c.Title)
				}
			}
		}
		if !has[0] || !has[2] {
			t.Errorf("width %d: a column of priority 0 is missing", w)
		}
	}
	for w, want := range map[int]string{30: "0 2", 60: "0 1 2", 80: "0 1 2 3", 130: "0 1 2 3 4"} {
		shown, _ := fitColumns(cols, w)
		if got := strings.Trim(fmt.Sprint(shown), "[]"); got != want {
			t.Errorf("width %d: columns %s, want %s", w, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s          string
		w          int
		end, inner string
	}{
		{"short", 10, "short", "short"},
		{"0123456789", 10, "0123456789", "0123456789"},
		{"0123456789a", 10, "012345678…", "012…56789a"},
		{"日本語日本語", 7, "日本語…", "…本語"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…", "…e\u0301"},
		{"abc", 0, "", ""},
	} {
		if got := cut(c.s, c.w, "…"); got != c.end {
			t.Errorf("cut(%q, %d) = %q, want %q", c.s, c.w, got, c.end)
		}
		if got := cutMiddle(c.s, c.w, "…"); width(got) > c.w || width(c.s) <= c.w && got != c.s {
			t.Errorf("cutMiddle(%q, %d) = %q", c.s, c.w, got)
		} else if isASCII(c.s) && got != c.inner {
			t.Errorf("cutMiddle(%q, %d) = %q, want %q", c.s, c.w, got, c.inner)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add(hostile, 7)
	f.Add("\u0301\u0301日\u200b", 1)
	a := &App{words: words{ascii: true}}
	b := &App{}
	f.Fuzz(func(t *testing.T, s string, w int) {
		w %= 1000
		for _, text := range []string{b.clean(s), a.clean(s)} {
			for _, mark := range []string{"", "…", "~"} {
				for _, got := range []string{cut(text, w, mark), cutMiddle(text, w, mark)} {
					if w >= 1 && width(got) > w {
						t.Errorf("%q cut to %d is %q, %d wide", text, w, got, width(got))
					}
				}
			}
			for _, r := range text {
				if r < ' ' || r == 0x7f || r == 0x202e {
					t.Errorf("%q is not clean", text)
				}
			}
		}
		if !isASCII(a.clean(s)) {
			t.Errorf("%q is not ASCII", a.clean(s))
		}
	})
}

func TestPhaseLine(t *testing.T) {
	sym := lookOf(false, ThemePlain)
	for _, c := range []struct {
		state progress.State
		want  string
	}{
		{progress.State{Name: "open", Elapsed: 400 * time.Millisecond, Finished: true}, "[done]  open                     0.4 s"},
		{progress.State{Name: "mark", Elapsed: 2 * time.Second}, "[run ]  mark                     2.0 s"},
		{progress.State{Name: "mark", Done: 1234, Elapsed: 2 * time.Second}, "[run ]  mark                     2.0 s  1,234 done"},
		{progress.State{Name: "mark", Done: 50, Total: 100, Elapsed: 2 * time.Second}, "[run ]  mark                  ██████████░░░░░░░░░░  50 %  2.0 s left"},
		{progress.State{Name: "mark", Done: 1, Total: 100, Elapsed: 2 * time.Second}, "[run ]  mark                  ░░░░░░░░░░░░░░░░░░░░   1 %"},
		{progress.State{Name: "mark", Done: 300, Total: 100, Elapsed: 2 * time.Second}, "[run ]  mark                  ████████████████████ 100 %"},
		{progress.State{Name: "mark", Done: -3, Total: 100}, "[run ]  mark                  ░░░░░░░░░░░░░░░░░░░░   0 %"},
	} {
		if got := sym.phaseLine(c.state); got != c.want {
			t.Errorf("%+v:\n%q, want\n%q", c.state, got, c.want)
		}
	}
}

func TestShortCount(t *testing.T) {
	for _, c := range []struct {
		s    string
		w    int
		want string
	}{
		{"22,949,308", 10, "22,949,308"}, {"22,949,308", 9, "22,949k"}, {"22,949,308", 4, "22M"}, {"999", 2, "999"}, {"1,000", 2, "1k"},
		{"1,234,567,890", 4, "1G"}, {"-", 1, "-"},
	} {
		if got := shortCount(c.s, c.w); got != c.want {
			t.Errorf("shortCount(%q, %d) = %q, want %q", c.s, c.w, got, c.want)
		}
	}
}
