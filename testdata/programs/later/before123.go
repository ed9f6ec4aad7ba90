//go:build !go1.23

package main

func makeUnique() {}
func dropUnique() {}
func sayUnique()  {}
