package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// Theme says which colours a screen has. All of them are the terminal's own, so
// that they fit its background, and none says what a word, a sign or a place
// does not say already.
type Theme string

const (
	ThemePlain  Theme = ""       // attributes such as bold, no colour
	ThemeColour Theme = "colour" // some of the terminal's sixteen colours
)

// Themes are the names by which a person chooses.
func Themes() []string { return []string{"colour", "plain"} }

// ParseTheme is the theme of a name.
func ParseTheme(name string) (Theme, error) {
	switch name {
	case "plain":
		return ThemePlain, nil
	case "colour", "color":
		return ThemeColour, nil
	}
	return "", fmt.Errorf("there is no theme %q: %s", name, strings.Join(slices.Sorted(slices.Values(Themes())), ", "))
}

// look is how things are drawn: the characters that are no letters, none of
// which is East Asian wide, and styles.
type look struct {
	open, closed   string // of a row with children
	rule, vertical rune
	corner         rune     // where a tile of the map begins
	cut            string   // in the place of what was cut off
	up, down       string   // of the sort order
	bar, rest      string   // of a progress bar
	parts          []string // of a cell of a share's bar, the smallest first

	selected, header, strong, faint tcell.Style
	mark                            tcell.Style // of what a person marked, and of what dominates
	share                           tcell.Style // of the bars
	warn                            tcell.Style // of what went wrong
}

func lookOf(ascii bool, theme Theme) look {
	l := look{
		open: "▾", closed: "▸", rule: '─', vertical: '│', corner: '┌', cut: "…", up: "▴", down: "▾", bar: "█", rest: "░",
		parts:    []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
		selected: tcell.StyleDefault.Reverse(true),
		header:   tcell.StyleDefault.Bold(true),
		strong:   tcell.StyleDefault.Bold(true),
		faint:    tcell.StyleDefault.Dim(true),
	}
	if ascii {
		l.open, l.closed, l.rule, l.vertical, l.corner, l.cut = "v", ">", '-', '|', '+', "~"
		l.up, l.down, l.bar, l.rest, l.parts = "^", "v", "#", ".", []string{"#"}
	}
	l.mark, l.share, l.warn = l.strong, tcell.StyleDefault, l.strong
	if theme == ThemeColour {
		l.header = l.header.Foreground(tcell.ColorTeal)
		l.mark = l.mark.Foreground(tcell.ColorGreen)
		l.share = l.share.Foreground(tcell.ColorTeal)
		l.warn = l.warn.Foreground(tcell.ColorMaroon)
	}
	return l
}

// shareBar is a bar of at most w cells, filled in proportion to millionths of the
// whole.
func (l *look) shareBar(millionths uint64, w int) string {
	steps := len(l.parts)
	n := int(min(millionths, 1e6) * uint64(w*steps) / 1e6)
	text := strings.Repeat(l.parts[steps-1], n/steps)
	if n%steps > 0 {
		text += l.parts[n%steps-1]
	}
	return text
}

// plain is a theme of the terminal's own colours. tview takes its colours from
// a variable of its own when a widget is made.
func plain() tview.Theme {
	return tview.Theme{
		PrimitiveBackgroundColor: tcell.ColorDefault, ContrastBackgroundColor: tcell.ColorDefault,
		MoreContrastBackgroundColor: tcell.ColorDefault, BorderColor: tcell.ColorDefault, TitleColor: tcell.ColorDefault,
		GraphicsColor: tcell.ColorDefault, PrimaryTextColor: tcell.ColorDefault, SecondaryTextColor: tcell.ColorDefault,
		TertiaryTextColor: tcell.ColorDefault, InverseTextColor: tcell.ColorDefault, ContrastSecondaryTextColor: tcell.ColorDefault,
	}
}
