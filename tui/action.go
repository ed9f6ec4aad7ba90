package tui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// Key is a key press in one canonical form: Rune is set for characters only,
// and Mod keeps nothing but alt.
type Key struct {
	Code tcell.Key
	Rune rune
	Alt  bool
}

// keyOf brings an event into canonical form: terminals differ in whether they
// report the control modifier beside a control code.
func keyOf(ev *tcell.EventKey) Key {
	k := Key{Code: ev.Key(), Alt: ev.Modifiers()&tcell.ModAlt != 0}
	switch k.Code {
	case tcell.KeyRune:
		k.Rune = ev.Rune()
	case tcell.KeyBackspace2:
		k.Code = tcell.KeyBackspace
	}
	return k
}

func char(r rune) Key        { return Key{Code: tcell.KeyRune, Rune: r} }
func code(c tcell.Key) Key   { return Key{Code: c} }
func altKey(c tcell.Key) Key { return Key{Code: c, Alt: true} }

// String is the name of the key in the footer, the help and the manual.
func (k Key) String() string {
	name := ""
	switch k.Code {
	case tcell.KeyRune:
		name = string(k.Rune)
	case tcell.KeyUp:
		name = "up"
	case tcell.KeyDown:
		name = "down"
	case tcell.KeyLeft:
		name = "left"
	case tcell.KeyRight:
		name = "right"
	case tcell.KeyPgUp:
		name = "page up"
	case tcell.KeyPgDn:
		name = "page down"
	case tcell.KeyEscape:
		name = "esc"
	case tcell.KeyEnter:
		name = "enter"
	case tcell.KeyTab:
		name = "tab"
	case tcell.KeyBacktab:
		name = "shift-tab"
	default:
		name = strings.ToLower(strings.Replace(tcell.KeyNames[k.Code], "Ctrl-", "ctrl-", 1))
	}
	if k.Alt {
		name = "alt-" + name
	}
	return name
}

// Action is something that a key does. The tables of actions are the only
// place where keys are bound: dispatch, footer and help come from them.
type Action struct {
	Keys     []Key         // the first is the one that the footer shows
	Label    string        // a word or two, for the footer
	Help     string        // one sentence, for the help
	Priority int           // in the footer: 1 comes first, 0 never
	Disabled func() string // why it cannot be done now, "" if it can; nil: always can
	Do       func()
	AtOnce   bool          // also while a job runs that changes what is on the screen
	Now      func() string // what the footer calls it now, "" for nothing; nil: Label
}

// bound reports whether k is among the keys of the action.
func (a *Action) bound(k Key) bool {
	for _, have := range a.Keys {
		if have == k {
			return true
		}
	}
	return false
}

// keyNames lists the keys for the help.
func (a *Action) keyNames() string {
	names := make([]string, len(a.Keys))
	for i, k := range a.Keys {
		names[i] = k.String()
	}
	return strings.Join(names, "  ")
}

// Names of the keys that views bind.
const (
	keyRight   = tcell.KeyRight
	keyLeft    = tcell.KeyLeft
	keyTab     = tcell.KeyTab
	keyBacktab = tcell.KeyBacktab
)
