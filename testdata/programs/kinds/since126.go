//go:build go1.26

package main

func cleanupArgument(arg *thing) {
	isThing("cleanup, argument", arg, "main.l.cleaned → cleanup argument")
}
