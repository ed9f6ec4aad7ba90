//go:build !unix

package tui

func (a *App) suspend() { a.flash("this system cannot suspend a program") }
