package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// No line of any text is wider than asked for, nor empty for want of room, and what is
// folded is all there.
func TestWidthOfTexts(t *testing.T) {
	for _, width := range []int{20, 40, 80, 120} {
		s := analyse(t, blockstore())
		s.Width = width
		for name, text := range documents(t, s, Shown) {
			if !strings.HasSuffix(name, ".txt") {
				continue
			}
			for _, line := range strings.Split(string(text), "\n") {
				if uniseg.StringWidth(line) > width || strings.HasSuffix(line, " ") {
					t.Errorf("%s at %d columns: %q", name, width, line)
				}
			}
		}
		tree, err := WholeTree(t.Context(), s, 9, 100)
		var b bytes.Buffer
		if err = errors.Join(err, WriteTree(&b, s, tree), WriteFind(t.Context(), &b, s, "e", List{Top: -1})); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if uniseg.StringWidth(line) > width {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
}

func TestFolded(t *testing.T) {
	for _, text := range []string{
		"", "a", "  two words", "main.srv.storage.(*main.memStorage).blocks[17].data and more of it", strings.Repeat("x", 50),
		"ein Wört mit 世界世界世界世界 darin", "   ", "a  b",
	} {
		for width := 1; width < 60; width++ {
			lines := folded(text, width, strings.Repeat(" ", width/4))
			for i, line := range lines {
				if w := uniseg.StringWidth(line); w > max(width, 2) { // one character may be as wide
					t.Errorf("%q at %d: line %d is %q", text, width, i, line)
				}
			}
			// Nothing is lost but spaces where lines end.
			if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(text, " ", "") {
				t.Errorf("%q at %d: %q", text, width, lines)
			}
		}
	}
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 8, []string{"one two", "three"}},
		{"  one two", 6, []string{"  one", "two"}},
		{"main.cache.byID.User", 12, []string{"main.cache.", "byID.User"}},
		{"ab.cdefghijklmnop", 10, []string{"ab.cdefghi", "jklmnop"}}, // too little before the mark
		{"exactly ten", 7, []string{"exactly", "ten"}},
	} {
		if got := folded(c.text, c.width, ""); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestCutMiddle(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"main.cache", 10, "main.cache"},
		{"example.com/long/path/store.Cache", 11, "store.Cache"},
		{"main.srv.storage.blocks", 12, "main.…blocks"},
		{"abc", 1, "…"},
		{"abc", 2, "…c"},
		{"世界世界", 5, "世…界"},
	} {
		if got := cutMiddle(c.text, c.width); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
	for width := 1; width < 40; width++ {
		if got := cutMiddle("goroutine 17 [chan receive] main.wörker · 世界.next", width); uniseg.StringWidth(got) > width {
			t.Errorf("at %d: %q", width, got)
		}
	}
}

// Columns that matter least go first, numbers keep their width, and texts share what is left.
func TestFitted(t *testing.T) {
	number, text := fit{right: true}, fit{}
	for _, c := range []struct {
		natural []int
		how     []fit
		room    int
		want    []int
	}{
		{[]int{9, 20}, []fit{number, text}, 31, []int{9, 20}},
		{[]int{9, 90}, []fit{number, text}, 50, []int{9, 39}},
		{[]int{9, 90, 10}, []fit{number, text, text}, 50, []int{9, 27, 10}},
		{[]int{9, 90, 90}, []fit{number, text, text}, 50, []int{9, 19, 18}},
		{[]int{9, 90, 90}, []fit{number, text, {priority: 1, min: 40}}, 50, []int{9, 39, -1}},
		{[]int{9, 7, 30}, []fit{number, {right: true, priority: 2}, {min: 30}}, 42, []int{9, -1, 30}},
		{[]int{9, 7, 7, 20}, []fit{number, {right: true, priority: 2}, {right: true, priority: 2}, text}, 38, []int{9, 7, -1, 18}},
		{[]int{9, 30, 30}, []fit{number, text, text}, 23, []int{9, 5, 5}},
	} {
		if got := fitted(c.natural, c.how, c.room); !slices.Equal(got, c.want) {
			t.Errorf("%v in %d: %v, want %v", c.natural, c.room, got, c.want)
		}
	}
}
