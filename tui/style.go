package tui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

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

// Styles use attributes on the terminal's own colours; each says again what a
// word or a place says already.
var (
	styleSelected = tcell.StyleDefault.Reverse(true)
	styleHeader   = tcell.StyleDefault.Bold(true)
	styleStrong   = tcell.StyleDefault.Bold(true)
	styleFaint    = tcell.StyleDefault.Dim(true)
)
