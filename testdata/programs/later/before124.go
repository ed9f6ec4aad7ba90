//go:build !go1.24

package main

func cleanups()    { makeUnique() }
func sayCleanups() {}
func weaken()      {}
func dropWeak()    { dropUnique() }
func sayWeak()     { sayUnique() }
